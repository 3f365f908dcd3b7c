"""What the app costs while nobody types: left alone, with one row changing, with 20 and with 1,000 events a second."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

from bench.app.flood import Flood, flooded
from bench.app.happenings import edits
from bench.findings import Finding, Samples
from bench.setting import FEW, LIST_ONLY_COLUMNS, Setting
from bench.watching import Rest, rest_of
from rig.direct_api import DirectApi
from rig.pty_app import simulated_backend
from rig.terminal import Terminal

IDLE_BYTES, IDLE_CPU = 0, 0.3
ROW_BYTES = 300
COUNTDOWN_BYTES, HOLD_SECONDS, HOLD_RUNS = 150, 59, 3
COUNTS_DOWN = r"held \d+ s"
BUSY_EVENTS, BUSY_BYTES, BUSY_CPU = 20, 15_000, 5
FLOOD_EVENTS, FLOOD_BYTES, FLOOD_CPU = 1_000, 60_000, 35
FLOOD_LEAST = 0.9
"""Of its events must have been taken for the figures to count: a stream that waits for the app sends fewer."""
_ROW_QUIET = 0.5


def idle(setting: Setting) -> list[Finding]:
    """Nothing arrives, nothing counts down, nobody types."""
    with setting.ours_at_rest(FEW) as terminal:
        rests = [rest_of(terminal, setting.seconds) for _ in range(setting.runs)]
    return _findings("idle", rests, IDLE_BYTES, IDLE_CPU)


def changed_row(setting: Setting) -> list[Finding]:
    """Somebody else edits a draft that is in the list and not in the preview."""
    with DirectApi(setting.backend(FEW)) as api, setting.ours_at_rest(FEW, LIST_ONLY_COLUMNS) as terminal:
        sizes = [_bytes_of_edit(api, terminal, number) for number in range(setting.runs)]
    return [Finding("bytes of a changed row", "B", Samples("cc-tui", tuple(sizes)), budget=ROW_BYTES)]


def countdown(setting: Setting) -> list[Finding]:
    """A delivery is held: the seconds until it leaves run down on the screen."""
    db = setting.folder() / "held.db"
    held = simulated_backend(db, approvals=FEW, options=(f"--hold-seconds={HOLD_SECONDS}",))
    with held as backend, DirectApi(backend) as api, setting.ours_at_rest(FEW, backend=backend) as terminal:
        api.approve(next(item for item in api.approvals(limit=FEW) if item["safe"]))
        terminal.wait_for(COUNTS_DOWN)
        rests = [rest_of(terminal, setting.seconds) for _ in range(HOLD_RUNS)]
    sent = Samples("cc-tui", tuple(rest.bytes_per_second for rest in rests))
    return [Finding("a countdown: bytes", "B/s", sent, budget=COUNTDOWN_BYTES)]


def busy(setting: Setting) -> list[Finding]:
    """Somebody else edits drafts, 20 times a second."""
    with DirectApi(setting.backend(FEW)) as api, setting.ours_at_rest(FEW) as terminal:
        rests = [rest_of(terminal, setting.seconds, _edits(api, run)) for run in range(setting.runs)]
    return _findings(f"{BUSY_EVENTS} events/s", rests, BUSY_BYTES, BUSY_CPU)


def flood(setting: Setting) -> list[Finding]:
    """All that is on the screen changes, 1,000 times a second, from a stream that makes nothing else wait."""
    with DirectApi(setting.backend(FEW)) as api:
        stream = Flood(edits(api.approvals(limit=FEW)), FLOOD_EVENTS)
    rests, rates = [], []
    with flooded(setting.backend(FEW), stream) as backend, setting.ours_at_rest(FEW, backend=backend) as terminal:
        for _ in range(setting.runs):
            before = stream.sent
            rests.append(rest_of(terminal, setting.seconds, stream.until))
            rates.append((stream.sent - before) / setting.seconds)
            terminal.wait_for("of many")
    name = f"{FLOOD_EVENTS:,} events/s"
    taken = Samples("cc-tui", tuple(rates))
    return [
        Finding(f"{name}: taken", "/s", taken, floor=FLOOD_LEAST * FLOOD_EVENTS),
        *_findings(name, rests, FLOOD_BYTES, FLOOD_CPU),
    ]


def _bytes_of_edit(api: DirectApi, terminal: Terminal, number: int) -> float:
    shown = terminal.text()
    other = [item for item in api.approvals(limit=FEW) if shown.count(item["subject"][:12]) == 1]
    before = terminal.bytes_out
    api.edit(other[0], subject=f"Changed {number} {other[0]['subject']}"[:120])
    terminal.wait_for(f"Changed {number}")
    terminal.wait_silent(_ROW_QUIET)
    return terminal.bytes_out - before


def _edits(api: DirectApi, run: int) -> Callable[[float], None]:
    def until(deadline: float) -> None:
        drafts = api.approvals(limit=FEW)
        due = time.monotonic()
        for number in itertools.count():
            if time.monotonic() >= deadline:
                return
            place = number % len(drafts)
            drafts[place] = api.edit(drafts[place], subject=f"Run {run} edit {number}")
            due += 1 / BUSY_EVENTS
            time.sleep(max(0.0, due - time.monotonic()))

    return until


def _findings(name: str, rests: list[Rest], most_bytes: float, most_cpu: float) -> list[Finding]:
    sent = Samples("cc-tui", tuple(rest.bytes_per_second for rest in rests))
    cpu = Samples("cc-tui", tuple(rest.cpu_percent for rest in rests))
    return [
        Finding(f"{name}: bytes", "B/s", sent, budget=most_bytes),
        Finding(f"{name}: CPU of one core", "%", cpu, budget=most_cpu),
    ]
