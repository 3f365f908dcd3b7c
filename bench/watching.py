"""Measures a command in a terminal: when something is visible, what a key costs, what it does when left alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.machine import cpu_seconds
from rig.terminal import NotSeen, Terminal

PARSE_AFTER = 0.004
"""Seconds of silence before output is parsed, so that our parser does not compete with what is measured."""
_KEY_QUIET = 0.06
_KEY_LOST = 1.0
_CALM_CPU = 0.03


@dataclass(frozen=True, slots=True)
class Start:
    """Milliseconds from the start of a command until something was visible."""

    first_paint_ms: float
    filled_ms: float


@dataclass(frozen=True, slots=True)
class KeyCost:
    """What one key did."""

    paint_ms: float
    bytes_out: int


@dataclass(frozen=True, slots=True)
class Rest:
    """What a command did while it was left alone."""

    bytes_per_second: float
    cpu_percent: float


def start_of(terminal: Terminal, first_paint: str, filled: str) -> Start:
    """When the two patterns became visible.

    Raises:
        NotSeen: one did not within 30 s.
    """
    watches = [terminal.watch(pattern) for pattern in (first_paint, filled)]
    first, second = (terminal.wait_seen(watch, within=30.0) - terminal.started_at for watch in watches)
    return Start(first * 1000, second * 1000)


def cost_of_keys(
    terminal: Terminal, names: Sequence[str], quiet: float = _KEY_QUIET, lost: float = _KEY_LOST
) -> list[KeyCost]:
    """Press keys one by one, each when the effect of the one before is over.

    Args:
        quiet: Seconds without output that end a key's effect.
        lost: Seconds after which a key has none.

    Raises:
        NotSeen: a key changed nothing visible within `lost` seconds.
    """
    costs = []
    terminal.wait_silent(quiet)
    for name in names:
        bytes_before, changes_before = terminal.bytes_out, len(terminal.visible_changes())
        pressed = terminal.press(name)
        while len(terminal.visible_changes()) == changes_before:
            if time.monotonic() - pressed > lost:
                raise NotSeen(f"an effect of {name!r}:\n{terminal.text()}")
            terminal.wait_silent(quiet)
        terminal.wait_silent(quiet)
        painted = terminal.visible_changes()[changes_before]
        costs.append(KeyCost((painted - pressed) * 1000, terminal.bytes_out - bytes_before))
    return costs


def paint_of(terminal: Terminal, name: str, pattern: str) -> float:
    """Press a key; milliseconds until `pattern` (multi-line mode), which was not there before, is on the screen.

    Raises:
        NotSeen: it was not within ten seconds.
    """
    watch = terminal.watch(pattern)
    pressed = terminal.press(name)
    return (terminal.wait_seen(watch) - pressed) * 1000


def rest_of(terminal: Terminal, seconds: float, meanwhile: Callable[[float], None] | None = None) -> Rest:
    """Watch for `seconds`; `meanwhile(deadline)` causes what is to be measured, if anything."""
    began, bytes_before, cpu_before = time.monotonic(), terminal.bytes_out, cpu_seconds(terminal.offspring())
    if meanwhile is not None:
        meanwhile(began + seconds)
    time.sleep(max(0.0, began + seconds - time.monotonic()))
    took = time.monotonic() - began
    cpu = cpu_seconds(terminal.offspring()) - cpu_before
    return Rest((terminal.bytes_out - bytes_before) / took, 100 * cpu / took)


def wait_calm(terminal: Terminal, within: float = 120.0) -> None:
    """Wait until a command neither writes nor computes for a second: all that it loads is loaded.

    Raises:
        NotSeen: it went on.
    """
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        before = cpu_seconds(terminal.offspring())
        terminal.wait_silent(1.0, within=max(1.1, deadline - time.monotonic()))
        if cpu_seconds(terminal.offspring()) - before <= _CALM_CPU:
            return
    raise NotSeen(f"calm within {within} s:\n{terminal.text()}")
