"""What a command started, wherever it went: found by a mark in the environment, and ended.

A mark is inherited by every child, also by one that left the group, the session or its parent.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from pathlib import Path
from typing import Final

import psutil

MARK: Final = "SUPPORT_TERMINAL_MARK"
_GRACE_SECONDS: Final = 3.0
_PATIENCE_SECONDS: Final = 60.0
_AT_WORK: Final = frozenset({b"R", b"D", b"T", b"t"})


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


def is_at_work(*pids: int) -> bool:
    """Whether one of these, or what it started, computes, waits for a processor or a disk, or is stopped."""
    return any(_is_tree_at_work(pid) for pid in pids if pid > 0)


def _is_tree_at_work(pid: int) -> bool:
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(OSError):  # it is gone
            state = (thread / "stat").read_bytes().rpartition(b")")[2].split()[0]
            children = (thread / "children").read_text().split()
            if state in _AT_WORK or any(_is_tree_at_work(int(child)) for child in children):
                return True
    return False


def end_offspring(mark: str) -> None:
    """End all that bears `mark`: asked first, killed after 3 s.

    Raises:
        RuntimeError: something outlived SIGKILL for a minute.
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
        if waited > _PATIENCE_SECONDS:
            raise RuntimeError(f"not to be ended: {left}")
        psutil.wait_procs(left, timeout=0.2)
