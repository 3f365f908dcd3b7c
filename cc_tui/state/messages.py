"""What the app said: the message line's sentence, and all of them under `!`."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cc_tui.state.signal import Signal

MESSAGES_KEPT = 1_000
WARNING_SECONDS = 20.0


class Level(StrEnum):
    """How loud a message is; an error stays until a key."""

    NOTE = "note"
    DONE = "done"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence to the operator.

    `strong` are the pieces of it to set off (names, keys, figures); `until` is the local time in seconds up to
    which a countdown in it runs: `{left}` in the text stands for the seconds left. `short` says the same where the text
    does not fit.
    """

    text: str
    level: Level = Level.NOTE
    at: float = 0.0
    strong: tuple[str, ...] = ()
    until: float | None = None
    right: str = ""
    short: str = ""


class MessageStore:
    """The message shown now, and those before it."""

    def __init__(self) -> None:
        self.shown: Message | None = None
        self.log: deque[Message] = deque(maxlen=MESSAGES_KEPT)
        self.changed: Signal[None] = Signal()

    def say(self, message: Message) -> None:
        """Show `message` and keep it; an error that was not yet acknowledged stays in front of lesser ones."""
        self.log.append(message)
        if self.shown is not None and self.shown.level is Level.ERROR and message.level is not Level.ERROR:
            return
        self.shown = message
        self.changed.emit(None)

    def acknowledge(self) -> None:
        """A key was pressed: an error has been seen, and may go."""
        if self.shown is not None and self.shown.level is Level.ERROR:
            self.shown = None
            self.changed.emit(None)

    def expire(self, now: float) -> None:
        """A warning that has stood for a while goes by itself; `now` is local time in seconds."""
        if self.shown is not None and self.shown.level is Level.WARN and now - self.shown.at > WARNING_SECONDS:
            self.clear()

    def leave_behind(self) -> None:
        """Another tab is shown: a note was about the one before."""
        if self.shown is not None and self.shown.level is Level.NOTE:
            self.clear()

    def outdate(self) -> None:
        """A decision counted: why the key before it did not, and what was not decided yet, is no longer so."""
        if self.shown is not None and self.shown.level in (Level.NOTE, Level.WARN):
            self.clear()

    def outdate_about(self, what: str) -> None:
        """What was said of it is no longer so: that `u` takes it back, for one."""
        if self.shown is not None and what in self.shown.strong:
            self.outdate()

    def clear(self) -> None:
        """Empty the line; the log stays."""
        if self.shown is not None:
            self.shown = None
            self.changed.emit(None)

    def newest(self, count: int) -> Sequence[Message]:
        """The newest `count` messages, newest first."""
        return list(self.log)[-count:][::-1]
