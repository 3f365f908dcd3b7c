"""The footer: the keys that matter here and can be used now, as many as fit, `?` always."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Ground, Token
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.shape import NARROW_FROM, WIDE_FROM, margin_of


@dataclass(frozen=True, slots=True)
class FooterItem:
    """One key and its word."""

    action_id: str
    key: str
    word: str


class KeyFooter(Canvas):
    """The last line."""

    DEFAULT_CSS = "KeyFooter { height: 1; }"
    ground = Ground.RAISED

    class Clicked(Message):
        """An item was clicked."""

        def __init__(self, action_id: str) -> None:
            super().__init__()
            self.action_id = action_id

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="key-footer")
        self._items: tuple[FooterItem, ...] = ()
        self._has_help = True
        self._spans: list[tuple[int, int, str]] = []

    def show(self, items: Sequence[FooterItem], *, has_help: bool = True) -> None:
        """Show these, in order; `has_help` is False where `?` is a letter to type."""
        if (tuple(items), has_help) != (self._items, self._has_help):
            self._items, self._has_help = tuple(items), has_help
            self.repaint()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """What fits, and `?` at the right edge. An item without an action is not clicked."""
        margin = margin_of(width)
        gap = 3 if width >= WIDE_FROM else 2
        line = Line(ground=Ground.RAISED).add(" " * margin)
        self._spans = []
        at = margin
        help_width = 6 if width >= NARROW_FROM else 1
        room = width - 2 * margin - help_width - gap
        for item in self._items:
            wide = len(item.key) + 1 + len(item.word)
            if wide > room:
                break
            if item.action_id:
                self._spans.append((at, at + wide, item.action_id))
            line.to(at).add(item.key, Token.STRONG).add(f" {item.word}", Token.DIM)
            at += wide + gap
            room -= wide + gap
        if not self._has_help:
            return [line]
        line.end("?", Token.STRONG).end(" help" if width >= NARROW_FROM else "", Token.DIM).end(" " * margin)
        self._spans.append((width - margin - help_width, width, "app.help"))
        return [line]

    def on_click(self, event: events.Click) -> None:
        """A click does what the key does, but never decides."""
        for start, end, action_id in self._spans:
            if start <= event.x < end:
                self.post_message(self.Clicked(action_id))
