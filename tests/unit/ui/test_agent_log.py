"""An agent's log of a thousand lines: what is not in view costs nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest import mock

from cc_tui.state.agents import KeptLine
from cc_tui.ui.tabs.agents import log
from cc_tui.ui.themes.look import choose_look

LOOK = choose_look("dark", False, {})
AT = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)


def kept(count: int) -> list[KeptLine]:
    return [KeptLine(number, AT, "warn" if number % 2 else "info", None, f"line {number}") for number in range(count)]


def words(lines: object) -> str:
    return "".join(str(text) for line in lines for text, _token in line.left)  # type: ignore[attr-defined]


def test_only_the_lines_in_view_are_drawn() -> None:
    lines = log.log_lines(kept(1_000), log.Level.INFO, 120, LOOK)
    with mock.patch.object(log, "_line", wraps=log._line) as drawn:
        assert len(lines) == 1_000
        assert "line 999" in words(lines[980:1_000])
    assert drawn.call_count == 20


def test_a_log_tells_its_loud_lines_and_says_where_there_are_none() -> None:
    loud = log.log_lines(kept(4), log.Level.WARN, 120, LOOK)
    assert ["line 1" in words([loud[0]]), "line 3" in words([loud[1]]), len(loud)] == [True, True, 2]
    assert "no lines of this level" in words(log.log_lines(kept(4), log.Level.ERROR, 120, LOOK))
