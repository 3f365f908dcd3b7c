"""The database as the rest of the server sees it: `write`, `read`, and who is told after a commit.

SQLite only for now: one file, one writer thread, a few readers. A function that is handed in is plain and synchronous,
takes a connection first, and runs in one transaction.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from cc_server.db import schema
from cc_server.db.clock import Clock
from cc_server.db.engines import reading_engine, writing_engine
from cc_server.db.errors import DatabaseUnavailable, unavailable
from cc_server.db.ids import Ids, RandomIds
from cc_server.db.lock import FileLock
from cc_server.db.writer import Announcements, RecordRefusal, UnitOfWork, Writer

P = ParamSpec("P")
T = TypeVar("T")

READERS = 3


class Database:
    """One SQLite file.

    Args:
        path: the file; it is made and migrated by `open`.
        clock: what time it is; `db.clock` hands it on.
        ids: where new ids come from.
        exclusive: refuse to open a file that another server serves; a command that only adds a key says False.
    """

    def __init__(self, path: Path, clock: Clock, *, ids: Ids | None = None, exclusive: bool = True) -> None:
        self.path = path
        self.clock = clock
        self.ids: Ids = ids or RandomIds()
        self._lock = FileLock(path) if exclusive else None
        self._listeners: list[Callable[[Announcements], None]] = []
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="cc-reader")
        self._write_engine: Engine | None = None
        self._read_engine: Engine | None = None
        self._writer: Writer | None = None

    def open(self) -> None:
        """Make the file where there is none, bring its tables to the newest form, and start the writer.

        Raises:
            DatabaseInUse: another server serves it.
            DatabaseUnavailable: it can't be opened, read or written, or is none of ours.
        """
        if self._lock is not None:
            self._lock.take()
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._write_engine = writing_engine(self.path)
            schema.prepare(self._write_engine, self.clock, self.ids, may_migrate=self._lock is not None)
        except (DBAPIError, sqlite3.Error, OSError, schema.ForeignDatabase) as error:
            self.close()
            if isinstance(error, schema.ForeignDatabase):
                raise DatabaseUnavailable(f"{self.path}: {error}") from error
            raise unavailable(self.path, error) or error from error
        self._read_engine = reading_engine(self.path, READERS)
        self._writer = Writer(self._write_engine, self.path, self._committed)
        self._writer.start()

    def close(self) -> None:
        """Finish what is queued, close every connection and drop the lock."""
        if self._writer is not None:
            self._writer.stop()
            self._writer = None
        self._readers.shutdown(wait=True)
        for engine in (self._read_engine, self._write_engine):
            if engine is not None:
                engine.dispose()
        self._read_engine = self._write_engine = None
        if self._lock is not None:
            self._lock.drop()

    @property
    def trouble(self) -> str | None:
        """Why nothing can be written; None while all is well."""
        return self._writer.trouble if self._writer is not None else "the database is closed"

    def on_commit(self, listener: Callable[[Announcements], None]) -> Callable[[], None]:
        """Call `listener`, in the writer's thread, after each commit with what was announced in it.

        Returns:
            A function that ends it.
        """
        self._listeners.append(listener)

        def end() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return end

    async def write(
        self,
        fn: Callable[Concatenate[Connection, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `fn(conn, …)` in a transaction, and answer once it is on disk.

        Raises:
            Refused: what `fn` raised; what it changed is taken back, what must stay is kept.
            DatabaseUnavailable: the disk is full, the file unreadable or locked; nothing was kept.
        """
        return await self.write_recording(None, fn, *args, **kwargs)

    async def write_recording(
        self,
        record_refusal: RecordRefusal | None,
        fn: Callable[Concatenate[Connection, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Like `write`; on a refusal `record_refusal(conn, error)` writes what must stay, in the outer transaction."""
        unit = UnitOfWork(partial(_call, fn, args, kwargs), record_refusal)
        result: T = await asyncio.wrap_future(self._writing().submit(unit))
        return result

    def write_sync(self, fn: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Like `write`, for callers in a thread of their own."""
        unit = UnitOfWork(partial(_call, fn, args, kwargs))
        result: T = self._writing().submit(unit).result()
        return result

    async def read(self, fn: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn(conn, …)` on one snapshot of the database.

        Raises:
            DatabaseUnavailable: the file can't be read.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, partial(self.read_sync, fn, *args, **kwargs))

    def read_sync(self, fn: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Like `read`, for callers in a thread of their own."""
        engine = self._read_engine
        if engine is None:
            raise DatabaseUnavailable(f"The database {self.path} is not open.")
        try:
            with engine.connect() as conn, conn.begin():
                return fn(conn, *args, **kwargs)
        except (DBAPIError, sqlite3.Error) as error:
            raise unavailable(self.path, error) or error from error

    def _writing(self) -> Writer:
        if self._writer is None:
            raise DatabaseUnavailable(f"The database {self.path} is not open.")
        return self._writer

    def _committed(self, announcements: Announcements) -> None:
        for listener in tuple(self._listeners):
            listener(announcements)


def _call(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], conn: Connection) -> Any:
    return fn(conn, *args, **kwargs)
