"""What asks a server to stop: SIGTERM, SIGINT (^C) and SIGHUP (its terminal is gone).

Once asked, asking again changes nothing: the end takes seconds at most, and must not be cut off in the middle.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


def asking_to_stop() -> tuple[signal.Signals, ...]:
    """The signals; without those that this process was begun to ignore, as `nohup` does with SIGHUP."""
    known = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    return tuple(number for number in known if signal.getsignal(number) is not signal.SIG_IGN)


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at each of them; where one came, they stay without effect afterwards, else the old handlers are back.

    For the main thread.
    """
    is_asked = False

    def hear(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_asked
        is_asked = True
        stop()

    old = {number: signal.signal(number, hear) for number in asking_to_stop()}
    try:
        yield
    finally:
        if not is_asked:
            for number, handler in old.items():
                signal.signal(number, handler)
