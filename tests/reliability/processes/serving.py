"""Real servers as processes of their own: `cc-server run` on the database of a house."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, Any

import httpx
import pytest

from cc_server.cli.serving.server import bind
from cc_server.db.postgres.url import PostgresUrl
from rig.house import House
from tests.support.patience import PATIENCE_SECONDS

on_postgresql = pytest.mark.parametrize("house", ["postgresql"], indirect=True)
UNLIMITED = "1000000"


@dataclass(frozen=True, slots=True)
class Served:
    """A server that serves."""

    url: str
    pid: int
    said: list[str]
    """What stood on stderr so far."""

    @property
    def socket_url(self) -> str:
        """Where its stream is."""
        return self.url.replace("http", "ws", 1) + "/ws/events"


def environment_of(house: House) -> dict[str, str]:
    """What points a command at the database of a house; a password stands in no command line."""
    address = house.db.address
    return os.environ | {
        "CC_SERVER_DB": address.dsn if isinstance(address, PostgresUrl) else str(address),
        "CC_SERVER_AUDIT_KEY_FILE": str(house.db.seals.file),
        "CC_SERVER_OUTBOX_DIR": str(house.folder / "outbox"),
        "CC_SERVER_RATE_LIMIT": UNLIMITED,
    }


@contextmanager
def nothing_ignored() -> Iterator[None]:
    """What is begun meanwhile hears every signal, though this process ignores some, as what `nohup` begins does."""
    ignored = [one for one in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(one) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)


@contextmanager
def serving(house: House, *more: str) -> Iterator[Served]:
    """`cc-server run` on the database of a house, until the context ends."""
    with bind("127.0.0.1", 0) as free:
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "cc_server", "run", "--port", port, "--hold-seconds", "3600", *more]
    with nothing_ignored():
        begun = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment_of(house))
    with begun as server:
        assert server.stderr is not None
        said: list[str] = []
        try:
            for line in server.stderr:
                said.append(line)
                if "Serving" in line:
                    break
            else:
                raise AssertionError("".join(said))
            threading.Thread(target=_drain, args=(server.stderr, said), daemon=True).start()
            yield Served(f"http://127.0.0.1:{port}", server.pid, said)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(PATIENCE_SECONDS)
    assert not [line for line in said if "Traceback" in line], "".join(said)


@contextmanager
def serving_several(house: House, how_many: int, *more: str) -> Iterator[list[Served]]:
    """Several servers on one database."""
    with ExitStack() as stack:
        yield [stack.enter_context(serving(house, *more)) for _ in range(how_many)]


async def until_ready(server: Served, status: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(base_url=server.url) as http:
        while True:
            try:
                if (await http.get("/ready")).status_code == status:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


async def decided(socket: Any, how_many: int) -> set[str]:
    """The approvals of which a stream that was open all the time tells a decision."""
    found: set[str] = set()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(found) < how_many:
            told = json.loads(await socket.recv())
            frames = told if isinstance(told, list) else [told]
            found |= {frame["id"] for frame in frames if frame.get("type") == "approval.decided"}
    return found


def _drain(pipe: IO[str], said: list[str]) -> None:
    said.extend(pipe)
