"""A widget that is drawn as lines and repaints only the cells that changed: bytes are a budget on a remote line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Ground, Token
from cc_tui.ui.widgets.line import Line

NEAR_CELLS = 24
"""Below this a second range on a line costs more than the cells between."""


class Canvas(Widget):
    """Draws lines; `repaint` after a change compares them with what is on screen, cell by cell."""

    DEFAULT_CSS = "Canvas { height: 1fr; width: 1fr; }"

    ground = Ground.BG

    def __init__(self, look: Look, *, id: str | None = None) -> None:  # noqa: A002  (Textual's own name)
        super().__init__(id=id)
        self.look = look
        self.override: Token | None = None
        self.paints = 0
        """How often something of it was repainted."""
        self._strips: list[Strip] = []
        self._drawn_for = (0, 0)
        self._painted: dict[int, Strip] = {}

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The lines to show in `width` × `height` cells; fewer than `height` leave the rest blank."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Draw again, and have the cells that differ painted."""
        if not self.is_mounted or not self.size.area:
            return
        if self._drawn_for != self.size:
            self._strips = []
            self.refresh()
            return
        fresh = self._draw_strips()
        for y, (old, new) in enumerate(zip(self._strips, fresh, strict=True)):
            for start, end in changed_cells(old, new):
                self.refresh(Region(start, y, end - start, 1))
                self.paints += 1
        self._strips = fresh

    def fade(self, token: Token | None) -> None:
        """Draw all of it in one token (under a sheet), or as usual again."""
        if token is not self.override:
            self.override = token
            self.repaint()

    def render_line(self, y: int) -> Strip:
        """One line for Textual."""
        if self._drawn_for != self.size or not self._strips:
            self._strips = self._draw_strips()
        strip = self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)
        self._painted[y] = strip
        return strip

    def is_painted(self, y: int) -> bool:
        """Whether what a line shows now was handed out to be painted (the guard asks)."""
        return y < len(self._strips) and self._painted.get(y) == self._strips[y]

    def _draw_strips(self) -> list[Strip]:
        width, height = self.size
        self._drawn_for = self.size
        lines = list(self.draw(width, height))[:height]
        blank = Line(ground=self.ground)
        lines += [blank] * (height - len(lines))
        return [line.strip(width, self.look, self.override) for line in lines]


def changed_cells(old: Strip, new: Strip) -> list[tuple[int, int]]:
    """The ranges of cells (first, one after the last) in which two strips of one width differ.

    Ranges that are closer than `NEAR_CELLS` are one: moving the cursor costs bytes too.
    """
    if old == new:
        return []
    if not (_is_one_cell_a_character(old) and _is_one_cell_a_character(new)):
        return _one_range(old, new)
    before, after = _cells(old), _cells(new)
    ranges: list[tuple[int, int]] = []
    for place, (one, other) in enumerate(zip(before, after, strict=True)):
        if one == other:
            continue
        if ranges and place - ranges[-1][1] < NEAR_CELLS:
            ranges[-1] = (ranges[-1][0], place + 1)
        else:
            ranges.append((place, place + 1))
    return ranges


def _cells(strip: Strip) -> list[tuple[str, object]]:
    """Every cell of a strip that has one a character; of a blank only its ground counts."""
    return [
        (char, segment.style if char != " " or _is_drawn(segment) else (segment.style and segment.style.bgcolor))
        for segment in strip
        for char in segment.text
    ]


def _is_one_cell_a_character(strip: Strip) -> bool:
    return len(strip.text) == strip.cell_length and (
        strip.text.isascii() or all(cell_len(one) == 1 for one in strip.text)
    )


def _is_drawn(segment: Segment) -> bool:
    return segment.style is not None and bool(segment.style.underline or segment.style.reverse)


def _one_range(old: Strip, new: Strip) -> list[tuple[int, int]]:
    """One range from the first to the last difference, where characters may take two cells."""
    before, after = list(old), list(new)
    first = _alike(before, after)
    last = _alike([_reversed(one) for one in reversed(before)], [_reversed(one) for one in reversed(after)])
    start, end = first, max(first + 1, new.cell_length - last)
    return [(max(0, start - 2), min(new.cell_length, end + 2))]


def _reversed(segment: Segment) -> Segment:
    return Segment(segment.text[::-1], segment.style)


def _alike(before: list[Segment], after: list[Segment]) -> int:
    """How many cells at the beginning are the same in text and style."""
    cells = 0
    left, right = iter(before), iter(after)
    one, other = next(left, None), next(right, None)
    while one is not None and other is not None and one.style == other.style:
        short = min(len(one.text), len(other.text))
        same = next((at for at in range(short) if one.text[at] != other.text[at]), short)
        cells += Segment(one.text[:same]).cell_length
        if same < short:
            return cells
        one = Segment(one.text[same:], one.style) if same < len(one.text) else next(left, None)
        other = Segment(other.text[same:], other.style) if same < len(other.text) else next(right, None)
    return cells
