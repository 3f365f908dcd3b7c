"""A line that is drawn past Textual is the line that Textual would have written."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from rich.segment import ControlType, Segment
from rich.style import Style
from textual.strip import Strip

from cc_tui.ui.terminal.driver import FrameDriver
from cc_tui.ui.terminal.picture import Picture
from cc_tui.ui.terminal.styles import Styles
from tests.unit.ui.terminal.frames import COLS, CONSOLE, ROWS, Frame, full_frames, quick, spans, written


class Drawing(FrameDriver):
    """A driver with a picture, and no terminal."""

    def __init__(self) -> None:
        self._app = cast("Any", SimpleNamespace(get_line_filters=list, console=CONSOLE))
        self._numbers, self._left_rows = {}, {}
        self._styles = Styles()
        self._wanted = Picture(self._styles)
        self._wanted.become(COLS, ROWS)

    @property
    def picture(self) -> Picture:
        return self._wanted


@quick
@given(full_frames, spans)
def test_it_is_drawn_as_textual_writes_it(before: Frame, span: tuple[int, int, list[Segment]]) -> None:
    ours, theirs = Drawing(), Drawing()
    for drawing in (ours, theirs):
        assert drawing.picture.draw(written(before))
    row, column, line = span
    strip = Strip(line).crop(0, COLS - column + 1)
    assert ours.draw_line(row - 1, column - 1, strip)
    assert theirs.picture.draw(written([(row, column, list(strip))]))
    assert ours.picture.rows == theirs.picture.rows


@pytest.mark.parametrize(
    "segment",
    [Segment("a\x1b[2Jb"), Segment("a\x07"), Segment("a\x9b2J"), Segment("a\n"), Segment("漢\x1b"),
     Segment("a", Style(link="https://example.com")), Segment("a", None, [(ControlType.BELL,)])],
)  # fmt: skip
def test_what_is_more_than_text_in_styles_is_left_to_textual(segment: Segment) -> None:
    drawing = Drawing()
    before = [row.copy() for row in drawing.picture.rows]
    assert not drawing.draw_line(0, 0, Strip([Segment("x"), segment]))
    assert drawing.picture.rows == before


def test_what_was_left_is_there_again_as_it_was() -> None:
    drawing = Drawing()
    drawing.draw_line(2, 0, Strip([Segment("first")]))
    assert not drawing.turn("first", "second", range(1, 5))  # never seen: it waits for Textual
    drawing.draw_line(2, 0, Strip([Segment("other")]))
    assert drawing.turn("second", "first", range(1, 5))
    assert "".join(drawing.picture.rows[2].shown[:5]) == "first"
    assert drawing.turn("first", "second", range(1, 5))
    assert "".join(drawing.picture.rows[2].shown[:5]) == "other"


def test_what_was_left_at_another_size_is_not_shown() -> None:
    drawing = Drawing()
    drawing.turn("first", "second", range(1, 5))
    drawing.picture.become(COLS + 1, ROWS)
    assert not drawing.turn("second", "first", range(1, 5))
