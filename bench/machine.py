"""What the machine does meanwhile: CPU and memory of a tree of programs, and the noise that all others make."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)
_OWN = re.compile(r"^Pss_Anon:\s+(\d+) kB", re.MULTILINE)


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time so far of `pids` and of the children they waited for; those that are gone count nothing."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            total += sum(psutil.Process(pid).cpu_times()[:4])
    return total


def pss_mb(pids: Iterable[int]) -> float:
    """Proportional set size of `pids` together, in MB of 2**20 bytes."""
    return _mb(pids, _PSS)


def own_mb(pids: Iterable[int]) -> float:
    """The part of it that is theirs alone: the rest are files that other programs map too, and moves with those."""
    return _mb(pids, _OWN)


def _mb(pids: Iterable[int], wanted: re.Pattern[str]) -> float:
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            found = wanted.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
            total += int(found[1]) if found else 0
    return total / 1024


@dataclass(frozen=True, slots=True)
class Moment:
    """The machine's counters at one time."""

    at: float
    busy_seconds: float
    own_seconds: float

    @classmethod
    def now(cls, pids: Iterable[int] = ()) -> Moment:
        """Count now; `pids`, this program and what it has started and waited for are not noise."""
        times, own = psutil.cpu_times(), sum(os.times()[:4])
        idle = times.idle + times.iowait + times.guest + times.guest_nice
        return cls(time.monotonic(), sum(times) - idle, own + cpu_seconds(pids))

    def noise_since(self, before: Moment) -> float:
        """Percent of the whole machine that others used in between."""
        seconds = (self.at - before.at) * (os.cpu_count() or 1)
        others = (self.busy_seconds - before.busy_seconds) - (self.own_seconds - before.own_seconds)
        return max(0.0, 100 * others / seconds) if seconds > 0 else 0.0


def description() -> dict[str, Any]:
    """What the results were measured on."""
    return {"cpus": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()}
