"""The demo: a server with a living business as a process of its own, and the app, started at once.

The server reads a pipe from the app: when it ends, however the app ended, the server stops, removes its folder, exits.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from cc_tui.config.endpoint import Endpoint, NoEndpoint

PREFIX = "cc-tui-demo-"
KEPT = "keep"
"""Marks a folder that the operator asked to keep."""
READY_SECONDS, READY_SECONDS_A_DRAFT = 60.0, 0.005
"""How long a server that says nothing is waited for; one that ended is noticed at once."""
DRAFTS_A_SECOND = 1_000
"""About so many are made on a machine that does something else, too."""


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """What the demo is like: drafts at the start, how lively, which business, which folder to keep."""

    approvals: int = 12
    rate: float = 1.0
    seed: int = 7
    keep: Path | None = None

    @property
    def told(self) -> str:
        """What is made, and how long that takes."""
        minutes = self.approvals / DRAFTS_A_SECOND / 60
        if minutes < 1 / 3:
            return "with a month of history; this takes some seconds"
        about = f"about {minutes:.0f} minutes" if minutes >= 1.5 else "about a minute"
        return f"with a month of history and {self.approvals:,} drafts; this takes {about}"


class Demo:
    """The demo's server, running beside the app."""

    def __init__(self, settings: DemoSettings) -> None:
        self.folder = _folder(settings.keep)
        self._settings = settings
        self._lock = _lock(self.folder)
        ready_read, ready_write = os.pipe()
        self._ready_fd = ready_read
        removal = [] if settings.keep is not None else ["--remove-dir", str(self.folder)]
        command = [
            sys.executable, "-m", "cc_server", "simulate", "--seed", str(settings.seed), "--rate", str(settings.rate),
            "--approvals", str(settings.approvals), "--port", "0", "--db", str(self.folder / "demo.db"),
            "--ready-fd", str(ready_write), "--stop-on-stdin-eof", *removal,
        ]  # fmt: skip
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  (our own server)
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, pass_fds=(ready_write,),
                start_new_session=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
            )  # fmt: skip
        os.close(ready_write)

    @property
    def told(self) -> str:
        """What is made meanwhile, and how long that takes."""
        return self._settings.told

    async def ready(self) -> Endpoint:
        """Wait until the server accepts connections.

        Raises:
            NoEndpoint: it ended, or was silent for longer than it can take; says what it last wrote.
        """
        within = READY_SECONDS + READY_SECONDS_A_DRAFT * self._settings.approvals
        try:
            async with asyncio.timeout(within):
                line = await _first_line(self._ready_fd)
        except TimeoutError:
            raise NoEndpoint(f"the demo's server did not start within {within:.0f} s") from None
        if not line:
            raise NoEndpoint(f"the demo's server did not start: {self._last_words()}")
        told = json.loads(line)
        return Endpoint(str(told["url"]), str(told["api_key"]))

    def close(self) -> None:
        """End the server and wait until it has removed its folder."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._lock)
        if self._settings.keep is None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _last_words(self) -> str:
        try:
            lines = (self.folder / "server.log").read_text(errors="replace").strip().splitlines()
        except OSError:
            return "it left no log"
        return lines[-1] if lines else f"it ended with {self._process.poll()}"


def remove_dead_demos() -> None:
    """Remove folders of demos whose app and server were both killed: nobody holds their lock."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if folder.is_symlink() or not folder.is_dir() or folder.lstat().st_uid != os.getuid():
            continue
        if (folder / KEPT).exists() or _is_being_made(folder):
            continue
        try:
            lock = _lock(folder)
        except OSError:
            continue
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _is_being_made(folder: Path) -> bool:
    """Whether it has no lock yet; one that is older has none any more: its server removed what it knew of."""
    return not (folder / "lock").exists() and time.time() - folder.stat().st_mtime < READY_SECONDS


def _folder(keep: Path | None) -> Path:
    if keep is not None:
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
        (keep / KEPT).touch()
        return keep.resolve()
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-{secrets.token_hex(2)}-"))


def _lock(folder: Path) -> int:
    """Hold the folder's lock; raises BlockingIOError while another demo has it."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


async def _first_line(descriptor: int) -> bytes:
    """Read up to the first line's end, or to the end of the pipe; nobody who leaves meanwhile has to wait for it."""
    reader = asyncio.StreamReader()
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    try:
        return await reader.readline()
    finally:
        transport.close()
