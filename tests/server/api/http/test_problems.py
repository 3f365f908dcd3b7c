"""Whatever is refused is told by a problem that has a page, and no answer tells why something broke."""

from __future__ import annotations

import json
import uuid
from typing import Any

from cc_server.api.http.problems import KINDS
from cc_server.db.tables import approvals
from rig.house import House
from tests.server.api.asking import LEAD, NOBODY, problem_of
from tests.server.serving import Api, api_of

PROBLEMS: list[tuple[str, str, dict[str, Any], int]] = [
    ("GET", "/nowhere", {}, 404),
    ("PUT", "/api/approvals", {}, 405),
    ("GET", f"/api/approvals/{NOBODY}", {}, 404),
    ("GET", "/api/agents/nobody", {}, 404),
    ("POST", "/api/agents/nobody/pause", {}, 404),
    ("GET", f"/api/runs/{NOBODY}", {}, 404),
    ("GET", "/problems/nope", {}, 404),
    ("GET", "/dashboard.exe", {}, 404),
    ("GET", "/api/approvals?limit=x", {}, 422),
    ("GET", "/api/approvals?cursor=x", {}, 400),
    ("POST", "/webhook/lead", {"json": {}}, 422),
    ("POST", "/webhook/lead", {"json": LEAD}, 400),
    ("POST", "/webhook/lead", {"content": b"x"}, 415),
    ("GET", "/api/approvals/%00", {}, 404),
    ("GET", "/api/approvals/" + "x" * 3000, {}, 404),
]


async def test_whatever_is_refused_is_told_by_a_problem_that_has_a_page(api: Api) -> None:
    for method, path, request, status in PROBLEMS:
        answer = await api.call(method, path, **request)
        document = problem_of(answer, status, answer.json()["code"])
        page = await api.get(document["type"], None)
        assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (200, "text/html"), path
        assert document["title"] in page.text, path


async def test_every_problem_has_a_page_that_needs_no_key(api: Api) -> None:
    for code, kind in KINDS.items():
        page = await api.get(f"/problems/{code}", None)
        assert page.status_code == 200, code
        assert str(kind.status) in page.text, code


async def test_an_answer_carries_the_callers_request_id_where_it_is_harmless(api: Api) -> None:
    assert (await api.get("/health", None, headers={"X-Request-Id": "r-1"})).headers["x-request-id"] == "r-1"
    replaced = (await api.get("/health", None, headers={"X-Request-Id": "a b"})).headers["x-request-id"]
    assert uuid.UUID(replaced)


async def test_every_answer_has_the_security_headers(api: Api) -> None:
    for path in ("/health", "/api/approvals", "/nowhere", "/dashboard"):
        headers = (await api.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_over_tls_a_browser_is_told_to_stay_there(api: Api) -> None:
    for path in ("/health", "/nowhere"):
        assert "max-age=" in (await api.http.get(f"https://house{path}")).headers["strict-transport-security"]
        assert "strict-transport-security" not in (await api.http.get(path)).headers


async def test_a_request_that_breaks_tells_nothing_of_why(house: House) -> None:
    async with api_of(house) as api:
        draft = house.draft()
        house.tamper(approvals, draft.id, risk_score=9_999)
        document = problem_of(await api.get("/api/approvals"), 500, "internal")
    assert "9999" not in json.dumps(document)
    assert "Traceback" not in json.dumps(document)
