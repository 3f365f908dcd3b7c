"""The one writer: a thread that runs units of work and commits several of them at once.

Each unit runs in a savepoint of its own, so that one that fails or is refused takes back nothing but itself. Nobody is
told "done" before the commit. The thread outlives every failed unit and every failed commit.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from cc_server.db import closing
from cc_server.db.errors import DatabaseUnavailable, Refused, unavailable

GROUP_UNITS = 64
"""Units in one commit at most: 3,600 units/s with 64 callers against 1,500 with one commit each."""
GROUP_SECONDS = 0.02
"""A group is closed after this, so that the first caller does not wait for the last."""

_log = logging.getLogger("cc_server.db")

Announcements = Sequence[object]
RecordRefusal = Callable[[Connection, Refused], None]


@dataclass(slots=True)
class UnitOfWork:
    """A function to run in a transaction, and who waits for it."""

    run: Callable[[Connection], Any]
    record_refusal: RecordRefusal | None = None
    future: Future[Any] = field(default_factory=Future)


@dataclass(slots=True)
class _Ran:
    unit: UnitOfWork
    result: Any = None
    error: BaseException | None = None

    def answer(self) -> None:
        if self.error is not None:
            self.unit.future.set_exception(self.error)
        else:
            self.unit.future.set_result(self.result)


class Writer:
    """Runs units of work one after the other in a thread of its own."""

    def __init__(self, engine: Engine, path: Path, committed: Callable[[Announcements], None]) -> None:
        self._engine = engine
        self._path = path
        self._committed = committed
        self._units: queue.SimpleQueue[UnitOfWork | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="cc-writer", daemon=True)
        self._stopped = threading.Event()
        self.trouble: str | None = None
        """Why the last group could not be committed; None while all is well."""

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def submit(self, unit: UnitOfWork) -> Future[Any]:
        """Queue `unit`; its future answers after the commit.

        Raises:
            DatabaseUnavailable: the writer was stopped.
        """
        if self._stopped.is_set():
            raise DatabaseUnavailable(f"The database {self._path} is closed.")
        self._units.put(unit)
        return unit.future

    def stop(self) -> None:
        """Finish what is queued and end the thread."""
        self._stopped.set()
        self._units.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while (first := self._units.get()) is not None:
            self._commit_group(first)
        while (left := self._next_queued()) is not None:
            self._commit_group(left)

    def _next_queued(self) -> UnitOfWork | None:
        try:
            return self._units.get_nowait()
        except queue.Empty:
            return None

    def _commit_group(self, first: UnitOfWork) -> None:
        ran: list[_Ran] = []
        told: list[object] = []
        try:
            with self._engine.connect() as conn, conn.begin():
                self._run_group(conn, first, ran, told)
        except (DBAPIError, sqlite3.Error, DatabaseUnavailable) as error:
            told_before = next((one.error for one in ran if isinstance(one.error, DatabaseUnavailable)), None)
            known = told_before or (None if isinstance(error, DatabaseUnavailable) else unavailable(self._path, error))
            self.trouble = str(known or error)
            self._fail(first, ran, known or error)
            return
        self.trouble = None
        for one in ran:
            one.answer()
        if told:
            self._tell(told)

    def _tell(self, told: Announcements) -> None:
        try:
            self._committed(told)
        except Exception:  # noqa: BLE001 - whoever listens must not end the writer
            _log.exception("a listener broke on what was committed")

    def _run_group(self, conn: Connection, first: UnitOfWork, ran: list[_Ran], told: list[object]) -> None:
        closes = time.monotonic() + GROUP_SECONDS
        unit: UnitOfWork | None = first
        while unit is not None:
            if unit.future.set_running_or_notify_cancel():
                ran.append(_Ran(unit))
                told += self._run_unit(conn, ran[-1])
            if len(ran) >= GROUP_UNITS or time.monotonic() >= closes:
                return
            unit = self._next_of_group()

    def _next_of_group(self) -> UnitOfWork | None:
        unit = self._next_queued()
        if unit is None and self._stopped.is_set():
            self._units.put(None)
        return unit

    def _run_unit(self, conn: Connection, ran: _Ran) -> list[object]:
        """Run one unit in a savepoint; returns what is to be announced."""
        told: list[object] = []
        closing.begin(conn)
        conn.exec_driver_sql("SAVEPOINT unit")
        try:
            ran.result = ran.unit.run(conn)
            told = closing.finish(conn)
        except Refused as refusal:
            conn.exec_driver_sql("ROLLBACK TO unit")
            ran.error = refusal
            told = self._record(conn, ran, refusal)
        except Exception as error:
            known = unavailable(self._path, error) if isinstance(error, DBAPIError) else None
            ran.error = known or error
            if known is not None:
                raise known from error  # a full or failing disk takes the whole transaction back
            conn.exec_driver_sql("ROLLBACK TO unit")
        conn.exec_driver_sql("RELEASE unit")
        return told

    @staticmethod
    def _record(conn: Connection, ran: _Ran, refusal: Refused) -> list[object]:
        closing.begin(conn)
        try:
            refusal.record(conn)
            if ran.unit.record_refusal is not None:
                ran.unit.record_refusal(conn, refusal)
            return closing.finish(conn)
        except Exception as error:  # noqa: BLE001 - a refusal that can't be recorded is not answered as one
            conn.exec_driver_sql("ROLLBACK TO unit")
            ran.error = error
            return []

    def _fail(self, first: UnitOfWork, ran: Sequence[_Ran], error: BaseException) -> None:
        """Tell every caller of a group that was taken back that nothing of theirs was kept.

        Where not even a transaction began, whoever queued meanwhile has waited just as long, and is told so too.
        """
        unit: UnitOfWork | None = first if not ran else None
        while unit is not None:
            if unit.future.set_running_or_notify_cancel():
                unit.future.set_exception(error)
            unit = self._next_of_group()
        for one in ran:
            one.unit.future.set_exception(one.error if isinstance(one.error, DatabaseUnavailable) else error)
