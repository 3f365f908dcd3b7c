"""A PostgreSQL database as a store: an event loop in a thread of its own, a few connections, one that listens.

Units of work run side by side, each in a transaction (READ COMMITTED; reads on one snapshot). Two units that got in
each other's way are run again a few times. Where the end of a commit is not known the caller is told so; its
idempotency key finds out.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import Coroutine
from typing import Any

import uvloop
from sqlalchemy import ARRAY, Connection, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncEngine

from cc_server.db import schema
from cc_server.db.clock import Clock
from cc_server.db.errors import DatabaseInUse, DatabaseUnavailable, ForeignDatabase
from cc_server.db.ids import Ids
from cc_server.db.postgres.clock import DatabaseClock
from cc_server.db.postgres.connect import engine_of
from cc_server.db.postgres.errors import FAILURES, is_collision, is_disconnect, is_for_writing_only, unavailable
from cc_server.db.postgres.listener import CHANNEL, Listener
from cc_server.db.postgres.url import PostgresUrl
from cc_server.db.schema import Opening, Use
from cc_server.db.transaction import closing, locks
from cc_server.db.transaction.notices import Notice, to_wire
from cc_server.db.transaction.units import Committed, Ran, UnitOfWork, run_in_savepoint

TRIES = 6
"""How often a unit is run that gets in another's way."""
LONGEST_PAUSE_SECONDS = 0.2
LAST_SECONDS = 2.0
"""How long its end waits for units that were begun."""
MOMENT_SECONDS = 0.5
"""How long it waits for each thing after that: a database that does not answer must not keep a server from ending."""
MIGRATION = "migration"
_NOTIFY = text(f"SELECT pg_notify('{CHANNEL}', payload) FROM unnest(:payloads) AS payload").bindparams(  # noqa: S608
    bindparam("payloads", type_=ARRAY(Text))
)
_WAKE = ""
_log = logging.getLogger("cc_server.db")


