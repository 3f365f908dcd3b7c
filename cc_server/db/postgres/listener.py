"""Hears what other processes commit, on a connection of its own; a pooled one of SQLAlchemy hears nothing.

It wakes; the tables are the truth. While the connection is down nothing is heard, so whoever follows looks by itself
now and then, and looks at once when the connection is back.

It also tells a database that is silent (stopped, or behind a line that drops everything) from one that is busy or gone:
a question that costs nothing gets no answer at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

from cc_server.db.errors import DatabaseInUse
from cc_server.db.postgres.connect import connection
from cc_server.db.postgres.errors import FAILURES
from cc_server.db.postgres.presence import claim
from cc_server.db.postgres.url import PostgresUrl
from cc_server.db.schema import Use
from cc_server.db.transaction.notices import Woken, from_wire
from cc_server.db.transaction.units import Committed

CHANNEL = "cc_server"
ALIVE_SECONDS = 2.0
"""How often it is made sure that the connection still is one."""
SILENT_SECONDS = 5.0
"""How long the answer to that may take."""
MOMENT_SECONDS = 0.1
AGAIN_SECONDS = 1.0
_ALIVE = "SELECT 1"
_log = logging.getLogger("cc_server.db")


class Listener:
    """One process's ear.

    Args:
        url: where the database is.
        committed: is told what other processes tell.
        silence: is told True each time the database does not answer, and False once it does, be it to refuse.
        use: whether the database is had with others or alone, while it listens.
    """

    def __init__(self, url: PostgresUrl, committed: Committed, silence: Callable[[bool], None], use: Use) -> None:
        self._url = url
        self._committed = committed
        self._silence = silence
        self._use = use
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen from now on."""
        conn = await self._connected()
        self._task = asyncio.create_task(self._keep(conn))

    async def stop(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _keep(self, conn: Any) -> None:
        """Watch over the connection; when it is lost, make another."""
        while True:
            try:
                await self._until_lost(conn)
            except FAILURES as error:
                _log.warning("changes of other processes are not heard for now (%s)", type(error).__name__)
                self._silence(isinstance(error, TimeoutError))
            finally:
                conn.terminate()
            conn = await self._again()

    async def _until_lost(self, conn: Any) -> None:
        while True:
            await asyncio.sleep(ALIVE_SECONDS)
            await _answered(conn)

    async def _again(self) -> Any:
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            try:
                conn = await self._connected()
            except (*FAILURES, DatabaseInUse) as error:
                self._silence(isinstance(error, TimeoutError))
                continue
            self._silence(False)
            _log.info("changes of other processes are heard again")
            self._committed([Woken()])
            return conn

    async def _connected(self) -> Any:
        conn = await connection(self._url)
        try:
            await claim(conn, self._use)
            await conn.add_listener(CHANNEL, self._heard)
        except BaseException:
            conn.terminate()
            raise
        return conn

    def _heard(self, _conn: Any, _pid: int, _channel: str, payload: str) -> None:
        notice = from_wire(payload) if payload else None
        try:
            self._committed([notice or Woken()])
        except Exception:  # noqa: BLE001 - whoever listens must not end the ear
            _log.exception("a listener broke on what was committed")


async def _answered(conn: Any) -> None:
    """Ask for a sign of life.

    Raises:
        TimeoutError: there is none.
    """
    asked = asyncio.ensure_future(conn.execute(_ALIVE))
    try:
        await asyncio.wait({asked}, timeout=SILENT_SECONDS)
        if not asked.done():  # where this process stood still itself, the answer lies there unread
            await asyncio.wait({asked}, timeout=MOMENT_SECONDS)
        if not asked.done():
            raise TimeoutError
    finally:
        if not asked.done():
            conn.terminate()
        await asyncio.gather(asked, return_exceptions=True)
    asked.result()
