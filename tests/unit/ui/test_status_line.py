"""What the status bar says where there is little room."""

from __future__ import annotations

import pytest

from cc_tui.state.health import Condition, Tone
from cc_tui.text.fit import cells
from cc_tui.ui.frame.status_line import BarFacts, status_line
from cc_tui.ui.themes.look import choose_look

LOOK = choose_look("dark", False, {})
WELL, DOWN = Condition(Tone.OK, "Operational"), Condition(Tone.WARN, "Offline", "since 13:20")


def told(facts: BarFacts, width: int) -> str:
    return status_line(facts, width, LOOK).text(width)


@pytest.mark.parametrize("width", [40, 45, 60, 80, 120])
def test_the_demo_says_so_at_every_width(width: int) -> None:
    assert "DEMO" in told(BarFacts(WELL, pending=12, is_demo=True, link="live"), width)


@pytest.mark.parametrize("width", [45, 80, 120])
def test_what_is_undelivered_is_told_at_every_width(width: int) -> None:
    facts = BarFacts(DOWN, pending=12, undelivered=2, is_demo=True, link="offline")
    assert "▲ 2 undelivered" in told(facts, width)
    assert "12 to approve" in told(facts, width)


@pytest.mark.parametrize("width", [45, 80, 120])
def test_a_key_that_only_looks_is_told_at_every_width(width: int) -> None:
    assert "read-only" in told(BarFacts(WELL, pending=3, is_read_only=True, link="live"), width)


@pytest.mark.parametrize("width", [80, 120])
def test_a_client_with_a_long_name_is_named_and_takes_no_others_room(width: int) -> None:
    line = told(BarFacts(WELL, scope="Dental " * 100, is_scoped=True, pending=3, is_demo=True, link="live"), width)
    assert "Dental Dental" in line
    assert "3 to approve" in line
    assert "DEMO" in line


def test_what_is_wrong_is_cut_by_cells_and_not_by_letters() -> None:
    facts = BarFacts(Condition(Tone.WARN, "Degraded", "東京" * 30), pending=3, link="live")
    line = told(facts, 120)
    assert cells(line) == 120
    assert "3 to approve" in line


def test_how_things_are_is_told_before_all_else() -> None:
    facts = BarFacts(Condition(Tone.BAD, "Database unreachable"), pending=1_234, is_demo=True, link="live")
    assert told(facts, 40).startswith(" ■ Database unreach")
