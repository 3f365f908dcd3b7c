"""The top of a sheet: the heavy rule and the title."""

from __future__ import annotations

from collections.abc import Sequence

from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.shape import margin_of


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
