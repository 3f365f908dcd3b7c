"""The titles of a table, and the arrow at the one that is sorted by."""

from __future__ import annotations

import pytest

from cc_tui.ui.tabs import runs
from cc_tui.ui.tabs.agents import rows as agents
from cc_tui.ui.widgets.columns import Column, header_line, that_fit


@pytest.mark.parametrize("room", [45, 60, 72, 110])
@pytest.mark.parametrize(("columns", "gap"), [(agents._COLUMNS, 1), (runs._COLUMNS, runs.GAP)], ids=["agents", "runs"])
def test_the_arrow_touches_no_word_of_the_titles(columns: tuple[Column, ...], gap: int, room: int) -> None:
    shown = that_fit(columns, room, gap)
    wide = sum(width for _column, width in shown) + 2 * len(shown)
    for column, _width in shown:
        words = header_line(shown, 3, gap, sorted_by=column.id, arrow="↓").text(wide + 3).split()
        assert "↓" in words
        others = " ".join(words)
        for other, _wide in shown:
            assert other.title in others or other.title.replace(" ", "") in others.replace(" ", "")
