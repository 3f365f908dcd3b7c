"""The bar of tabs as a widget."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from cc_tui.ui.frame.tab_lines import TABS, TabName, hairline, tab_line, tab_spans
from cc_tui.ui.themes.look import Look
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line


class TabBar(Canvas):
    """One line of tabs, and from 30 rows a hairline that carries the active one."""

    DEFAULT_CSS = "TabBar { height: 2; } TabBar.-low { height: 1; }"

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, tab_id: str) -> None:
            super().__init__()
            self.tab_id = tab_id

    def __init__(self, look: Look, active: str) -> None:
        super().__init__(look, id="tab-bar")
        self._tabs: tuple[TabName, ...] = TABS
        self._active = active
        self._inner: tuple[str, str] | None = None

    def show(self, tabs: Sequence[TabName], active: str, inner: tuple[str, str] | None = None) -> None:
        """Show these; `inner` is, below 80 columns, the title and the right end of a screen inside the tab."""
        if (tuple(tabs), active, inner) != (self._tabs, self._active, self._inner):
            self._tabs, self._active, self._inner = tuple(tabs), active, inner
            self.repaint()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The tabs, and the hairline."""
        lines = [tab_line(self._tabs, self._active, self._inner, width, self.look)]
        if height > 1:
            lines.append(hairline(self._tabs, self._active, width, self.look))
        return lines

    def on_click(self, event: events.Click) -> None:
        """A click goes to a tab."""
        for span in tab_spans(self._tabs, self.size.width):
            if span.start <= event.x < span.end:
                self.post_message(self.Chosen(span.tab_id))
