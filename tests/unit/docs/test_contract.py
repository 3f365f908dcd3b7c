"""The page of the contract and the routes that there are say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cc_server.api.http.problems import KINDS
from cc_server.app import api_document

CONTRACT = Path(__file__).parents[3] / "docs/reference/contract.md"
NOT_BUILT = "not built yet"
NOT_DESCRIBED = {"GET /metrics", "GET /dashboard", "WS /ws/events"}
"""What is opt-in, a page, and what no OpenAPI document can tell."""
_METHODS = r"(?:GET|POST|PATCH|DELETE|WS)"
_ROUTE = re.compile(rf"^({_METHODS}(?:·{_METHODS})*) ([/…][^\s?]*)")
_SPAN = re.compile(r"`([^`]+)`")
_CHOICE = re.compile(r"\{(\w+(?:,\w+)+)\}")
_PARAMETER = re.compile(r"\{\w+\}")
Routes = dict[str, bool]
"""Method and path with `{}` for each parameter, and whether it is said to be built."""


def described() -> dict[str, dict[str, Any]]:
    """What the OpenAPI document describes, by route."""
    return {
        f"{method.upper()} {_PARAMETER.sub('{}', path)}": operation
        for path, item in api_document()["paths"].items()
        for method, operation in item.items()
    }


def told() -> Routes:
    """What the page names."""
    found: Routes = {}
    for line in CONTRACT.read_text().splitlines():
        for cell in line.strip("|").split(" | "):
            for route in routes_in(cell):
                found[route] = not line.partition(cell)[2].lstrip(" |").startswith(NOT_BUILT)
    return found


def routes_in(cell: str) -> Iterator[str]:
    """The routes of one cell: `GET·POST /a`, then `/b` beside it, `…/{id}` below it; `{x,y}`: each."""
    methods, path = "", ""
    for span in _SPAN.findall(cell):
        if named := _ROUTE.match(span):
            methods, path = named[1], named[2].replace("…", path)
        elif path and re.fullmatch(r"/\w+", span):
            path = path.rpartition("/")[0] + span
        else:
            continue
        choice = _CHOICE.search(path)
        for word in choice[1].split(",") if choice else [""]:
            for method in methods.split("·"):
                yield f"{method} {_PARAMETER.sub('{}', _CHOICE.sub(word, path))}"


def test_every_route_that_there_is_stands_in_the_contract_and_none_else_that_is_said_to_be_built() -> None:
    built = {route for route, is_built in told().items() if is_built}
    assert built - NOT_DESCRIBED == set(described())
    assert built >= NOT_DESCRIBED


def test_what_the_contract_calls_not_built_is_not_there() -> None:
    missing = {route for route, is_built in told().items() if not is_built}
    assert missing
    assert not missing & set(described())


def test_every_status_that_a_route_may_answer_with_stands_in_the_contract_and_the_other_way_round() -> None:
    answered = {int(status) for operation in described().values() for status in operation["responses"]}
    named = {int(number) for number in re.findall(r"\b[2-5]\d\d\b", CONTRACT.read_text())}
    assert answered <= named
    assert named & {kind.status for kind in KINDS.values()} - {500} <= answered  # a defect of ours is promised nowhere


def test_every_setting_that_is_kept_and_not_obeyed_yet_says_so_where_it_is_described_and_on_its_page() -> None:
    schemas = api_document()["components"]["schemas"]
    page = (CONTRACT.parent / "settings.md").read_text().splitlines()
    rows = {line.split("|")[1]: line for line in page if line.startswith("| `")}
    for section, group, names in (
        ("budgets", "Budgets", ["per_run_usd"]),
        ("notifications", "Notifications", ["slack", "email", "levels", "quiet_hours"]),
        ("billing", "Billing", ["currency", "plan_prices", "infra_monthly_usd", "hourly_rate_usd"]),
    ):
        for name in names:
            assert "not obeyed yet" in schemas[group]["properties"][name]["description"], name
            (row,) = (line for named, line in rows.items() if f"`{section}." in named and f"{name}`" in named)
            assert "not obeyed yet" in row
