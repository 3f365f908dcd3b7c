"""Sheets that only show: the help, the log. They scroll, and close."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from textual.app import ComposeResult

from cc_tui.actions.action import Action, Where
from cc_tui.state.messages import Level, Message
from cc_tui.text.formats import clock_seconds, moment
from cc_tui.text.safe import safe_lines
from cc_tui.ui.dialogs.head import PagesHead
from cc_tui.ui.dialogs.sheet import Sheet
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.pane import Pane
from cc_tui.ui.widgets.shape import NARROW_FROM, margin_of

Lines = Callable[[int], Sequence[Line]]
"""Makes the lines of a page for a width in cells."""


class PageSheet(Sheet):
    """Pages to read: a title and lines each; `h l` and `tab` turn them."""

    DEFAULT_CSS = "PageSheet { height: 80%; }"
    places = (Where.DIALOGS, Where.LISTS)
    keys: Sequence[tuple[str, str]] = (("j k", "scroll"), ("esc", "close"), ("^d ^u", "half a page"))

    def __init__(self, look: Look, name: str, pages: Sequence[tuple[str, Lines]]) -> None:
        super().__init__(look, id=name)
        self.pages = pages
        self._at = 0
        if len(pages) > 1:
            self.keys = (("h l", "pages"), *self.keys)
        self._head = PagesHead(look, [title for title, _lines in pages])
        self.pane = Pane(look)

    def compose(self) -> ComposeResult:
        """Title and lines."""
        yield self._head
        yield self.pane

    def on_mount(self) -> None:
        """Draw once the width is known."""
        self.call_after_refresh(self.fill)

    def on_pane_resized(self, event: Pane.Resized) -> None:
        """Wrap them anew."""
        event.stop()
        self.fill()

    def fill(self) -> None:
        """Draw the lines."""
        _title, lines = self.pages[self._at]
        self.pane.show(lines(self.pane.size.width))

    def _turn(self, step: int) -> None:
        self._at = (self._at + step) % len(self.pages)
        self._head.show(self._at)
        self.pane.top = 0
        self.fill()

    def act(self, action: Action, key: str) -> bool:
        """Scrolls; turns; closes."""
        del key
        page = max(1, self.pane.size.height // 2)
        steps = {
            "list.down": 1, "list.up": -1, "preview.down": 1, "preview.up": -1, "list.half_down": page,
            "list.half_up": -page, "list.top": -100_000, "list.bottom": 100_000,
        }  # fmt: skip
        if action.id in steps:
            self.pane.scroll(steps[action.id])
            return True
        if action.id in _TURNS:
            self._turn(_TURNS[action.id])
            return True
        if action.id in ("dialog.no", "list.back"):
            self.close()
            return True
        return False


_TURNS = {"list.next_view": 1, "list.previous_view": -1, "dialog.next": 1, "list.preview": 1}


def log_notes(*, is_mute: bool, unread_events: int) -> list[str]:
    """What holds all the time, and so stands above what was said."""
    notes = (
        ["this terminal can't testify what it shows: decisions count 1 s after a frame was written"] if is_mute else []
    )
    if unread_events:
        what = "1 event" if unread_events == 1 else f"{unread_events} events"
        notes.append(
            f"{what} of the server could not be read, and what was told is missing; ^r fetches everything again"
        )
    return notes


def log_lines(messages: Sequence[Message], notes: Sequence[str], width: int, look: Look) -> list[Line]:
    """What was said, newest first; `notes` stand above it. Long sentences go on in the next line."""
    margin = margin_of(width)
    signs = {
        Level.DONE: (look.signs.safe, Token.OK), Level.WARN: (look.signs.warn, Token.WARN),
        Level.ERROR: (look.signs.block, Token.BAD), Level.NOTE: (look.signs.dot, Token.DIM),
    }  # fmt: skip
    lines: list[Line] = []
    for note in notes:
        lines += _logged("", look.signs.warn, Token.WARN, note, width)
    for message in messages:
        sign, token = signs[message.level]
        text = message.text.replace("leaves in {left}", "held")
        lines += _logged(clock_seconds(moment(message.at)), sign, token, text, width)
    return lines or [Line().add(" " * margin).add("nothing was said yet", Token.DIM)]


def _logged(at: str, sign: str, token: Token, text: str, width: int) -> Iterator[Line]:
    margin = margin_of(width)
    start = margin + (12 if width >= NARROW_FROM else 11)
    for number, wrapped in enumerate(safe_lines(text, max(8, width - start - margin))):
        line = Line().add(" " * margin)
        if number == 0:
            line.add(at, Token.DIM).to(start - 2).add(sign, token)
        yield line.to(start).add(wrapped.text)
