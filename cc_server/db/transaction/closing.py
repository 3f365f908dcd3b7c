"""What units of work leave for the end of their transaction: rows that everybody writes to, and what is told after it.

Counters, the audit chain and the head of the event log are rows that every unit changes. On PostgreSQL whoever changes
one holds it until the commit, so they are changed last, always in the same order: nobody waits long, nobody waits in a
circle, and events are numbered in the order of commits. On SQLite units that share a commit also share this work: their
lines of the trail, their events and their counts are written together. Until then they stand in no table, and only
`gathered` tells of them.

What a unit found out and need not find out again stays as long, and is forgotten with it where the unit is taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")
R = TypeVar("R")
_ALL = "cc_server.closing"
_UNIT = "cc_server.closing.unit"


@dataclass(frozen=True, slots=True, eq=False)
class Last(Generic[T]):
    """One kind of work that is done at the end of a transaction.

    Args:
        order: its place among the others, lowest first; each kind has its own.
        make: where the share of a unit is gathered.
        join: adds the share of a later unit to that of the earlier ones.
        write: writes what was gathered.
    """

    order: int
    make: Callable[[], T]
    join: Callable[[T, T], object]
    write: Callable[[Connection, T], None]


@dataclass(slots=True)
class Closing:
    """What one unit, or all of a transaction that went well, left for the end so far, made and found out."""

    shares: dict[Last[Any], Any] = field(default_factory=dict)
    announcements: list[object] = field(default_factory=list)
    made: dict[tuple[int, Callable[[Any], Any]], tuple[object, Any]] = field(default_factory=dict)
    known: dict[Hashable, Any] = field(default_factory=dict)
    has_forgotten: bool = False


@contextmanager
def transaction(conn: Connection) -> Iterator[None]:
    """The units of one transaction run within; what a transaction before it left is gone."""
    carried = conn.info
    carried[_ALL] = Closing()
    try:
        yield
    finally:
        carried.pop(_ALL)
        carried.pop(_UNIT, None)


def begin(conn: Connection) -> None:
    """A unit of work begins on `conn`; what an earlier one left and did not keep is forgotten."""
    conn.info[_UNIT] = Closing()


def keep(conn: Connection) -> None:
    """The unit of work went well: what it left is done at the end, with what the units before it left."""
    unit: Closing = conn.info[_UNIT]
    left: Closing = conn.info[_ALL]
    for last, share in unit.shares.items():
        if last in left.shares:
            last.join(left.shares[last], share)
        else:
            left.shares[last] = share
    left.announcements += unit.announcements
    if unit.has_forgotten:
        left.known.clear()
    left.known.update(unit.known)
    begin(conn)


def finish(conn: Connection) -> list[object]:
    """Do what was left for the end; returns what is to be announced after the commit."""
    left: Closing = conn.info[_ALL]
    conn.info[_UNIT], conn.info[_ALL] = left, Closing()
    while left.shares:
        last = min(left.shares, key=lambda one: one.order)
        last.write(conn, left.shares.pop(last))
    return left.announcements


def share(conn: Connection, last: Last[T]) -> T:
    """What this unit has gathered of `last` so far, to add to."""
    closing: Closing = conn.info[_UNIT]
    if last not in closing.shares:
        closing.shares[last] = last.make()
    so_far: T = closing.shares[last]
    return so_far


def gathered(conn: Connection, last: Last[T]) -> list[T]:
    """What this transaction has gathered of `last`, to look at: its earlier units' and this one's."""
    found: list[Closing | None] = [conn.info.get(_ALL), conn.info.get(_UNIT)]
    return [closing.shares[last] for closing in found if closing is not None and last in closing.shares]


def once(conn: Connection, of: T, make: Callable[[T], R]) -> R:
    """What `make` makes of an object that does not change, made once a unit of work."""
    closing: Closing = conn.info[_UNIT]
    key = id(of), make
    if key not in closing.made:
        closing.made[key] = of, make(of)  # held, so that no other object gets its id
    made: R = closing.made[key][1]
    return made


def known(conn: Connection, what: Hashable, look: Callable[[], R]) -> R:
    """What `look` finds; on SQLite looked up once a transaction, as only the units that share it change anything.

    Whoever changes what is looked up so calls `forget`.
    """
    unit: Closing | None = conn.info.get(_UNIT)
    if unit is None or conn.dialect.name != "sqlite":
        return look()
    left: Closing = conn.info[_ALL]
    for closing in (unit,) if unit.has_forgotten else (unit, left):
        if what in closing.known:
            found: R = closing.known[what]
            return found
    unit.known[what] = found = look()
    return found


def forget(conn: Connection) -> None:
    """What was looked up by `known` may not be so any more."""
    unit: Closing = conn.info[_UNIT]
    unit.known.clear()
    unit.has_forgotten = True


def announce(conn: Connection, announcement: object) -> None:
    """Tell the listeners of the database `announcement` once this transaction is committed; it is not stored."""
    closing: Closing = conn.info[_UNIT]
    closing.announcements.append(announcement)