class PostgresStore:
    """One database.

    Args:
        url: where it is.
        clock: what time it is; the database's own, or one that was handed in.
        ids: how a new installation is named.
        opening: whether its tables may, must or must not be there already.
        use: for what it is opened; who serves it hears what other processes tell.
        committed: who is told what was announced.
    """

    def __init__(
        self, url: PostgresUrl, clock: Clock, ids: Ids, *, opening: Opening, use: Use, committed: Committed
    ) -> None:
        self._url = url
        self._clock = clock
        self._unit_clock = clock if isinstance(clock, DatabaseClock) else DatabaseClock()
        self._ids = ids
        self._opening = opening
        self._may_migrate = use is not Use.BESIDE
        self._listener = Listener(url, committed, self._hear_silence, use) if self._may_migrate else None
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cc-postgres", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._lines: dict[asyncio.Task[Any] | None, Any] = {}
        """The connections of asyncpg that units are at work on."""
        self._is_silent = False
        self._cant_write = False
        """Whether what is wrong shows with the next write only: that something can be read tells nothing then."""
        self._engine: AsyncEngine | None = None
        self.trouble: str | None = "the database is closed"
        """Why it can't be used now; None while all is well."""

    @property
    def is_at_work_here(self) -> bool:
        """Whether this is the thread of units."""
        return threading.current_thread() is self._thread

    def open(self) -> None:
        """Connect, make or migrate the tables, and begin to listen.

        Raises:
            DatabaseInUse: it is to be had alone, and others use it; or another has it alone.
            DatabaseUnavailable: it can't be reached or used, or holds something else.
        """
        self._engine = engine_of(self._url)
        self._thread.start()
        try:
            self._wait_for(self._prepare(self._engine))
        except ForeignDatabase as error:
            self.close()
            raise ForeignDatabase(f"{self._url} {error}") from error
        except DatabaseInUse as error:
            self.close()
            raise DatabaseInUse(f"The database {self._url} {error}") from None
        except FAILURES as error:
            self.close()
            raise unavailable(self._url, error) or error from None
        self.trouble = None

    def close(self) -> None:
        """Finish what was begun, and drop every connection."""
        engine, self._engine = self._engine, None
        if self._thread.is_alive():
            self._wait_for(self._finish(engine))
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        if not self._loop.is_closed():
            self._loop.close()
        self.trouble = "the database is closed"

    def write(self, unit: UnitOfWork) -> None:
        """Run a unit; its future answers after the commit."""
        self._begin(unit, is_write=True)

    def read(self, unit: UnitOfWork) -> None:
        """Run a function on one snapshot."""
        self._begin(unit, is_write=False)

    def _begin(self, unit: UnitOfWork, *, is_write: bool) -> None:
        engine = self._engine
        if engine is None:
            raise DatabaseUnavailable(f"The database {self._url} is not open.")

        if self._is_silent:
            raise self._silent()

        def begin() -> None:
            if unit.future.set_running_or_notify_cancel():
                task = self._loop.create_task(self._work(engine, unit, is_write=is_write))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

        self._loop.call_soon_threadsafe(begin)

    async def _work(self, engine: AsyncEngine, unit: UnitOfWork, *, is_write: bool) -> None:
        """Run a unit until it is done or can't be, and answer."""
        ran = Ran(unit)
        try:
            ran = await self._repeated(engine, unit, is_write=is_write)
            self._cant_write = self._cant_write and not is_write
            self.trouble = self.trouble if self._cant_write else None
        except FAILURES as error:
            known = self._silent(in_doubt=is_write) if self._is_silent else unavailable(self._url, error)
            ran.error = known or error
            if known is not None and not is_collision(error):
                self.trouble = str(known)
                self._cant_write = self._cant_write or is_for_writing_only(error)
        except asyncio.CancelledError:
            ran.error = self._silent(in_doubt=is_write)
        except BaseException as error:  # noqa: BLE001 - the caller's to hear, where it waits
            ran.error = error
        ran.answer()

    async def _repeated(self, engine: AsyncEngine, unit: UnitOfWork, *, is_write: bool) -> Ran:
        tries = 0
        while True:
            tries += 1
            ran = Ran(unit)
            try:
                await self._once(engine, ran, is_write=is_write)
            except FAILURES as error:
                is_stale = tries == 1 and is_disconnect(error) and not ((is_write and ran.has_begun) or self._is_silent)
                if tries == TRIES or not (is_collision(error) or is_stale):
                    raise
            else:
                return ran
            await asyncio.sleep(random.uniform(0, LONGEST_PAUSE_SECONDS * tries / TRIES))

    async def _once(self, engine: AsyncEngine, ran: Ran, *, is_write: bool) -> None:
        async with engine.connect() as conn:
            task = asyncio.current_task()
            self._lines[task] = (await conn.get_raw_connection()).driver_connection
            try:
                if is_write:
                    await conn.run_sync(self._write, ran)
                    return
                snapshot = await conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                await snapshot.run_sync(self._read, ran)
            finally:
                del self._lines[task]

    def _hear_silence(self, is_silent: bool) -> None:
        """The database answers nobody, or does so again: whoever waits for it is told, and nobody else begins to.

        What was begun is cut off; it is never run again here, since its commit may have arrived.
        """
        if is_silent and not self._is_silent:
            _log.warning("the database %s does not answer; its connections are cut off", self._url)
        self._is_silent = is_silent
        if not is_silent:
            return
        self.trouble = str(self._silent())
        for task in self._tasks:
            if line := self._lines.get(task):
                line.terminate()
            else:
                task.cancel()

    def _silent(self, *, in_doubt: bool = False) -> DatabaseUnavailable:
        doubt = "; whether this was kept is not known, ask again with the same key" if in_doubt else "; ask again"
        return DatabaseUnavailable(f"The database {self._url} does not answer{doubt}.")

    def _write(self, conn: Connection, ran: Ran) -> None:
        with conn.begin(), self._unit_clock.of_unit(conn), closing.transaction(conn):
            run_in_savepoint(conn, ran, _always)
            if payloads := _payloads(closing.finish(conn)):
                conn.execute(_NOTIFY, {"payloads": payloads})

    def _read(self, conn: Connection, ran: Ran) -> None:
        with conn.begin(), self._unit_clock.of_unit(conn):
            ran.result = ran.unit.run(conn)

    async def _prepare(self, engine: AsyncEngine) -> None:
        if self._listener is not None:
            await self._listener.start()
        async with engine.begin() as conn:
            await conn.run_sync(self._bring_to_head)

    def _bring_to_head(self, conn: Connection) -> None:
        """Make or migrate the tables; whoever comes second waits, and finds them made."""
        with self._unit_clock.of_unit(conn):
            locks.exclusive(conn, MIGRATION)
            schema.prepare(conn, self._clock, self._ids, opening=self._opening, may_migrate=self._may_migrate)

    async def _finish(self, engine: AsyncEngine | None) -> None:
        if self._listener is not None:
            await _within(MOMENT_SECONDS, self._listener.stop())
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=LAST_SECONDS)
        if engine is not None and not self._tasks:
            await _within(MOMENT_SECONDS, engine.dispose())
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            _log.warning("the database %s does not answer; its connections are cut off", self._url)
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=MOMENT_SECONDS)

    def _wait_for(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _within(seconds: float, work: Coroutine[Any, Any, None]) -> None:
    """Do something at the end, but wait no longer for it than so many seconds."""
    await asyncio.wait({asyncio.create_task(work)}, timeout=seconds)


def _always(_error: BaseException) -> bool:
    """On PostgreSQL every error of the database takes the transaction back."""
    return True


def _payloads(announcements: list[object]) -> list[str]:
    """Notices in words; rows of a table are only pointed at, once."""
    notices = [one for one in announcements if isinstance(one, Notice)]
    told = [wire for one in notices if (wire := to_wire(one)) is not None]
    return told + ([_WAKE] if len(notices) < len(announcements) else [])
