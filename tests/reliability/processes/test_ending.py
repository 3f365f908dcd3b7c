"""A server that is asked to stop ends within seconds, whatever its database does."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
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
from tests.reliability.processes.serving import Served, environment_of, serving
from tests.support.patience import PATIENCE_SECONDS, until

_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
_CUT_OFF_WHO_SETS = (
    "CREATE FUNCTION cut_off() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'",
    "CREATE TRIGGER cut_off BEFORE INSERT OR UPDATE ON settings FOR EACH ROW EXECUTE FUNCTION cut_off()",
)
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


def ends_when_asked(pid: int) -> None:
    """It is gone, and did not wait for what does not answer."""
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
            workers = Workers(3, lambda: threading.Event().wait() and 0, 3, lambda: None, lambda _pid: None)
            os._exit(workers.run())
        until(partial(has_children, parent))
        os.kill(parent, signal.SIGTERM)
        until(partial(has_ended, parent))


def has_children(pid: int) -> bool:
    return bool(psutil.Process(pid).children())


def has_ended(pid: int) -> bool:
    return os.waitpid(pid, os.WNOHANG) != (0, 0)


def in_flight(server: Served, token: str) -> socket.socket:
    """A request whose body has not come yet, and that the server waits for."""
    host, port = server.url.removeprefix("http://").split(":")
    opened = socket.create_connection((host, int(port)), PATIENCE_SECONDS)
    head = ("POST /webhook/lead HTTP/1.1", f"Host: {host}", f"X-API-Key: {token}", "Content-Type: application/json",
            "Content-Length: 2", "Expect: 100-continue", "", "")  # fmt: skip
    opened.sendall("\r\n".join(head).encode())
    assert b"100" in opened.recv(1024)
    return opened


def answer_on(opened: socket.socket) -> bytes:
    told = b""
    while chunk := opened.recv(4096):
        told += chunk
    return told


@pytest.mark.parametrize("asked", [(signal.SIGTERM,), (signal.SIGINT, signal.SIGINT), (signal.SIGHUP,)])
@pytest.mark.parametrize(("on", "workers"), [("sqlite", 1), ("postgresql", 4)])
def test_whoever_is_not_answered_when_a_server_stops_is_told_so_and_the_log_tells_no_horrors(
    request: pytest.FixtureRequest, tmp_path: Path, asked: tuple[signal.Signals, ...], on: str, workers: int
) -> None:
    """However it is asked, and how often."""
    house = House(tmp_path, request.getfixturevalue(f"founded_{on}"))
    house.close()
    with serving(house, "--workers", str(workers)) as server:
        until(partial(is_told_by_ready, server, 200))
        with in_flight(server, house.tokens["intake"]) as one, in_flight(server, house.tokens["ana"]) as other:
            for number in asked:
                os.kill(server.pid, number)
            answers = [answer_on(one), answer_on(other)]
        assert psutil.Process(server.pid).wait(PATIENCE_SECONDS) == 0
    for answer in answers:
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503")
        assert b"retry-after" in head.lower()
        assert json.loads(body)["detail"].startswith("the server stopped before this was done")
    assert all("Serving" in line or "Cancel " in line or "POST /webhook/lead 503" in line for line in server.said)


def test_a_server_whose_database_goes_away_while_it_starts_says_so_in_a_sentence_and_fails(
    founded: FoundedOnPostgres, house: House
) -> None:
    """It is cut off in the moment in which it sets the hold that it was started with."""
    founded.postgres.execute(*_CUT_OFF_WHO_SETS, database=founded.url)
    command = [sys.executable, "-m", "cc_server", "run", "--port", "0", "--hold-seconds", "7"]
    for workers in ("1", "2"):
        ended = subprocess.run(
            [*command, "--workers", workers], env=environment_of(house), capture_output=True, text=True, check=False,
            timeout=PATIENCE_SECONDS,
        )  # fmt: skip
        assert ended.returncode == 1
        said = set(ended.stderr.splitlines())
        assert len(said) == 1
        assert said.pop().startswith("cc-server: The database postgresql://")
