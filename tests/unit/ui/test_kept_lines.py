"""What the sheet about undelivered decisions lists."""

from __future__ import annotations

from cc_tui.ui.dialogs.kept import NAMED, offered_lines
from tests.unit.decisions.support import decision

A_DAY = 86_400.0


def test_decisions_of_two_days_are_told_apart() -> None:
    of_one_day, of_the_next = offered_lines([decision(), decision(decided_at=1_000.0 + A_DAY)], [])
    assert of_one_day.text(80) != of_the_next.text(80)


def test_who_sends_more_than_is_named_is_told_how_many() -> None:
    kept = [decision(f"k{number}", f"lead{number}") for number in range(NAMED + 31)]
    assert offered_lines(kept, [])[-1].text(80).strip() == "and 31 more decisions"
    assert "more" not in "".join(line.text(80) for line in offered_lines(kept[:NAMED], []))
