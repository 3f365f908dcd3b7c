"""Where lines become what Textual paints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.strip import Strip

from cc_tui.text.signs import in_ascii
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line


class _NoCache:
    """Keeps nothing."""

    def get(self, key: object, default: object = None) -> object:
        """There is nothing."""
        del key
        return default

    def __setitem__(self, key: object, value: object) -> None:
        """Nothing is kept."""


_NO_CACHE: Any = _NoCache()


class LineStrip(Strip):
    """A strip that is drawn once: a line that changes has another one.

    Textual's own makes seven caches, of a kilobyte together, and with one of them holds on to itself: what is not shown
    any more is then found by the collector alone.
    """

    __slots__ = ("_filtered",)

    def __init__(self, segments: Iterable[Segment], cell_length: int) -> None:
        self._segments = list(segments)
        self._cell_length = cell_length
        self._divide_cache = self._crop_cache = self._style_cache = self._filter_cache = _NO_CACHE
        self._line_length_cache = self._crop_extend_cache = self._offsets_cache = _NO_CACHE
        self._render_cache = None
        self._link_ids = None
        self._cell_count = None
        self._filtered: tuple[LineFilter, Color, Strip] | None = None

    def apply_filter(self, filter: LineFilter, background: Color) -> Strip:  # noqa: A002  (Textual's own name)
        """It with its colours changed (without colour, dimmed); the last one is kept."""
        kept = self._filtered
        if kept is None or (kept[0], kept[1]) != (filter, background):
            strip = LineStrip(filter.apply(self._segments, background), self.cell_length)
            kept = self._filtered = (filter, background, strip)
        return kept[2]

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """It in pieces, each up to a cut (in cells); what lies beyond the last one is left out."""
        within = [cut for cut in cuts if cut <= self.cell_length]
        starts = [0, *within[:-1]]
        if within == [self.cell_length]:
            return [self]
        pieces = zip(Segment.divide(self._segments, within), starts, within, strict=False)
        return [LineStrip(segments, end - start) for segments, start, end in pieces]


def strip_of(line: Line, width: int, look: Look, override: Token | None = None) -> Strip:
    """A line as Textual paints it; `override` draws all of it in one token (a tab under a sheet)."""
    segments: list[Segment] = []
    for text, token in line.pieces(width):
        shown = in_ascii(text) if look.signs.is_ascii and not text.isascii() else text
        _put(segments, shown, look.style(override or token, line.ground))
    return LineStrip(segments, width)


def _put(segments: list[Segment], text: str, style: Style) -> None:
    """Add text, to the last segment where that looks the same: each change of style is some 36 bytes on the line."""
    if segments:
        before, before_style, _control = segments[-1]
        if before_style is not None and (before_style == style or _is_blank(text, style, before_style)):
            segments[-1] = Segment(before + text, before_style)
            return
        if before_style is not None and _is_blank(before, before_style, style):
            segments[-1] = Segment(before + text, style)
            return
    segments.append(Segment(text, style))


def _is_blank(text: str, style: Style, other: Style) -> bool:
    """Whether blanks look the same in either style: only the ground of a blank is seen."""
    if not text.isspace() or style.bgcolor != other.bgcolor:
        return False
    return not (style.underline or style.reverse or other.underline or other.reverse)
