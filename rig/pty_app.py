"""Our own commands as a person starts them: a server of its own process, and `cc-tui` in a real terminal.

Nothing here looks inside either of them. Every app gets a home of its own, so that no test sees another's journal.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rig.offspring import MARK, end_offspring, fresh_mark
from rig.terminal import Terminal, terminal_env

BIN: Final = Path(sys.executable).parent
CC_TUI: Final = str(BIN / "cc-tui")
CC_SERVER: Final = str(BIN / "cc-server")
READY_SECONDS: Final = 240.0
_STOP_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Backend:
    """A server that runs, as its ready line tells it."""

    url: str
    api_key: str
    pid: int

    def __repr__(self) -> str:
        return f"Backend({self.url}, pid {self.pid})"


class BackendFailed(AssertionError):
    """The server ended, or said nothing, before it was ready; the message has its last words."""


@contextlib.contextmanager
def simulated_backend(
    db: Path,
    *,
    seed: int = 7,
    rate: float = 0.0,
    approvals: int = 12,
    port: int = 0,
    options: tuple[str, ...] = (),
    within: float = READY_SECONDS,
) -> Iterator[Backend]:
    """Run `cc-server simulate` on loopback; it stops, with all it started, when the block is left.

    Args:
        db: The database file, which may exist.
        rate: How fast things happen; 0: nothing does after the start.
        approvals: How many are pending at the start.
        within: Seconds until it must be ready.

    Raises:
        BackendFailed: it was not.
    """
    ready_read, ready_write = os.pipe()
    argv = [CC_SERVER, "simulate", f"--seed={seed}", f"--rate={rate:g}", f"--approvals={approvals}", f"--port={port}"]
    argv += [f"--db={db}", f"--ready-fd={ready_write}", "--stop-on-stdin-eof", *options]
    mark, log = fresh_mark(), db.with_suffix(".log")
    with log.open("ab") as words:
        server = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=words, stderr=words, env=terminal_env({MARK: mark}),
            pass_fds=[ready_write], start_new_session=True,
        )  # fmt: skip
    os.close(ready_write)
    try:
        yield _read_ready_line(ready_read, server, log, within)
    finally:
        os.close(ready_read)
        _stop(server, mark)


def app_terminal(home: Path, *options: str, backend: Backend | None = None, **terminal: Any) -> Terminal:
    """`cc-tui` with `options` in a terminal, with `home` as its home folder.

    Args:
        backend: Whose URL and key it finds in its environment.
        terminal: What `Terminal` takes: size, line, mute, env.
    """
    env = home_env(home) | dict(terminal.pop("env", None) or {})
    if backend is not None:
        env |= {"CC_TUI_URL": backend.url, "CC_TUI_API_KEY": backend.api_key}
        terminal["partner"] = backend.pid
    return Terminal([CC_TUI, *options], env=env, cwd=terminal.pop("cwd", home), **terminal)


def home_env(home: Path) -> dict[str, str]:
    """What makes `home` the place of config, state and cache."""
    home.mkdir(parents=True, exist_ok=True)
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "share"),
    }


def _stop(server: subprocess.Popen[bytes], mark: str) -> None:
    """End a server that looks at its stdin, and with force what it started and is left of it."""
    if server.stdin is not None:
        server.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(_STOP_SECONDS)
    end_offspring(mark)
    server.wait()


def _read_ready_line(fd: int, server: subprocess.Popen[bytes], log: Path, within: float) -> Backend:
    deadline, line = time.monotonic() + within, b""
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            raise BackendFailed(f"not ready within {within} s; its last words:\n{_last_words(log)}")
        piece = os.read(fd, 4096)
        if not piece:
            raise BackendFailed(f"ended with status {server.wait(5)}; its last words:\n{_last_words(log)}")
        line += piece
    ready = json.loads(line)
    return Backend(ready["url"], ready["api_key"], ready["pid"])


def _last_words(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]
