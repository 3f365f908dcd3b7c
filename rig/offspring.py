"""What a command started, wherever it went: found by a mark in the environment, and ended.

A mark is inherited by every child, also by one that left the group, the session or its parent.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from typing import Final

import psutil

MARK: Final = "SUPPORT_TERMINAL_MARK"
_GRACE_SECONDS: Final = 3.0


def fresh_mark() -> str:
    """A mark that nothing bears yet."""
    return uuid.uuid4().hex


def offspring(mark: str) -> list[psutil.Process]:
    """What lives and bears `mark`, zombies excepted."""
    found = []
    for candidate in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if candidate.environ().get(MARK) == mark and candidate.status() != psutil.STATUS_ZOMBIE:
                found.append(candidate)
    return found


def end_offspring(mark: str) -> None:
    """End all that bears `mark`: asked first, killed after 3 s.

    Raises:
        RuntimeError: something outlived SIGKILL.
    """
    asked_at = time.monotonic()
    told: set[int] = set()
    while left := offspring(mark):
        waited = time.monotonic() - asked_at
        for member in left:
            with contextlib.suppress(psutil.Error):
                if waited > _GRACE_SECONDS:
                    member.kill()
                elif member.pid not in told:
                    told.add(member.pid)
                    member.terminate()
                    member.resume()
        if waited > 2 * _GRACE_SECONDS:
            raise RuntimeError(f"not to be ended: {left}")
        psutil.wait_procs(left, timeout=0.2)
