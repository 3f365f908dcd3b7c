"""A line as Textual paints it: the same as Textual's own strip, with nothing kept."""

from __future__ import annotations

import gc

import pytest
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import MONOKAI
from textual.color import Color
from textual.filter import ANSIToTruecolor, Monochrome
from textual.geometry import Region
from textual.strip import Strip

from cc_tui.ui.widgets.strips import LineStrip

SEGMENTS = [Segment("one ", Style(bold=True)), Segment("日本 two", Style(color="red")), Segment("  ", Style())]
CELLS = 14


@pytest.mark.parametrize("cuts", [[], [14], [4], [3, 14], [5, 9, 14], [14, 20], [2, 6, 30], [20]])
def test_it_is_divided_as_textuals_own(cuts: list[int]) -> None:
    ours, theirs = LineStrip(SEGMENTS, CELLS).divide(cuts), Strip(SEGMENTS, CELLS).divide(cuts)
    assert [list(piece) for piece in ours] == [list(piece) for piece in theirs]
    assert [piece.cell_length for piece in ours] == [piece.cell_length for piece in theirs]


@pytest.mark.parametrize("crop", [(0, 14), (0, 5), (3, 9), (5, 14), (14, 20)])
def test_it_is_cropped_and_compared_as_textuals_own(crop: tuple[int, int]) -> None:
    ours, theirs = LineStrip(SEGMENTS, CELLS), Strip(SEGMENTS, CELLS)
    assert ours == theirs
    assert list(ours.crop(*crop)) == list(theirs.crop(*crop))
    assert list(ours.extend_cell_length(20)) == list(theirs.extend_cell_length(20))
    assert ours.text == theirs.text


def test_its_colours_are_changed_as_textuals_own() -> None:
    ours, theirs = LineStrip(SEGMENTS, CELLS), Strip(SEGMENTS, CELLS)
    for background in (Color(0, 0, 0), Color(255, 255, 255)):
        for line_filter in (Monochrome(), ANSIToTruecolor(MONOKAI)):
            assert list(ours.apply_filter(line_filter, background)) == list(
                theirs.apply_filter(line_filter, background)
            )


def test_what_is_not_shown_any_more_is_gone_without_the_collector() -> None:
    def paint(strip: Strip) -> None:
        strip.divide([CELLS])
        strip.divide([4, CELLS])
        strip.crop(0, 5)
        strip.apply_style(Style(bold=True))
        strip.apply_filter(Monochrome(), Color(0, 0, 0)).divide([CELLS])
        strip.crop_extend(0, Region(0, 0, CELLS, 1).right, None)

    def left_behind(kind: type[Strip]) -> int:
        gc.collect()
        for _ in range(20):
            paint(kind(SEGMENTS, CELLS))
        return gc.collect()

    was_on = gc.isenabled()
    gc.disable()
    try:
        assert left_behind(Strip) > 20  # else Textual mended it, and this class can go
        assert left_behind(LineStrip) == 0
    finally:
        if was_on:
            gc.enable()
