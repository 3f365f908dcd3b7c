"""The terminal before the app is there: something is seen, no key is lost, and it stays the shell's own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rig.pty_app import Backend, app_terminal, simulated_backend
from rig.terminal import Terminal

MOUSE_ON = b"\x1b[?1000h"
"""The first thing that Textual asks of a terminal which it has taken."""
BARS = r"5 Approvals"
LIVE = r"\blive$"
AT_THE_TOP, BELOW = "▌", " "
CLOSED = """
import os, sys, time

class Gate:
    def find_spec(self, name, path=None, target=None):
        if name == "textual":
            sys.meta_path.remove(self)
            while not os.path.exists({opened!r}):
                time.sleep(0.01)

sys.meta_path.insert(0, Gate())
"""


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with simulated_backend(tmp_path_factory.mktemp("first") / "first.db") as backend:
        yield backend


@dataclass(frozen=True)
class Gate:
    """Before it is opened, Textual is not there: the app stands at its first frame."""

    folder: Path

    @property
    def env(self) -> dict[str, str]:
        self.folder.mkdir()
        (self.folder / "sitecustomize.py").write_text(CLOSED.format(opened=str(self.folder / "opened")))
        return {"PYTHONPATH": str(self.folder)}

    def open(self) -> None:
        (self.folder / "opened").touch()


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "gate")


def started(home: Path, backend: Backend, env: dict[str, str] | None = None, tab: str = "approvals") -> Terminal:
    return app_terminal(home, "--tab", tab, backend=backend, env=env)


def first_row(screen: list[str]) -> str:
    """The first row of the list; right of the line stands the draft."""
    return next((row for row in screen if "@" in row.partition("│")[0]), "")


def test_the_bars_are_drawn_before_the_app_is_there_and_the_rows_come(
    tmp_path: Path, backend: Backend, gate: Gate
) -> None:
    with started(tmp_path, backend, gate.env) as terminal:
        terminal.wait_for(BARS)
        assert MOUSE_ON not in terminal.output()
        gate.open()
        terminal.wait_for(LIVE)
        assert first_row(terminal.screen()).startswith(AT_THE_TOP)


def test_a_key_that_is_pressed_before_the_app_is_there_moves_the_cursor_and_is_not_echoed(
    tmp_path: Path, backend: Backend, gate: Gate
) -> None:
    with started(tmp_path, backend, gate.env) as terminal:
        terminal.wait_for(BARS)
        terminal.press("G")
        assert MOUSE_ON not in terminal.output()
        gate.open()
        terminal.wait_for(LIVE)
        terminal.wait_until("the cursor has left the first row", lambda rows: first_row(rows).startswith(BELOW))
        assert b"\x1b[?1049hG" not in terminal.output()


@pytest.mark.parametrize("typed", [b"\r", b"\n"], ids=["as it is", "as a shell's terminal reads it"])
def test_enter_pressed_before_the_app_is_there_is_enter(
    tmp_path: Path, backend: Backend, gate: Gate, typed: bytes
) -> None:
    with started(tmp_path, backend, gate.env, tab="agents") as terminal:
        terminal.wait_for("3 Agents")
        terminal.write(typed)
        assert MOUSE_ON not in terminal.output()
        gate.open()
        terminal.wait_for(LIVE)
        terminal.wait_silent(0.5)
        assert "^j" not in terminal.text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_who_ends_it_before_the_app_is_there_finds_the_terminal_as_it_was(
    tmp_path: Path, backend: Backend, gate: Gate, number: signal.Signals
) -> None:
    with started(tmp_path, backend, gate.env) as terminal:
        terminal.wait_for(BARS)
        os.kill(terminal.pid, number)
        assert terminal.wait_exit() == -number
        assert terminal.modes_left() == []


def test_another_driver_has_the_terminal_to_itself(tmp_path: Path, backend: Backend) -> None:
    chosen = {"TEXTUAL_DRIVER": "textual.drivers.linux_driver:LinuxDriver"}
    with started(tmp_path, backend, chosen) as terminal:
        terminal.wait_for(BARS)
        assert MOUSE_ON in terminal.output()
