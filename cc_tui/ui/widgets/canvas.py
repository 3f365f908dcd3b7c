"""A widget that is drawn as lines and repaints only the cells that changed: bytes are a budget on a remote line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Ground, Token
from cc_tui.ui.widgets.line import Line


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
            changed = changed_cells(old, new)
            if changed is not None:
                self.refresh(Region(changed[0], y, changed[1] - changed[0], 1))
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


def changed_cells(old: Strip, new: Strip) -> tuple[int, int] | None:
    """The first and the one after the last cell in which two strips of one width differ; None when they are alike."""
    before, after = list(old), list(new)
    if before == after:
        return None
    first = _alike(before, after)
    last = _alike([_reversed(one) for one in reversed(before)], [_reversed(one) for one in reversed(after)])
    start, end = first, max(first + 1, new.cell_length - last)
    return _whole_characters(new, old, start, end)


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


def _whole_characters(new: Strip, old: Strip, start: int, end: int) -> tuple[int, int]:
    """Widen a range so that it cuts no character two cells wide (or its combining marks) in half."""
    if new.text.isascii() and old.text.isascii():
        return start, end
    return max(0, start - 2), min(new.cell_length, end + 2)
