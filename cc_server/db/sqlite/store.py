"""One SQLite file as a store: the writer's thread, the readers', and a look at what other processes commit."""

from __future__ import annotations

import os
import shlex
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from cc_server.db import schema
from cc_server.db.clock import Clock
from cc_server.db.errors import DatabaseUnavailable, ForeignDatabase
from cc_server.db.ids import Ids
from cc_server.db.schema import Opening
from cc_server.db.sqlite.engines import migrating_engine, reading_engine, writing_engine
from cc_server.db.sqlite.errors import unavailable
from cc_server.db.sqlite.lock import FileLock
from cc_server.db.sqlite.place import Place
from cc_server.db.sqlite.watch import Watch
from cc_server.db.sqlite.writer import THREADS, Writer
from cc_server.db.transaction.units import Committed, UnitOfWork

READERS = 3


class SqliteStore:
    """One file.

    Args:
        path: where it is.
        clock: when a new installation was made.
        ids: how a new installation is named.
        opening: whether it may, must or must not be there already.
        exclusive: refuse a file that another server serves; a command that only adds a key says False.
        committed: who is told what was announced.
    """

    def __init__(
        self, path: Path, clock: Clock, ids: Ids, *, opening: Opening, exclusive: bool, committed: Committed
    ) -> None:
        self._path = path
        self._clock = clock
        self._ids = ids
        self._opening = opening
        self._lock = FileLock(path) if exclusive else None
        self._watch = Watch(path, committed) if exclusive else None
        self._committed = committed
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix=f"{THREADS}reader")
        self._write_engine: Engine | None = None
        self._read_engine: Engine | None = None
        self._writer: Writer | None = None
        self._place: Place | None = None

    @property
    def trouble(self) -> str | None:
        """Why nothing can be written; None while all is well."""
        if self._writer is None or self._place is None:
            return "the database is closed"
        gone = self._gone(self._place)
        return str(gone) if gone else self._writer.trouble

    @property
    def is_at_work_here(self) -> bool:
        """Whether this is a thread of units."""
        return threading.current_thread().name.startswith(THREADS)

    def open(self) -> None:
        """Make the file where there is none, bring its tables to the newest form, and start the writer.

        Raises:
            DatabaseInUse: another server serves it.
            DatabaseUnavailable: it can't be opened, read or written, or is none of ours.
        """
        self._require_file()
        if self._lock is not None:
            self._lock.take()
        try:
            self._write_engine = self._prepared()
        except ForeignDatabase as error:
            self.close()
            raise ForeignDatabase(f"{self._path} {error}") from error
        except (DBAPIError, sqlite3.Error, OSError) as error:
            self.close()
            raise unavailable(self._path, error) or error from error
        self._read_engine = reading_engine(self._path, READERS)
        self._place = Place(self._path)
        self._writer = Writer(self._write_engine, self._path, self._place, self._committed)
        self._writer.start()
        if self._watch is not None:
            self._watch.start()

    def _require_file(self) -> None:
        """Leave nothing where there is no database, not even a lock."""
        if self._opening is Opening.EXISTING and not self._path.exists():
            advice = f"make it with: cc-server init --db {shlex.quote(str(self._path))}"
            raise ForeignDatabase(f"{self._path} does not exist; {advice}")

    def _prepared(self) -> Engine:
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        engine = migrating_engine(self._path)
        try:
            with engine.begin() as conn:
                schema.prepare(conn, self._clock, self._ids, opening=self._opening, may_migrate=self._lock is not None)
        finally:
            engine.dispose()
        return writing_engine(self._path)

    def close(self) -> None:
        """Finish what is queued, close every connection and drop the lock."""
        if self._watch is not None:
            self._watch.stop()
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

    def write(self, unit: UnitOfWork) -> None:
        """Queue a unit; its future answers after the commit."""
        if self._writer is None:
            raise self._closed()
        self._writer.submit(unit)

    def read(self, unit: UnitOfWork) -> None:
        """Run a function in a reader's thread."""
        if self._read_engine is None or self._place is None:
            raise self._closed()
        if gone := self._gone(self._place):
            raise gone
        self._readers.submit(self._read, self._read_engine, unit)

    def _read(self, engine: Engine, unit: UnitOfWork) -> None:
        if not unit.future.set_running_or_notify_cancel():
            return
        try:
            with engine.connect() as conn, conn.begin():
                result = unit.run(conn)
        except (DBAPIError, sqlite3.Error) as error:
            unit.future.set_exception(unavailable(self._path, error) or error)
        except BaseException as error:  # noqa: BLE001 - the caller's to hear, in its own thread
            unit.future.set_exception(error)
        else:
            unit.future.set_result(result)

    def _gone(self, place: Place) -> DatabaseUnavailable | None:
        """Why the file is not to be used: a connection that is made now would read another one, or make one."""
        try:
            place.require()
        except OSError as error:
            return unavailable(self._path, error)
        return None

    def _closed(self) -> DatabaseUnavailable:
        return DatabaseUnavailable(f"The database {self._path} is not open.")
