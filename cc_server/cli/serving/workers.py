"""Several server processes behind one port: `cc-server run --workers N`, on PostgreSQL.

The parent binds the port, forks before any thread runs, and watches: a worker that dies is replaced, one that can't
begin ends them all, and a signal to stop is passed on. It serves nothing itself.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable

from cc_server.cli.serving.signals import asking_to_stop, stopped_by_signals

LOOK_SECONDS = 0.1
AGAIN_SECONDS = 1.0
"""How long it waits before it replaces a worker, so that one that dies at once is not begun in a circle."""
_log = logging.getLogger("cc_server.workers")


class Once:
    """Something that one of several processes does: made before they are forked, had by whichever asks first."""

    def __init__(self) -> None:
        self._word, pen = os.pipe()
        os.write(pen, b"1")
        os.close(pen)

    def is_mine(self) -> bool:
        """Whether it falls to this process; true once, in one of them."""
        return os.read(self._word, 1) != b""


class Workers:
    """Processes that all do the same.

    Args:
        how_many: of them.
        serve: what each does; returns its exit code.
        cannot_begin: the exit code of one that would fail again.
        before_stopping: what is done first when they are to stop.
        ended: is told of each that ended.
    """

    def __init__(
        self,
        how_many: int,
        serve: Callable[[], int],
        cannot_begin: int,
        before_stopping: Callable[[], None],
        ended: Callable[[int], None],
    ) -> None:
        self._how_many = how_many
        self._serve = serve
        self._cannot_begin = cannot_begin
        self._before_stopping = before_stopping
        self._tell_ended = ended
        self._pids: set[int] = set()
        self._is_stopping = False

    def run(self) -> int:
        """Keep them at work until asked to stop; the exit code: 0, or that of the one that could not begin."""
        code = 0
        with stopped_by_signals(self._stop):
            for _ in range(self._how_many):
                self._begin_one()
            while self._pids:
                code = self._ended(*_next_ended()) or code
        return code

    def _begin_one(self) -> None:
        asking = asking_to_stop()
        unmasked = signal.pthread_sigmask(signal.SIG_BLOCK, asking)  # the parent's handler is not for a child
        pid = os.fork()
        if pid:
            self._pids.add(pid)
            signal.pthread_sigmask(signal.SIG_SETMASK, unmasked)
            if self._is_stopping:  # asked before the fork
                os.kill(pid, signal.SIGTERM)
            return
        for number in asking:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, unmasked)
        code = 1
        try:
            code = self._serve()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _ended(self, pid: int, status: int) -> int:
        """One ended: replace it, or end the others too; the exit code where it tells something."""
        self._pids.discard(pid)
        self._tell_ended(pid)
        code = os.waitstatus_to_exitcode(status)
        if self._is_stopping:
            return 0
        if code == self._cannot_begin:
            self._stop()
            return code
        _log.warning("worker %d ended (%d); another takes its place", pid, code)
        time.sleep(AGAIN_SECONDS)
        if not self._is_stopping:
            self._begin_one()
        return 0

    def _stop(self) -> None:
        if not self._is_stopping:
            self._is_stopping = True
            self._before_stopping()
        for pid in tuple(self._pids):
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.kill(pid, signal.SIGTERM)


def _next_ended() -> tuple[int, int]:
    """The next child that ends, and how.

    It is looked for, not waited for: a signal that comes just before the wait would be heard only after it.
    """
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid:
            return pid, status
        time.sleep(LOOK_SECONDS)
