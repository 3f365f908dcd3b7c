"""What goes over the line: the same picture as Textual's own driver draws, in few bytes, and never waited for."""

from __future__ import annotations

import signal
from pathlib import Path
from statistics import median

import pytest

from bench.watching import cost_of_keys, rest_of
from rig.direct_api import DirectApi
from rig.line import Line
from rig.pty_app import Backend, app_terminal
from rig.screen import Screen
from rig.terminal import PATIENCE_SECONDS, Terminal
from tests.e2e.conftest import ready

STOCK = {"TEXTUAL_DRIVER": "textual.drivers.linux_driver:LinuxDriver"}
KEYS = ("down", "down", "v", "v", "J", "1", "3", "enter", "escape", "5", "space", "!", "escape", "G", "g")
LIST_ONLY_COLUMNS = 79


def at_rest(terminal: Terminal) -> None:
    """Wait until nothing more comes."""
    terminal.wait_for(r"pending \d")
    terminal.wait_gone("Connecting")
    terminal.wait_gone(r"\bloading\b")
    terminal.wait_silent(1.0)


def cells(screen: Screen) -> list[list[tuple[object, ...]]]:
    """Every cell as one sees it: of a blank, its ground."""
    return [
        [(one.data, one.bg) if one.data == " " else (one.data, one.bg, one.fg, one.bold) for one in screen.cells(row)]
        for row in range(len(screen.rows()))
    ]


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (45, 30)], ids=["120x40", "80x24", "45x30"])
def test_every_cell_is_as_with_textuals_own_driver(tmp_path: Path, backend: Backend, size: tuple[int, int]) -> None:
    cols, rows = size
    with (
        app_terminal(tmp_path / "ours", "--tab", "approvals", backend=backend, cols=cols, rows=rows) as ours,
        app_terminal(
            tmp_path / "stock", "--tab", "approvals", backend=backend, cols=cols, rows=rows, env=STOCK
        ) as stock,
    ):
        for terminal in (ours, stock):
            at_rest(terminal)
        for key in KEYS:
            for terminal in (ours, stock):
                terminal.press(key)
            for terminal in (ours, stock):
                terminal.wait_silent(0.6)
            stock.wait_until(f"the same after {key}", lambda _rows: stock.inspect(cells) == ours.inspect(cells))
        for terminal in (ours, stock):
            terminal.resize(cols + 7, rows + 3)
            terminal.wait_silent(1.0)
        stock.wait_until("the same at another size", lambda _rows: stock.inspect(cells) == ours.inspect(cells))
        assert ours.bytes_out < stock.bytes_out / 2


def test_keys_in_the_list_cost_few_bytes(home: Path, backend: Backend) -> None:
    with app_terminal(home, "--tab", "approvals", backend=backend, cols=LIST_ONLY_COLUMNS) as terminal:
        at_rest(terminal)
        costs = cost_of_keys(terminal, ("down",) * 8 + ("up",) * 8, lost=PATIENCE_SECONDS)
    assert median(cost.bytes_out for cost in costs) <= 200


def test_keys_with_the_draft_beside_cost_few_bytes(home: Path, backend: Backend) -> None:
    with app_terminal(home, "--tab", "approvals", backend=backend) as terminal:
        ready(terminal)
        at_rest(terminal)
        costs = cost_of_keys(terminal, ("down",) * 5 + ("up",) * 5, quiet=0.5, lost=PATIENCE_SECONDS)
    assert median(cost.bytes_out for cost in costs) <= 3_000


def test_a_row_that_somebody_changes_costs_few_bytes(home: Path, backend: Backend, api: DirectApi) -> None:
    with app_terminal(home, "--tab", "approvals", backend=backend, cols=LIST_ONLY_COLUMNS) as terminal:
        at_rest(terminal)
        before = terminal.bytes_out
        api.edit(api.approvals(limit=3)[1], subject="Changed by somebody else")
        terminal.wait_for("Changed by somebody else")
        terminal.wait_silent(1.0)
        assert terminal.bytes_out - before <= 300


def test_nothing_is_written_while_nothing_happens(home: Path, backend: Backend) -> None:
    with app_terminal(home, "--tab", "approvals", backend=backend) as terminal:
        ready(terminal)
        terminal.wait_silent(2.0)
        assert any(rest_of(terminal, 4.0).bytes_per_second == 0 for _ in range(4))  # now and then an age grows


def test_a_terminal_that_takes_nothing_does_not_hold_up_the_end(home: Path, backend: Backend) -> None:
    stuck = Line(bytes_per_second=400, buffer_bytes=1 << 10)
    with app_terminal(home, "--tab", "approvals", backend=backend, line=stuck) as terminal:
        terminal.wait_bytes(b"\x1b[?1049h")
        for _ in range(30):
            terminal.press("1", "3", "5")
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_exit() == 0
