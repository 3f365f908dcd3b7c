"""What the documentation says is so: its links lead somewhere, its tables name what the code knows."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from cc_api_client.models.outbox.risk_levels import CAREFUL_FROM, HIGH_FROM
from cc_api_client.models.settings import ApprovalSettings, Settings
from cc_server.db.schema import FIRST_SETTINGS
from cc_server.domain.policy.default import DEFAULT_POLICY
from cc_server.domain.risk.judging import BASE_POINTS, FINDERS
from cc_tui.config.model import Config, GuardConfig
from cc_tui.state.approvals.lists import approval_fields
from cc_tui.text import legend
from cc_tui.text.signs import Signs

ROOT = Path(__file__).parents[3]
CODE = ("cc_api_client", "cc_server", "cc_tui", "tests", "bench", "rig")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_LINK = re.compile(r"\]\(([^)#:\s]+)(#[^)]*)?\)")
_CITED = re.compile(r"\(contract, ([^)]*)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    for target, _anchor in _LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), f"{page}: {target}"


def test_every_decision_has_a_number_of_its_own_a_title_and_its_place_in_the_list() -> None:
    folder = ROOT / "docs/decisions"
    pages = sorted(page for page in folder.glob("*.md") if page.name != "README.md")
    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    titles = [page.read_text().partition("\n")[0].removeprefix("# ") for page in pages]
    assert [title[:5] for title in titles] == [f"{page.name[:4]} " for page in pages]
    listed = [line for line in (folder / "README.md").read_text().splitlines() if line.startswith("- ")]
    assert listed == [f"- [{title}]({page.name})" for title, page in zip(titles, pages, strict=True)]


def test_every_section_of_the_contract_that_the_code_names_is_there() -> None:
    there = set(re.findall(r"^## (\d+)\.", (ROOT / "docs/reference/contract.md").read_text(), re.MULTILINE))
    code = [
        page.read_text() for root in ("cc_api_client", "cc_server", "cc_tui") for page in (ROOT / root).rglob("*.py")
    ]
    named = {number for text in code for cited in _CITED.findall(text) for number in re.findall(r"\d+", cited)}
    assert named
    assert named <= there


def test_every_room_of_the_code_is_on_the_page_that_tells_how_it_is_built() -> None:
    page = (ROOT / "docs/explanation/architecture.md").read_text()
    rooms = [
        package.parent.relative_to(ROOT)
        for root in ("cc_api_client", "cc_server", "cc_tui")
        for package in (ROOT / root).rglob("__init__.py")
    ]
    named = set(re.findall(r"`([\w/]+)`", page))
    assert [str(room) for room in rooms if str(room) not in named and room.name not in named and room.parts[1:]] == []


def test_every_path_that_a_page_names_is_there() -> None:
    """A decision may leave the beginning of a path out."""
    there = [str(file.relative_to(ROOT)) for root in CODE for file in (ROOT / root).rglob("*.py")]
    pages = [page.read_text() for page in PAGES]
    whole = {path for page in pages for path in re.findall(rf"`((?:{'|'.join(CODE)})(?:/[\w.]+)+)`", page)}
    ends = {path for page in pages for path in re.findall(r"`((?:\w+/)+\w+\.py)`", page)}
    assert len(whole) > 40 and len(ends) > 20
    assert [path for path in whole if not (ROOT / path).exists()] == []
    assert [path for path in ends if not any(f"/{file}".endswith(f"/{path}") for file in there)] == []


def test_the_signs_and_words_of_the_docs_are_the_apps() -> None:
    how = "run: python -m cc_tui.text.legend > docs/reference/signs-and-words.md"
    assert (ROOT / "docs/reference/signs-and-words.md").read_text() == legend.page(), how
    drawn = {field.name for field in fields(Signs)}
    assert set(legend.SIGNS) <= drawn


def test_the_defaults_that_are_told_are_those_of_the_code() -> None:
    told = (ROOT / "docs/explanation/defaults.md").read_text()
    approvals, hold = ApprovalSettings(), ApprovalSettings().hold_seconds
    budgets = Settings.model_validate_json(FIRST_SETTINGS).budgets
    for words in (
        f"held {hold} s; {2 * hold} s from risk {CAREFUL_FROM}, {4 * hold} s from risk {HIGH_FROM}",
        f"held {approvals.batch_hold_seconds} s at least",
        f"undone for {approvals.reject_undo_seconds} s",
        f"expires after {approvals.expire_hours} h",
        f"may wait {approvals.fresh_hours} h",
        f"cost ${budgets.daily_usd:.0f} a UTC day, of which the app warns from {budgets.alert_ratio:.0%}".replace(
            "%", " %"
        ),
        f"below risk {DEFAULT_POLICY.risk_below}",
        f"within {DEFAULT_POLICY.cooldown_days} days",
        f"once {DEFAULT_POLICY.daily_cap} have left",
        f"less than {DEFAULT_POLICY.agent_min_success:.0%}".replace("%", " %"),
        f"{GuardConfig().hold_ms} ms after",
        f"older than {Config().deliver_within_minutes:.0f} minutes",
    ):
        assert words in told, words


def test_every_field_of_the_filter_is_explained() -> None:
    page = (ROOT / "docs/reference/filter.md").read_text()
    rows = "\n".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| `"))
    missing = [name for name in approval_fields(lambda: 0.0) if f"`{name}`" not in rows]
    assert missing == []


def test_every_flag_is_explained_with_its_points() -> None:
    page = (ROOT / "docs/reference/risk-flags.md").read_text()
    told = {row[1].strip(" `"): int(row[3]) for line in page.splitlines()
            if len(row := line.split("|")) == 6 and row[3].strip().isdigit()}  # fmt: skip
    assert told == {code.value: points for code, (_finder, points) in FINDERS.items()}


def test_the_points_of_every_kind_are_told() -> None:
    page = (ROOT / "docs/reference/risk-flags.md").read_text()
    assert ", ".join(str(points) for points in sorted(BASE_POINTS.values())) in page
