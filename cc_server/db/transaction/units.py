"""A unit of work: a plain function of a connection that runs in one transaction, whichever the database.

The function runs in a savepoint. When the business says no, what it changed is taken back, and what must stay (an audit
row, the answer under an idempotency key) is written in the transaction around it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from cc_server.db.errors import Refused
from cc_server.db.portable.prepared import Prepared
from cc_server.db.transaction import closing

Announcements = Sequence[object]
Committed = Callable[[Announcements], None]
"""Who is told, after each commit, what was announced in it."""
_SAVEPOINT = Prepared(text("SAVEPOINT unit"))
_ROLLBACK = Prepared(text("ROLLBACK TO SAVEPOINT unit"))
_RELEASE = Prepared(text("RELEASE SAVEPOINT unit"))
RecordRefusal = Callable[[Connection, Refused], None]


@dataclass(slots=True)
class UnitOfWork:
    """A function to run in a transaction, and who waits for it."""

    run: Callable[[Connection], Any]
    record_refusal: RecordRefusal | None = None
    future: Future[Any] = field(default_factory=Future)


@dataclass(slots=True)
class Ran:
    """How a unit went, before anybody is told."""

    unit: UnitOfWork
    result: Any = None
    error: BaseException | None = None
    has_begun: bool = False

    def answer(self) -> None:
        """Tell whoever waits."""
        if self.error is not None:
            self.unit.future.set_exception(self.error)
        else:
            self.unit.future.set_result(self.result)


class Store(Protocol):
    """One kind of database."""

    @property
    def trouble(self) -> str | None:
        """Why it can't be used now; None while all is well."""
        ...

    @property
    def is_at_work_here(self) -> bool:
        """Whether this thread runs the units: to wait for another in it would be to wait forever."""
        ...

    def open(self) -> None:
        """Connect, and bring the tables to the newest form."""
        ...

    def close(self) -> None:
        """Finish what was begun, and drop every connection."""
        ...

    def write(self, unit: UnitOfWork) -> None:
        """Run a unit; its future answers after the commit."""
        ...

    def read(self, unit: UnitOfWork) -> None:
        """Run a function on one snapshot; its future answers."""
        ...


def run_in_savepoint(conn: Connection, ran: Ran, is_fatal: Callable[[DBAPIError], bool]) -> None:
    """Run a unit inside the transaction that is open, and write down in `ran` how it went.

    Raises:
        DBAPIError: one that is fatal: it takes the whole transaction back, not this unit alone.
    """
    closing.begin(conn)
    _SAVEPOINT.run(conn)
    ran.has_begun = True
    try:
        ran.result = ran.unit.run(conn)
        closing.keep(conn)
    except Refused as refusal:
        _ROLLBACK.run(conn)
        ran.error = refusal
        _record(conn, ran, refusal, is_fatal)
    except Exception as error:  # noqa: BLE001 - its caller hears it, in its own thread
        _take_back(conn, ran, error, is_fatal)
    _RELEASE.run(conn)


def _record(conn: Connection, ran: Ran, refusal: Refused, is_fatal: Callable[[DBAPIError], bool]) -> None:
    """Write what stays of a refused unit; one that can't be recorded is not answered as refused."""
    closing.begin(conn)
    try:
        refusal.record(conn)
        if ran.unit.record_refusal is not None:
            ran.unit.record_refusal(conn, refusal)
        closing.keep(conn)
    except Exception as error:  # noqa: BLE001 - its caller hears it, in its own thread
        _take_back(conn, ran, error, is_fatal)


def takes_all_back(conn: Connection, error: Exception, is_fatal: Callable[[DBAPIError], bool]) -> bool:
    """Whether an error took the whole transaction with it, and not only what was tried last."""
    return conn.invalidated or (isinstance(error, DBAPIError) and is_fatal(error))


def _take_back(conn: Connection, ran: Ran, error: Exception, is_fatal: Callable[[DBAPIError], bool]) -> None:
    if takes_all_back(conn, error, is_fatal):
        raise error
    _ROLLBACK.run(conn)
    ran.error = error
