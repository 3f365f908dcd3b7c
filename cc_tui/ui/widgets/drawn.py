"""A canvas whose lines somebody else draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cc_tui.ui.themes.look import Look
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line


class Drawn(Canvas):
    """Shows what `lines` draws for a width and a height, in cells."""

    def __init__(self, look: Look, lines: Callable[[int, int], Sequence[Line]], *, id: str) -> None:  # noqa: A002
        super().__init__(look, id=id)
        self._lines = lines

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """What is known."""
        return self._lines(width, height)
