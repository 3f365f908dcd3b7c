"""The message line: the one place where the app speaks. A countdown in it is redrawn by the second while it runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from cc_tui.state.messages import Level, Message, MessageStore
from cc_tui.text.fit import cells, cut_address
from cc_tui.text.formats import seconds_left
from cc_tui.text.safe import safe_line
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line, width_of
from cc_tui.ui.widgets.shape import margin_of

UNDO = " · u undo"
LEFT_MARK = "{left}"
ADDRESS_LEAST = 9
"""An address is not cut below this: less tells nothing of it."""


def message_line(message: Message, now: float, width: int, look: Look) -> Line:
    """One message, in its short form where it does not fit; `now` is local time in seconds.

    Its strong pieces stand out, an outcome wears its sign.
    """
    margin = margin_of(width)
    line = Line().add(" " * margin)
    sign, token = {
        Level.DONE: (look.signs.safe, Token.OK), Level.WARN: (look.signs.warn, Token.WARN),
        Level.ERROR: (look.signs.block, Token.BAD), Level.NOTE: ("", Token.DIM),
    }[message.level]  # fmt: skip
    line.add(f"{sign} " if sign else "", token)
    room = width - margin - width_of(line.left) - (cells(safe_line(message.right)) + 2 if message.right else 0)
    strong = list(message.strong)
    text = _counted(message.text, message, now, strong)
    if message.short and cells(safe_line(text)) > room:
        text = _counted(message.short, message, now, strong)
    text, strong = _with_short_address(text, strong, room)
    _add_pieces(line, text, strong, Token.TEXT if message.level is not Level.NOTE else Token.DIM)
    if width_of(line.left) > width - margin:
        line.to(width - margin)
    return line.end(safe_line(message.right), Token.DIM).end(" " * margin) if message.right else line


def _counted(text: str, message: Message, now: float, strong: list[str]) -> str:
    """The text with its countdown as it stands; over, it says so, and undo is no longer offered."""
    if message.until is None:
        return text
    left = message.until - now
    words = seconds_left(left)
    strong.append(words)
    if left > 0:
        return text.replace(f"leaves in {LEFT_MARK}", f"leaves in {words}")
    return text.replace(f"leaves in {LEFT_MARK}", "its hold is over").removesuffix(UNDO)


def _with_short_address(text: str, strong: list[str], room: int) -> tuple[str, list[str]]:
    """The text with its address cut to what is left: the rest of the sentence matters more."""
    over = cells(safe_line(text)) - room
    address = next((piece for piece in strong if "@" in piece and piece in text), None)
    if over <= 0 or address is None:
        return text, strong
    short = cut_address(safe_line(address), max(ADDRESS_LEAST, cells(safe_line(address)) - over))
    return text.replace(address, short, 1), [short if piece == address else piece for piece in strong]


def _add_pieces(line: Line, text: str, strong: Sequence[str], plain: Token) -> None:
    """Add `text` with its strong pieces set off, each where it first stands as a word."""
    wanted = {piece for piece in strong if piece}
    if not wanted:
        line.add(safe_line(text), plain)
        return
    at = 0
    for start, end in _places(text, wanted):
        line.add(safe_line(text[at:start]), Token.DIM)
        line.add(safe_line(text[start:end]), Token.STRONG)
        at = end
    line.add(safe_line(text[at:]), Token.DIM)


def _places(text: str, wanted: set[str]) -> list[tuple[int, int]]:
    """Where each piece first stands as a word; longer ones choose first, and none lies inside another."""
    found: list[tuple[int, int]] = []
    for piece in sorted(wanted, key=len, reverse=True):
        for match in re.finditer(rf"(?<!\w){re.escape(piece)}(?!\w)", text):
            if all(match.end() <= start or match.start() >= end for start, end in found):
                found.append(match.span())
                break
    return sorted(found)


class MessageLine(Canvas):
    """The last line but one."""

    DEFAULT_CSS = "MessageLine { height: 1; }"

    def __init__(self, look: Look, messages: MessageStore, now: Callable[[], float]) -> None:
        super().__init__(look, id="message-line")
        self._messages = messages
        self._now = now

    def on_mount(self) -> None:
        """Follow what is said."""
        self._messages.changed.subscribe(lambda _none: self.repaint())

    @property
    def counts_down(self) -> bool:
        """Whether a countdown runs in it."""
        shown = self._messages.shown
        return shown is not None and shown.until is not None and shown.until > self._now() - 1.0

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The message, or nothing."""
        shown = self._messages.shown
        return [message_line(shown, self._now(), width, self.look)] if shown is not None else []
