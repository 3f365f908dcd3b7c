"""How long until something is seen: the app's first paint and its first rows, and the shortest command."""

from __future__ import annotations

import subprocess
import sys
import time

from bench.findings import Finding, Samples
from bench.setting import FEW, FIRST_PAINT, Setting
from bench.watching import Start, start_of
from rig.pty_app import CC_TUI
from rig.terminal import terminal_env

FIRST_PAINT_BUDGET, FILLED_BUDGET, VERSION_BUDGET = 1.0, 1.5, 1.5


def first_paint(setting: Setting) -> list[Finding]:
    """Our start with a server on loopback, in turns with the minimal app's; the first pair warms up and is dropped."""
    filled = setting.filled(FEW)
    ours: list[Start] = []
    minimal: list[Start] = []
    for _ in range(setting.runs + 1):
        with setting.minimal() as terminal:
            minimal.append(start_of(terminal, r"\S", r"row-010"))
        with setting.ours(FEW) as terminal:
            ours.append(start_of(terminal, FIRST_PAINT, filled))
    paint = Samples("minimal app", tuple(start.first_paint_ms for start in minimal[1:]))
    rows = Samples("minimal app", tuple(start.filled_ms for start in minimal[1:]))
    return [
        Finding(
            "first paint",
            "ms",
            Samples("cc-tui", tuple(start.first_paint_ms for start in ours[1:])),
            paint,
            FIRST_PAINT_BUDGET,
        ),
        Finding(
            "rows on screen", "ms", Samples("cc-tui", tuple(start.filled_ms for start in ours[1:])), rows, FILLED_BUDGET
        ),
    ]


def version(setting: Setting) -> list[Finding]:
    """`cc-tui --version` in turns with the import of typer."""
    ours, typer = [], []
    for _ in range(2 * setting.runs + 1):
        ours.append(_milliseconds([CC_TUI, "--version"]))
        typer.append(_milliseconds([sys.executable, "-c", "import typer"]))
    beside = Samples("import typer", tuple(typer[1:]))
    return [Finding("--version", "ms", Samples("cc-tui", tuple(ours[1:])), beside, VERSION_BUDGET)]


def _milliseconds(argv: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(argv, env=terminal_env(), stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - began) * 1000
