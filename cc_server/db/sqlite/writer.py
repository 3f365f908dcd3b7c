"""The one writer: a thread that runs units of work and commits several of them at once.

Each unit runs in a savepoint of its own, so that one that fails or is refused takes back nothing but itself; what they
leave for the end is written once for all of them. Nobody is told "done" before the commit. The thread outlives every
failed unit and every failed commit.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from cc_server.db.errors import DatabaseUnavailable
from cc_server.db.sqlite.errors import unavailable
from cc_server.db.sqlite.place import Place
from cc_server.db.transaction import closing
from cc_server.db.transaction.units import Announcements, Committed, Ran, UnitOfWork, run_in_savepoint, takes_all_back

GROUP_UNITS = 64
"""Units in one commit at most: 3,600 units/s with 64 callers against 1,500 with one commit each."""
GROUP_SECONDS = 0.02
"""A group is closed after this, so that the first caller does not wait for the last."""

THREADS = "cc-unit-"
"""How the names of threads begin in which units run."""

_log = logging.getLogger("cc_server.db")


class _Spoiled(Exception):
    """What units left for the end of their transaction can't be done."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class Writer:
    """Runs units of work one after the other in a thread of its own."""

    def __init__(self, engine: Engine, path: Path, place: Place, committed: Committed) -> None:
        self._engine = engine
        self._path = path
        self._place = place
        self._committed = committed
        self._units: queue.SimpleQueue[UnitOfWork | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"{THREADS}writer", daemon=True)
        self._stopped = threading.Event()
        self.trouble: str | None = None
        """Why the last group could not be committed; None while all is well."""

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def submit(self, unit: UnitOfWork) -> None:
        """Queue `unit`; its future answers after the commit.

        Raises:
            DatabaseUnavailable: the writer was stopped.
        """
        if self._stopped.is_set():
            raise DatabaseUnavailable(f"The database {self._path} is closed.")
        self._units.put(unit)

    def stop(self) -> None:
        """Finish what is queued and end the thread."""
        self._stopped.set()
        self._units.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while (first := self._units.get()) is not None:
            self._commit(self._group(first))
        while (left := self._next_queued()) is not None:
            self._commit(self._group(left))

    def _next_queued(self) -> UnitOfWork | None:
        try:
            return self._units.get_nowait()
        except queue.Empty:
            return None

    def _commit(self, units: Iterator[Ran]) -> None:
        """Run units in one transaction, and tell each of its callers how it went."""
        ran: list[Ran] = []
        try:
            told = self._committed_together(units, ran)
        except _Spoiled as spoiled:
            self._commit_each_alone(ran, spoiled.error)
        except Exception as error:  # noqa: BLE001 - whatever broke, the writer goes on, and its callers hear it
            waited = ran or units  # where not even a transaction began, whoever queued has waited just as long
            _fail(waited, self._found_broken(error))
        else:
            self._answer(ran, told)

    def _commit_each_alone(self, ran: Sequence[Ran], error: Exception) -> None:
        """One of several left what can't be done: each runs again in a commit of its own, and that one alone fails."""
        if len(ran) == 1:
            _fail(ran, error)
            return
        for one in ran:
            self._commit(iter([Ran(one.unit)]))

    def _committed_together(self, units: Iterable[Ran], ran: list[Ran]) -> list[object]:
        """Run units in one transaction, and write them down in `ran`; returns what is to be announced.

        Raises:
            _Spoiled: what they left for its end can't be done; nothing was kept.
            OSError: the file is not where it was; nothing was kept.
        """
        with self._engine.connect() as conn, conn.begin(), closing.transaction(conn):
            for one in units:
                ran.append(one)
                run_in_savepoint(conn, one, self._is_fatal)
            try:
                told = closing.finish(conn)
            except Exception as error:
                if takes_all_back(conn, error, self._is_fatal):
                    raise
                raise _Spoiled(error) from error
            self._place.require()
            return told

    def _found_broken(self, error: Exception) -> Exception:
        """What the callers of a commit that failed are told; it is written down that it did."""
        known = unavailable(self._path, error)
        if known is None:
            _log.exception("a group could not be committed")
        self.trouble = str(known or f"a commit broke ({type(error).__name__}); the server's log has it")
        return known or error

    def _answer(self, ran: Sequence[Ran], told: Announcements) -> None:
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

    def _group(self, first: UnitOfWork) -> Iterator[Ran]:
        """What shares a commit: the first, and those that are queued until it is full or its time is over."""
        closes = time.monotonic() + GROUP_SECONDS
        unit: UnitOfWork | None = first
        begun = 0
        while unit is not None:
            if _begins(unit):
                begun += 1
                yield Ran(unit)
            if begun >= GROUP_UNITS or time.monotonic() >= closes:
                return
            unit = self._next_of_group()

    def _next_of_group(self) -> UnitOfWork | None:
        unit = self._next_queued()
        if unit is None and self._stopped.is_set():
            self._units.put(None)
        return unit

    def _is_fatal(self, error: DBAPIError) -> bool:
        """A full or failing disk takes the whole group back; a mistake of one unit only that unit."""
        return unavailable(self._path, error) is not None


def _fail(ran: Iterable[Ran], error: Exception) -> None:
    """Tell the callers that nothing of theirs was kept."""
    for one in ran:
        one.unit.future.set_exception(error)


def _begins(unit: UnitOfWork) -> bool:
    """Whether a unit is to run: somebody waits for it still. One that was given up may be asked for more than once."""
    return not unit.future.cancelled() and unit.future.set_running_or_notify_cancel()
