"""What a unit of work leaves for its end: rows that everybody writes to, and what is told after the commit.

Counters, the audit chain and the head of the event log are rows that every unit changes. On PostgreSQL whoever changes
one holds it until the commit, so they are changed last, always in the same order: nobody waits long, nobody waits in a
circle, and events are numbered in the order of commits. On SQLite it saves statements.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")
R = TypeVar("R")
_KEY = "cc_server.closing"


@dataclass(frozen=True, slots=True, eq=False)
class Last(Generic[T]):
    """One kind of work that is done at the end of a unit.

    Args:
        order: its place among the others, lowest first; each kind has its own.
        make: where the unit's share is gathered.
        write: writes what was gathered.
    """

    order: int
    make: Callable[[], T]
    write: Callable[[Connection, T], None]


@dataclass(slots=True)
class Closing:
    """What one unit of work has left for its end so far."""

    shares: dict[Last[Any], Any] = field(default_factory=dict)
    announcements: list[object] = field(default_factory=list)
    made: dict[tuple[int, Callable[[Any], Any]], tuple[object, Any]] = field(default_factory=dict)


def begin(conn: Connection) -> Closing:
    """A unit of work begins on `conn`; what an earlier one left is forgotten."""
    closing = Closing()
    conn.info[_KEY] = closing
    return closing


def finish(conn: Connection) -> list[object]:
    """Do what was left for the end; returns what is to be announced after the commit."""
    closing: Closing = conn.info[_KEY]
    while closing.shares:
        last = min(closing.shares, key=lambda one: one.order)
        last.write(conn, closing.shares.pop(last))
    return closing.announcements


def share(conn: Connection, last: Last[T]) -> T:
    """What this unit has gathered of `last` so far, to add to."""
    closing: Closing = conn.info[_KEY]
    if last not in closing.shares:
        closing.shares[last] = last.make()
    gathered: T = closing.shares[last]
    return gathered


def gathered(conn: Connection, last: Last[T]) -> T | None:
    """What this unit has gathered of `last`, to look at; None for nothing, as where only reading is done."""
    closing: Closing | None = conn.info.get(_KEY)
    return closing.shares.get(last) if closing is not None else None


def once(conn: Connection, of: T, make: Callable[[T], R]) -> R:
    """What `make` makes of an object that does not change, made once a unit of work."""
    closing: Closing = conn.info[_KEY]
    key = id(of), make
    if key not in closing.made:
        closing.made[key] = of, make(of)  # held, so that no other object gets its id
    made: R = closing.made[key][1]
    return made


def announce(conn: Connection, announcement: object) -> None:
    """Tell the listeners of the database `announcement` once this transaction is committed; it is not stored."""
    closing: Closing = conn.info[_KEY]
    closing.announcements.append(announcement)
