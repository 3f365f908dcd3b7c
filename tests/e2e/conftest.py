"""End to end: our own commands as a person starts them, a real server, a real pty, real files."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from rig.direct_api import DirectApi
from rig.offspring import MARK, end_offspring, fresh_mark
from rig.pty_app import CC_SERVER, Backend, simulated_backend
from rig.terminal import PATIENCE_SECONDS, Terminal, terminal_env
from tests.support.patience import until

PRESSED_SECONDS = 0.3
"""At rest so long after a key, the app says what became of it."""
LOOKED_AT_SECONDS = 0.9
"""At rest so long, a draft was looked at."""


@pytest.fixture(scope="session")
def business(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a business with thirty days behind it and twelve pending drafts; copied, never used itself."""
    db = tmp_path_factory.mktemp("business") / "business.db"
    with simulated_backend(db):
        pass
    return db


def copy_business(business: Path, to: Path) -> None:
    """A copy of the database, with the key that its audit trail is sealed with."""
    for ending in ("", ".audit-key"):
        shutil.copy(f"{business}{ending}", f"{to}{ending}")


@pytest.fixture
def backend(business: Path, tmp_path: Path) -> Iterator[Backend]:
    """Twelve drafts wait, nothing happens by itself, what is approved is held for longer than any test."""
    copy_business(business, tmp_path / "business.db")
    with simulated_backend(tmp_path / "business.db", options=("--hold-seconds", "600")) as found:
        yield found


@pytest.fixture
def api(backend: Backend) -> Iterator[DirectApi]:
    """Somebody else at the same server."""
    with DirectApi(backend) as found:
        yield found


@dataclass
class Server:
    """`cc-server run` on a database that a simulation left behind; it can be killed and started again."""

    db: Path
    api_key: str
    port: int
    hold_seconds: int = 600
    _mark: str = field(default_factory=fresh_mark)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def backend(self) -> Backend:
        """Where it is."""
        return Backend(f"http://127.0.0.1:{self.port}", self.api_key, self._process.pid if self._process else 0)

    @property
    def outbox(self) -> list[Path]:
        """What left."""
        return sorted((self.db.parent / "outbox").glob("apr_*"))

    def start(self) -> None:
        """Start it and wait until it answers."""
        assert self._process is None, "it runs already"
        argv = [CC_SERVER, "run", f"--db={self.db}", f"--port={self.port}", f"--hold-seconds={self.hold_seconds}"]
        with self.db.with_suffix(".run.log").open("ab") as log:
            self._process = subprocess.Popen(argv, stdout=log, stderr=log, env=terminal_env({MARK: self._mark}))
        until(self._answers, "an answer of the server")

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.ConnectError):
            return httpx.get(f"{self.backend.url}/health", trust_env=False, timeout=PATIENCE_SECONDS).is_success
        return False

    def kill(self) -> None:
        """As a power cut does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def end(self) -> None:
        """Gone, with all it started."""
        end_offspring(self._mark)
        if self._process is not None:
            self._process.wait()


@pytest.fixture
def server(business: Path, tmp_path: Path) -> Iterator[Server]:
    """A server with twelve pending drafts that can be killed and started again on its port."""
    db = tmp_path / "house" / "business.db"
    db.parent.mkdir()
    copy_business(business, db)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = int(probe.getsockname()[1])
    found = Server(db, new_key(db, "ana"), port)
    found.start()
    try:
        yield found
    finally:
        found.end()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of one's own."""
    return tmp_path / "home"


def new_key(db: Path, name: str) -> str:
    """A key for somebody."""
    argv = [CC_SERVER, "keys", "create", name, f"--db={db}"]
    made = subprocess.run(argv, capture_output=True, text=True, check=True, env=terminal_env())
    return made.stdout.strip()


def ready(terminal: Terminal) -> None:
    """Wait until the queue and a draft are on screen, and the stream is up."""
    terminal.wait_for(r"pending \d")
    terminal.wait_for(r"live\s*$")
    terminal.wait_for(r"Subject|risk \d+")
    terminal.wait_gone(r"\bloading\b")


def decide(terminal: Terminal, key: str, seen: str) -> None:
    """Press a key as a patient person does: again, after a pause, when it is told that it did not count."""
    swallowed = rf"\b{key} (did not count|ignored)"
    for _ in range(6):
        terminal.press(key)
        terminal.wait_silent(PRESSED_SECONDS)
        terminal.wait_for(rf"{seen}|{swallowed}")
        if re.search(seen, terminal.text(), re.MULTILINE):
            return
        terminal.wait_silent(LOOKED_AT_SECONDS)
    raise AssertionError(f"{key!r} never led to {seen!r}\n{terminal.text()}")


def eventually(holds: Callable[[], bool], terminal: Terminal, sentence: str) -> None:
    """Wait for something that is not on the screen."""
    terminal.wait_until(sentence, lambda _rows: holds())


def statuses(api: DirectApi) -> dict[str, int]:
    """How many approvals are in each state."""
    return {name: len(api.approvals(status=name)) for name in ("pending", "rejected")} | {
        "approved": len(api.approvals(status="approved", sort="-created", limit=500))
    }


def leftovers(pid: int) -> bool:
    """Whether a process still lives."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
