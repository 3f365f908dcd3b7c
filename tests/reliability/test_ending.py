"""A server that is asked to stop ends within seconds, whatever its database does."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import psutil
import pytest

from cc_server.cli.serving.workers import Workers
from rig.house import FoundedOnPostgres, House, found_on_postgres
from rig.postgres import Postgres
from tests.reliability.processes import Served, serving

PATIENCE_SECONDS = 20.0
_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
_STUCK = "SELECT count(*) FROM pg_locks WHERE NOT granted"
_LOCK = "LOCK TABLE installation"


@pytest.fixture
def founded(postgres: Postgres, tmp_path: Path) -> Iterator[FoundedOnPostgres]:
    """A database of this test alone."""
    made = found_on_postgres(postgres, tmp_path)
    yield made
    postgres.drop(made.url)


@pytest.fixture
def house(founded: FoundedOnPostgres, tmp_path: Path) -> House:
    """A house that nobody of this process uses."""
    made = House(tmp_path, founded)
    made.close()
    return made


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def ends_when_asked(pid: int) -> None:
    """It is gone before any statement would have timed out."""
    server = psutil.Process(pid)
    server.send_signal(signal.SIGTERM)
    until(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)


def test_a_server_ends_though_its_database_lets_nobody_in(founded: FoundedOnPostgres, house: House) -> None:
    name = urlsplit(founded.url.dsn).path[1:]
    with serving(house) as server:
        until(partial(is_told_by_ready, server, 200))
        founded.postgres.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false', f"{_OTHERS}'{name}'")
        until(partial(is_told_by_ready, server, 503))
        ends_when_asked(server.pid)


def test_a_server_ends_though_its_database_does_not_answer(founded: FoundedOnPostgres, house: House) -> None:
    with serving(house) as server:
        until(partial(is_told_by_ready, server, 200))
        with installation_locked(founded) as is_stuck:
            until(is_stuck)
            ends_when_asked(server.pid)


def is_told_by_ready(server: Served, status: int) -> bool:
    return httpx.get(f"{server.url}/ready", timeout=PATIENCE_SECONDS).status_code == status


@contextmanager
def installation_locked(founded: FoundedOnPostgres) -> Iterator[Callable[[], bool]]:
    """Whoever asks for the row that all units end with waits; yields whether somebody does."""
    loop = asyncio.new_event_loop()
    conn = loop.run_until_complete(asyncpg.connect(founded.url.dsn))
    transaction = conn.transaction()
    loop.run_until_complete(transaction.start())
    loop.run_until_complete(conn.execute(_LOCK))
    try:
        yield lambda: bool(loop.run_until_complete(conn.fetchval(_STUCK)))
    finally:
        loop.run_until_complete(transaction.rollback())
        loop.run_until_complete(conn.close())
        loop.close()


def test_a_worker_that_is_asked_to_stop_as_it_is_born_stops() -> None:
    """Asked over and over from the first moment on, none of them takes the signal for its parent's."""
    for _ in range(20):
        parent = os.fork()
        if not parent:
            workers = Workers(3, lambda: threading.Event().wait() and 0, 3)
            os._exit(workers.run())
        until(partial(has_children, parent))
        os.kill(parent, signal.SIGTERM)
        until(partial(has_ended, parent))


def has_children(pid: int) -> bool:
    return bool(psutil.Process(pid).children())


def has_ended(pid: int) -> bool:
    return os.waitpid(pid, os.WNOHANG) != (0, 0)
