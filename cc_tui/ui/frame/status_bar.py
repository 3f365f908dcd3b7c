"""The first line of the screen as a widget."""

from __future__ import annotations

from collections.abc import Sequence

from cc_tui.ui.frame.status_line import BarFacts, status_line
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Ground
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line


class StatusBar(Canvas):
    """The first line of the screen."""

    DEFAULT_CSS = "StatusBar { height: 1; }"
    ground = Ground.RAISED

    def __init__(self, look: Look, facts: BarFacts) -> None:
        super().__init__(look, id="status-bar")
        self._facts = facts

    def show(self, facts: BarFacts) -> None:
        """Say something else."""
        if facts != self._facts:
            self._facts = facts
            self.repaint()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """One line."""
        return [status_line(self._facts, width, self.look)]
