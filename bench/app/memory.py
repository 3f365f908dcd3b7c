"""How much memory the app takes: with a short queue, with a long one, and after an hour in which much happened."""

from __future__ import annotations

import time

from bench.app.flood import Flood, flooded
from bench.app.happenings import a_business_day
from bench.findings import Finding, Samples
from bench.machine import own_mb, pss_mb
from bench.setting import FEW, Setting
from bench.watching import wait_calm
from rig.direct_api import DirectApi
from rig.terminal import Terminal

FEW_MB, MANY_MB = 60, 120
A_SECOND = 20
HOUR_EVENTS = 3_600 * A_SECOND
HOUR_GROWTH = 1.0
MINUTE_EVENTS = 60 * A_SECOND
QUICK_EVENTS, QUICK_TIMES = 3_600, 10
"""A quick run lets fewer come, and faster: much follows time and frames, so that it tells less than the hour does."""
_TABS = "135"
_SETTLED_SECONDS = 10.0
"""After so long the app has put away what it needed to start."""


def memory(setting: Setting) -> list[Finding]:
    """Proportional set size with everything loaded."""
    return [
        Finding(f"memory, {approvals:,} items", "MB", _samples(setting, approvals, runs), budget=budget)
        for approvals, runs, budget in ((FEW, setting.runs, FEW_MB), (setting.many, min(2, setting.runs), MANY_MB))
    ]


def hour(setting: Setting) -> list[Finding]:
    """An hour of 20 events a second, once every tab was shown, and what of its growth comes after the first minute.

    Only what is the app's own can grow; it is set beside all that it takes. A quick run is short and ten times as fast.
    """
    events, rate = (HOUR_EVENTS, A_SECOND) if setting.is_full else (QUICK_EVENTS, QUICK_TIMES * A_SECOND)
    name = f"an hour at {A_SECOND} events/s" if setting.is_full else f"{events:,} events at {rate}/s"
    start = "minute" if setting.is_full else f"{MINUTE_EVENTS:,} events"
    with DirectApi(setting.backend(FEW)) as api:
        happens = a_business_day(
            api.approvals(limit=FEW), api.get("/api/agents")["items"], api.get("/api/dashboard/stats")["recent_runs"]
        )
    stream = Flood(happens, rate)
    with flooded(setting.backend(FEW), stream) as backend, setting.ours_at_rest(FEW, backend=backend) as terminal:
        for tab in _TABS:
            terminal.press(tab)
            wait_calm(terminal)
        time.sleep(_SETTLED_SECONDS)
        all_of_it, before = pss_mb(terminal.offspring()), own_mb(terminal.offspring())
        _let_happen(stream, MINUTE_EVENTS, rate, terminal)
        minute = own_mb(terminal.offspring())
        _let_happen(stream, events - MINUTE_EVENTS, rate, terminal)
        after = own_mb(terminal.offspring())
    return [
        _growth(f"memory after {name} ({all_of_it:.1f} MB before)", after - before, all_of_it, HOUR_GROWTH),
        _growth(f"of that, after the first {start}", after - minute, all_of_it, None),
    ]


def _growth(name: str, grown: float, before: float, budget: float | None) -> Finding:
    return Finding(name, "% more", Samples("cc-tui", (100 * grown / before,)), budget=budget)


def _let_happen(stream: Flood, events: int, rate: int, terminal: Terminal) -> None:
    """Let so many events come, and the app take them."""
    until = stream.sent + events
    while stream.sent < until:
        stream.until(time.monotonic() + max(0.5, (until - stream.sent) / rate))
    wait_calm(terminal)


def _samples(setting: Setting, approvals: int, runs: int) -> Samples:
    sizes = []
    for _ in range(runs):
        with setting.ours_at_rest(approvals) as terminal:
            sizes.append(pss_mb(terminal.offspring()))
    return Samples("cc-tui", tuple(sizes))
