"""PostgreSQL's time: read once a unit of work, so that all processes hold, lease and expire by one clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

_NOW = text("SELECT clock_timestamp()")


@dataclass(slots=True)
class _Unit:
    """The unit of work that runs, and the moment that it read."""

    conn: Connection
    moment: datetime | None = None


_unit: ContextVar[_Unit | None] = ContextVar("unit of work", default=None)


class DatabaseClock:
    """Within a unit of work the database's time, asked for once; outside of one, the time that goes on from there."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)
        """How far the database's clock is ahead of `_steady`."""
        self._is_set = False

    def now(self) -> datetime:
        """The present moment, in UTC."""
        unit = _unit.get()
        if unit is None:
            return _steady() + self._ahead if self._is_set else datetime.now(UTC)
        if unit.moment is None:
            told: datetime = unit.conn.execute(_NOW).scalar_one()
            unit.moment = told.astimezone(UTC)
            self._ahead, self._is_set = unit.moment - _steady(), True
        return unit.moment

    @contextmanager
    def of_unit(self, conn: Connection) -> Iterator[None]:
        """While this holds, `now` is what the database says on `conn`."""
        token = _unit.set(_Unit(conn))
        try:
            yield
        finally:
            _unit.reset(token)


def _steady() -> datetime:
    """A clock that nobody sets, counted from an arbitrary moment."""
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=time.monotonic())
