"""`python -m bench`: runs the scenarios, prints the table, writes `bench/results.json`.

Ends with 1 when a budget is broken, so that a person notices; noise of other programs is told beside the figures.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.app import acts, keys, live, memory, starts
from bench.findings import Finding, table
from bench.machine import Moment, description
from bench.server import decisions, reading
from bench.setting import FULL, Setting

Scenario = Callable[[Setting], list[Finding]]
APP: dict[str, Scenario] = {
    "version": starts.version,
    "first-paint": starts.first_paint,
    "idle": live.idle,
    "changed-row": live.changed_row,
    "countdown": live.countdown,
    "busy": live.busy,
    "flood": live.flood,
    "key-bytes": keys.key_bytes,
    "key-to-paint": keys.key_to_paint,
    "tab-switch": acts.tab_switch,
    "decision": acts.decision,
    "client-call": acts.client_call,
    "memory": memory.memory,
    "hour": memory.hour,
}
SERVER: dict[str, Scenario] = {
    "decisions": decisions.decisions,
    "decisions-postgres": decisions.decisions_on_postgres,
    "queue-page": reading.queue_page,
    "metrics": reading.metrics,
}
GROUPS = {"app": APP, "server": SERVER}
SCENARIOS = APP | SERVER
RESULTS = Path(__file__).parent / "results.json"
NOISY_PERCENT = 10.0
LONG = "The scenario `hour` takes an hour, for events come as they do then; with --quick a minute, ten times as fast."


@dataclass(frozen=True, slots=True)
class Measured:
    """What one scenario found, and the share of the machine that others used meanwhile."""

    scenario: str
    findings: list[Finding]
    noise_percent: float


def main(arguments: Sequence[str]) -> int:
    """Measure; 0 when every budget is kept, 1 when one is broken."""
    typed = _parser().parse_args(arguments)
    names = typed.only or [name for group in typed.groups or GROUPS for name in GROUPS[group]]
    runs, many, seconds, requests = (2, 5_000, 5.0, 400) if typed.quick else (5, FULL, 10.0, 1_000)
    measured = []
    with Setting.opened(runs=typed.runs or runs, many=many, seconds=seconds, requests=requests) as setting:
        for name in names:
            print(f"measuring {name} …", file=sys.stderr)
            measured.append(_measure(name, setting))
            print(table(measured[-1].findings), file=sys.stderr, flush=True)
    _report(measured)
    return 1 if any(finding.is_kept is False for one in measured for finding in one.findings) else 0


def _measure(name: str, setting: Setting) -> Measured:
    before = Moment.now(setting.pids())
    findings = SCENARIOS[name](setting)
    return Measured(name, findings, Moment.now(setting.pids()).noise_since(before))


def _report(measured: Sequence[Measured]) -> None:
    print(table(finding for one in measured for finding in one.findings))
    for one in measured:
        if one.noise_percent > NOISY_PERCENT:
            print(f"{one.scenario}: other programs used {one.noise_percent:.0f} % of the machine; measure again")
    RESULTS.write_text(
        json.dumps(
            {
                "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "machine": description(),
                "noise_percent": {one.scenario: round(one.noise_percent, 1) for one in measured},
                "findings": [finding.as_json() for one in measured for finding in one.findings],
            },
            indent=1,
            ensure_ascii=False,
        )
        + "\n"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measures the Command Center's budgets.", epilog=LONG
    )
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"{' or '.join(GROUPS)} (default: all)")
    parser.add_argument("--only", action="append", choices=list(SCENARIOS), help="one scenario; may be repeated")
    parser.add_argument("--runs", type=int, metavar="N", help="repetitions (default: 5)")
    parser.add_argument("--quick", action="store_true", help="2 runs, 5,000 items in place of 100,000")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
