"""The message line: the one place where the app speaks. A countdown in it is redrawn by the second while it runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from cc_tui.state.messages import Level, Message, MessageStore
from cc_tui.text.formats import seconds_left
from cc_tui.text.safe import safe_line
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line

UNDO = " · u undo"
LEFT_MARK = "{left}"


def message_line(message: Message, now: float, width: int, look: Look) -> Line:
    """One message; its strong pieces stand out, an outcome wears its sign. `now` is local time in seconds."""
    signs = look.signs
    line = Line().add(" " * (2 if width >= 110 else 1))
    match message.level:
        case Level.DONE:
            line.add(f"{signs.safe} ", Token.OK)
        case Level.WARN:
            line.add(f"{signs.warn} ", Token.WARN)
        case Level.ERROR:
            line.add(f"{signs.block} ", Token.BAD)
        case Level.NOTE:
            pass
    text = message.text
    strong = list(message.strong)
    if message.until is not None:
        left = message.until - now
        words = seconds_left(left)
        text = text.replace(f"leaves in {LEFT_MARK}", f"leaves in {words}" if left > 0 else "its hold is over")
        text = text if left > 0 else text.removesuffix(UNDO)
        strong.append(words)
    _add_pieces(line, text, strong, Token.TEXT if message.level is not Level.NOTE else Token.DIM)
    return line.end(safe_line(message.right), Token.DIM).end("  " if width >= 110 else " ") if message.right else line


def _add_pieces(line: Line, text: str, strong: Sequence[str], plain: Token) -> None:
    """Add `text` with its strong pieces set off, where they stand as words."""
    wanted = [piece for piece in strong if piece]
    if not wanted:
        line.add(safe_line(text), plain)
        return
    pattern = "|".join(rf"(?<!\w){re.escape(piece)}(?!\w)" for piece in sorted(wanted, key=len, reverse=True))
    at = 0
    for match in re.finditer(pattern, text):
        line.add(safe_line(text[at : match.start()]), Token.DIM)
        line.add(safe_line(match[0]), Token.STRONG)
        at = match.end()
    line.add(safe_line(text[at:]), Token.DIM)


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
