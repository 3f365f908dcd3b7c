"""The terminal before Textual has it: on its other screen with a first frame, keys neither echoed nor lost.

Textual takes a fifth of a second to import. Until then what is known can be on the screen already; the driver goes on
from it, and sends only what differs. Knows no Textual.
"""

from __future__ import annotations

import os
import signal
import sys
import termios
from types import FrameType
from typing import Any

from cc_tui.ui.terminal.difference import Pen, difference
from cc_tui.ui.terminal.picture import Picture
from cc_tui.ui.terminal.styles import PLAIN, Styles

CHOSEN_BY = "TEXTUAL_DRIVER"
"""The environment's name for another driver, which is respected."""
OTHER_SCREEN = "\x1b[?1049h"
_HIDE_CURSOR = "\x1b[?25l"
_GIVEN_BACK = "\x1b[?1049l\x1b[?25h"
_ENDINGS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def can_drive() -> bool:
    """Whether nobody chose another, and the terminal can be opened anew: what is set on that is nobody else's."""
    if os.environ.get(CHOSEN_BY):
        return False
    try:
        os.close(open_terminal())
    except (OSError, AttributeError, ValueError):
        return False
    return True


def open_terminal() -> int:
    """The terminal that is drawn on, opened anew, never to be waited for.

    Raises:
        OSError, AttributeError, ValueError: it can't be.
    """
    return os.open(os.ttyname(sys.__stderr__.fileno()), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)  # type: ignore[union-attr]


class TakenTerminal:
    """A terminal that shows a first frame.

    Raises:
        OSError, AttributeError, ValueError, termios.error: it can't be taken; nothing was changed.
    """

    def __init__(self) -> None:
        self._terminal = open_terminal()
        self._keys = sys.__stdin__.fileno()  # type: ignore[union-attr]
        columns, rows = os.get_terminal_size(self._terminal)
        self.attributes: list[Any] = termios.tcgetattr(self._keys)
        """As the shell had them."""
        self.styles = Styles()
        self.picture = Picture(self.styles)
        self.picture.become(columns, rows)
        self._before = {number: signal.signal(number, self._end) for number in _ENDINGS}
        termios.tcsetattr(self._keys, termios.TCSANOW, _quiet(self.attributes))

    def show(self, frame: str) -> None:
        """Draw a frame of text, styles and moves; what the line does not take at once is not known to be shown."""
        blank, pen = Picture(self.styles), Pen()
        blank.become(self.picture.columns, len(self.picture.rows))
        self.picture.draw(frame)
        told = difference(self.styles, blank.rows, self.picture.rows, pen) + self.styles.change(pen.style, PLAIN)
        whole = (OTHER_SCREEN + _HIDE_CURSOR + told).encode("utf-8", "replace")
        try:
            taken = os.write(self._terminal, whole)
        except OSError:
            taken = 0
        if taken < len(whole):
            self.picture.become(self.picture.columns, len(self.picture.rows))

    def hand_over(self) -> None:
        """Another drives it from now on, and gives it back to the shell."""
        for number, before in self._before.items():
            if signal.getsignal(number) == self._end:
                signal.signal(number, before)
        os.close(self._terminal)

    def give_back(self) -> None:
        """To the shell, as it was."""
        os.write(self._terminal, _GIVEN_BACK.encode())
        termios.tcsetattr(self._keys, termios.TCSANOW, self.attributes)
        self.hand_over()

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self.give_back()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def _quiet(attributes: list[Any]) -> list[Any]:
    """Nothing that is typed is shown, held until the line ends, taken for a signal, or read as another key."""
    quiet = list(attributes)
    quiet[0] &= ~(termios.ICRNL | termios.INLCR | termios.IGNCR | termios.IXON)
    quiet[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
    return quiet


class _Handover:
    """The one terminal that this process has taken, until the driver takes it over."""

    terminal: TakenTerminal | None = None


def take() -> TakenTerminal | None:
    """Take the terminal for a first frame; None where it can't be opened anew, or another driver was chosen."""
    if not can_drive():
        return None
    try:
        _Handover.terminal = TakenTerminal()
    except (OSError, AttributeError, ValueError, termios.error):
        return None
    return _Handover.terminal


def taken() -> TakenTerminal | None:
    """The terminal that was taken and is nobody else's yet: it is the caller's from now on."""
    terminal, _Handover.terminal = _Handover.terminal, None
    return terminal


def give_back() -> None:
    """Give it back to the shell, if no driver has taken it over."""
    if (terminal := taken()) is not None:
        terminal.give_back()
