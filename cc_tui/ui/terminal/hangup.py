"""Ends the app when its terminal is gone: the window was closed, the connection cut.

Textual's writer then waits for ever for a terminal that takes nothing more, and holds up the loop in which signals are
handled; so a thread of its own watches the terminal. Decisions are on the disk already.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial

HUNG_UP = 129
"""The exit code of a program that its terminal's end has ended (128 + SIGHUP)."""
LAST_SECONDS = 3.0
"""How long the app may take to leave in good order."""


def leave_when_told(leave: Callable[[], object], *, has_terminal: bool) -> None:
    """Have `leave` called on SIGTERM, SIGHUP and SIGINT, and when the terminal (if there is one) is gone."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        loop.add_signal_handler(number, leave)
    if has_terminal and sys.__stdin__ is not None:
        watch(sys.__stdin__.fileno(), partial(loop.call_soon_threadsafe, leave))


def last_words(kept: int) -> str | None:
    """What is told to the shell of decisions that were not delivered."""
    return f"{kept} decision{'s are' if kept > 1 else ' is'} kept and offered at the next start" if kept else None


def watch(descriptor: int, leave: Callable[[], object]) -> None:
    """Have `leave` called, in another thread, when the terminal behind `descriptor` hangs up; then end in any case."""
    threading.Thread(target=_wait, args=(descriptor, leave), name="cc-hangup", daemon=True).start()


def _wait(descriptor: int, leave: Callable[[], object]) -> None:
    poll = select.poll()
    poll.register(descriptor, 0)
    while not any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _fd, event in poll.poll()):
        pass
    leave()
    threading.Event().wait(LAST_SECONDS)
    os._exit(HUNG_UP)
