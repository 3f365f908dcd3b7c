"""A widget that is drawn as lines and repaints only those that changed: bytes are a budget on a remote line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, cast

from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Ground, Token
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.strips import strip_of


class Paints(Protocol):
    """Who has changed lines painted."""

    def take(self, canvas: Canvas, lines: Iterable[int]) -> None:
        """These lines of a canvas changed."""


class HasPainter(Protocol):
    """What a canvas asks of its app."""

    painter: Paints


class Canvas(Widget):
    """Draws lines; `repaint` compares them with what is on screen. Which cells of them go out, the driver finds."""

    DEFAULT_CSS = "Canvas { height: 1fr; width: 1fr; }"

    ground = Ground.BG

    def __init__(self, look: Look, *, id: str | None = None) -> None:  # noqa: A002  (Textual's own name)
        super().__init__(id=id)
        self.look = look
        self.override: Token | None = None
        self._strips: list[Strip] = []
        self._drawn_for = Size()
        self._painted: dict[int, Strip] = {}

    @property
    def size(self) -> Size:
        """A canvas has neither border nor padding; what is hidden keeps the size that it had."""
        return self.outer_size

    @property
    def is_laid_out(self) -> bool:
        """Whether it has a place on the screen; what was just hidden has one until Textual takes it off."""
        return bool(self.region.area)

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The lines to show in `width` × `height` cells; fewer than `height` leave the rest blank."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Draw again, and have the lines that differ painted."""
        size = self.size
        if not self.is_mounted or not self.is_laid_out:
            return
        if self._drawn_for != size:
            self._strips = []
            self.refresh()
            return
        fresh = self._draw_strips(size)
        changed = [y for y, strip in enumerate(fresh) if strip != self._strips[y]]
        self._strips = fresh
        self._paint(changed)

    def repaint_lines(self, lines: Mapping[int, Line]) -> None:
        """Have some lines be these, where all others are as they were drawn last."""
        size = self.size
        if not self.is_mounted or self._drawn_for != size or not self._strips:
            self.repaint()
            return
        fresh = {y: strip_of(line, size.width, self.look, self.override) for y, line in lines.items()}
        changed = [y for y, strip in fresh.items() if strip != self._strips[y]]
        for y, strip in fresh.items():
            self._strips[y] = strip
        self._paint(changed)

    def fade(self, token: Token | None) -> None:
        """Draw all of it in one token (under a sheet), or as usual again; what a sheet covers is not painted."""
        if token is not self.override:
            self.override = token
            self._painted.clear()
            self._drawn_for = Size()
            self.repaint()

    def on_hide(self) -> None:
        """It is no longer on the screen: once it is again, it is drawn anew, and not painted before."""
        self._painted.clear()
        self._drawn_for = Size()

    def render_line(self, y: int) -> Strip:
        """One line, as it is handed out to be painted."""
        return self._handed_out(y, self.size)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines for Textual, as they are: they are whole already, so that no style is laid over them."""
        size = self.size
        strips = [self._handed_out(y, size) for y in crop.line_range]
        for line_filter in self.get_line_filters():
            background = self.background_colors[1]
            strips = [strip.apply_filter(line_filter, background) for strip in strips]
        left, right = crop.column_span
        return strips if (left, right) == (0, size.width) else [strip.crop(left, right) for strip in strips]

    def _handed_out(self, y: int, size: Size) -> Strip:
        if self._drawn_for != size or not self._strips:
            self._strips = self._draw_strips(size)
        strip = self._strips[y] if y < len(self._strips) else Strip.blank(size.width)
        self._painted[y] = strip
        return strip

    def is_painted(self, y: int) -> bool:
        """Whether what a line shows now was handed out to be painted (the guard asks)."""
        return y < len(self._strips) and self._painted.get(y) == self._strips[y]

    def _paint(self, lines: Sequence[int]) -> None:
        if lines:
            cast("HasPainter", self.app).painter.take(self, lines)

    def _draw_strips(self, size: Size) -> list[Strip]:
        width, height = size
        self._drawn_for = size
        lines = list(self.draw(width, height))[:height]
        blank = Line(ground=self.ground)
        lines += [blank] * (height - len(lines))
        return [strip_of(line, width, self.look, self.override) for line in lines]
