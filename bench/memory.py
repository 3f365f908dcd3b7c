"""How much memory the app takes, with a short queue and with a long one."""

from __future__ import annotations

from bench.findings import Finding, Samples
from bench.machine import pss_mb
from bench.setting import FEW, Setting

FEW_MB, MANY_MB = 60, 120


def memory(setting: Setting) -> list[Finding]:
    """Proportional set size with everything loaded."""
    return [
        Finding(f"memory, {approvals:,} items", "MB", _samples(setting, approvals, runs), budget=budget)
        for approvals, runs, budget in ((FEW, setting.runs, FEW_MB), (setting.many, min(2, setting.runs), MANY_MB))
    ]


def _samples(setting: Setting, approvals: int, runs: int) -> Samples:
    sizes = []
    for _ in range(runs):
        with setting.ours_at_rest(approvals) as terminal:
            sizes.append(pss_mb(terminal.offspring()))
    return Samples("cc-tui", tuple(sizes))
