"""The top of a sheet: the heavy rule, the title, and the keys that this sheet knows."""

from __future__ import annotations

from collections.abc import Sequence

from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.shape import margin_of


class Head(Canvas):
    """Two lines; `keys` are keys with their words."""

    DEFAULT_CSS = "Head { height: 2; }"

    def __init__(self, look: Look, title: str, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__(look)
        self._title = title
        self._keys = keys

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """Rule and title."""
        margin = " " * margin_of(width)
        title = Line().add(margin).add(self._title, Token.STRONG)
        for key, word in self._keys:
            title.end(f"   {key}", Token.STRONG).end(f" {word}", Token.DIM)
        return [Line().add(self.look.signs.heavy_rule * width, Token.ACCENT), title.end(margin)]
