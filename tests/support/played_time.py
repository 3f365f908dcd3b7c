"""Time that a test plays: it stands still while anything is left to do, and then jumps to the next appointment.

So what a test sees does not depend on how fast the machine is, and waiting costs nothing. While a thread works for the
loop, time passes as it does outside.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar, TypeVarTuple, Unpack

import pytest
from textual import _time, _wait

GivenTs = TypeVarTuple("GivenTs")
GotT = TypeVar("GotT")


class PlayedTime:
    """What the time is, for all loops of a test process."""

    def __init__(self) -> None:
        self.now = time.monotonic()

    def __call__(self) -> float:
        """Seconds; comparable with one another only."""
        return self.now


played_time = PlayedTime()


class _Selector(selectors.DefaultSelector):
    """Instead of waiting for an appointment, it lets the time of the appointment come."""

    threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What can be read and written; an empty list: the time has come."""
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self.threads or timeout is None:
            began = time.monotonic()
            ready = super().select(timeout)
            passed = time.monotonic() - began
            played_time.now += passed if ready or timeout is None else timeout
            return ready
        played_time.now += timeout
        return ready


class PlayedLoop(asyncio.SelectorEventLoop):
    """An event loop in played time."""

    def __init__(self) -> None:
        self._sockets = _Selector()
        super().__init__(self._sockets)

    def time(self) -> float:
        """The time that is played."""
        return played_time.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[GivenTs]], GotT], *args: *GivenTs
    ) -> asyncio.Future[GotT]:
        """Have it done by a thread."""
        self._sockets.threads += 1
        done = super().run_in_executor(executor, func, *args)
        done.add_done_callback(self._thread_ended)
        return done

    def _thread_ended(self, _done: object) -> None:
        self._sockets.threads -= 1


def played(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual goes by the time that is played, and by nothing else: who sleeps there is idle."""
    monkeypatch.setattr(_time, "get_time", played_time)
    monkeypatch.setattr(_wait, "monotonic", played_time)
    monkeypatch.setattr(_wait, "process_time", lambda: 0.0)
    monkeypatch.setattr(asyncio.events, "new_event_loop", PlayedLoop)
