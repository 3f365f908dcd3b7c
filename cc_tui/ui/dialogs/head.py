"""The top of a sheet: the heavy rule and the title, or the titles of its pages."""

from __future__ import annotations

from collections.abc import Sequence

from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.shape import NARROW_FROM, margin_of


class Head(Canvas):
    """Two lines."""

    DEFAULT_CSS = "Head { height: 2; }"

    def __init__(self, look: Look, title: str) -> None:
        super().__init__(look)
        self._title = title

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """Rule and title."""
        title = Line().add(" " * margin_of(width)).add(self._title, Token.STRONG)
        return [Line().add(self.look.signs.heavy_rule * width, Token.ACCENT), title]


class PagesHead(Canvas):
    """The same over pages: the one that is shown is strong, and `h l` turns to the others."""

    DEFAULT_CSS = "PagesHead { height: 2; }"

    def __init__(self, look: Look, titles: Sequence[str]) -> None:
        super().__init__(look)
        self._titles = titles
        self._at = 0

    def show(self, at: int) -> None:
        """Another page."""
        self._at = at
        self.repaint()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """Rule and titles."""
        margin = margin_of(width)
        line = Line().add(" " * margin)
        for place, title in enumerate(self._titles):
            line.add("   " if place else "").add(title, Token.STRONG if place == self._at else Token.DIM)
        if len(self._titles) > 1 and width >= NARROW_FROM:
            line.end("h l", Token.STRONG).end(" pages", Token.DIM).end(" " * margin)
        return [Line().add(self.look.signs.heavy_rule * width, Token.ACCENT), line]
