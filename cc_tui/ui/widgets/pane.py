"""A pane of lines that scrolls: drafts, logs, facts. It knows which of its lines are in view."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.geometry import Size
from textual.message import Message

from cc_tui.ui.themes.look import Look
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line


class Pane(Canvas):
    """Shows lines from `top` on; with `follows` it stays at the end as lines are added."""

    class Resized(Message):
        """Its lines were made for another size: whoever made them makes them anew."""

    def __init__(self, look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(look, id=id)
        self.lines: Sequence[Line] = ()
        self.top = 0
        self.follows = False
        self._made_for: Size | None = None

    def show(self, lines: Sequence[Line], *, from_top: bool = False) -> None:
        """Show other lines, from where it stands, from the top, or at the end when it follows."""
        self.lines, self._made_for = lines, self.size
        if from_top:
            self.top = 0
        self._clamp()
        self.repaint()

    def scroll(self, step: int) -> None:
        """Scroll by lines."""
        self.top += step
        self._clamp(follow=False)
        self.repaint()

    def scroll_to_line(self, place: int) -> None:
        """Bring a line into view, with a third of the pane above it."""
        if not self.top <= place < self.top + self.size.height:
            self.top = place - self.size.height // 3
            self._clamp(follow=False)
        self.repaint()

    @property
    def in_view(self) -> range:
        """The places of the lines on screen."""
        return range(self.top, min(len(self.lines), self.top + self.size.height))

    @property
    def below(self) -> int:
        """How many lines are below the view."""
        return max(0, len(self.lines) - self.top - self.size.height)

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The lines in view."""
        self._clamp()
        return self.lines[self.top : self.top + height]

    def on_resize(self, event: events.Resize) -> None:
        """Lines are made for a width, and for what is in view of them."""
        if self._made_for not in (None, event.size):
            self.post_message(self.Resized())

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel scrolls."""
        event.stop()
        self.scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel scrolls."""
        event.stop()
        self.scroll(-3)

    def _clamp(self, *, follow: bool = True) -> None:
        last = max(0, len(self.lines) - self.size.height)
        self.top = last if follow and self.follows else max(0, min(self.top, last))
