"""Questions that are asked all the time and have no parameters: on SQLite they go past SQLAlchemy to the driver.

SQLAlchemy takes 22 µs to ask what SQLite answers in one.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.dialects import sqlite


class Plain:
    """One question without parameters, whose answers need no conversion: whole numbers and texts."""

    def __init__(self, query: Select[Any]) -> None:
        self._query = query

    def first(self, conn: Connection) -> tuple[Any, ...] | None:
        """The first row of the answer, None where there is none."""
        if conn.dialect.name == "sqlite" and (driver := conn.connection.driver_connection) is not None:
            found: tuple[Any, ...] | None = driver.execute(self._on_sqlite).fetchone()
            return found
        row = conn.execute(self._query).first()
        return tuple(row) if row is not None else None

    @cached_property
    def _on_sqlite(self) -> str:
        return str(self._query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
