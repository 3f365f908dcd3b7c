"""What the documentation says is so: its links lead somewhere, its tables name what the code knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cc_server.domain.risk.judging import BASE_POINTS, FINDERS
from cc_tui.state.approvals.lists import approval_fields

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_LINK = re.compile(r"\]\(([^)#:\s]+)(#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    for target, _anchor in _LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), f"{page}: {target}"


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
