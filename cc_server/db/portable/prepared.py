"""Statements that run all the time: made once, as module constants, and found out once how SQLite runs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Connection, CursorResult, Insert
from sqlalchemy.exc import NoResultFound
from sqlalchemy.sql import visitors

from cc_server.db.portable.plan import Plan, Statement, Values

_NONE: Values = {}
T = TypeVar("T")
Row = Mapping[Any, Any]
"""A row by the names of its columns."""


class Prepared:
    """A statement that runs often, on both databases.

    What it is given are its `bindparam`s by name, or for an insert the columns.

    Args:
        statement: what runs.
        on_postgres: what runs there instead, where the two are not written alike.
    """

    def __init__(self, statement: Statement, on_postgres: Statement | None = None) -> None:
        self.statement = statement
        self._of = {"sqlite": statement, "postgresql": on_postgres if on_postgres is not None else statement}
        self._is_insert = isinstance(statement, Insert)
        self._is_spelled_anew = _has_open_list(statement)
        self._plans: dict[tuple[str, ...], Plan] = {}

    def run(self, conn: Connection, values: Values = _NONE) -> int:
        """Run it; how many rows it changed."""
        plan = self._plan(conn, values)
        return plan.run(conn, values) if plan is not None else self._executed(conn, values).rowcount

    def run_many(self, conn: Connection, rows: Sequence[Values]) -> int:
        """Run it for each of `rows`, which have the same names.

        Returns:
            How many rows it changed; -1 where PostgreSQL was given several, and does not tell.
        """
        if not rows:
            return 0
        plan = self._plan(conn, rows[0])
        if plan is None:
            return self._executed(conn, rows).rowcount
        return plan.run(conn, rows[0]) if len(rows) == 1 else plan.run_many(conn, rows)

    def rows(self, conn: Connection, values: Values = _NONE) -> Sequence[Any]:
        """Run it; the rows, whose values have names and an order."""
        plan = self._plan(conn, values)
        return plan.rows(conn, values) if plan is not None else self._executed(conn, values).all()

    def mappings(self, conn: Connection, values: Values = _NONE) -> Sequence[Row]:
        """Run it; the rows by the names of their columns."""
        plan = self._plan(conn, values)
        return plan.mappings(conn, values) if plan is not None else self._executed(conn, values).mappings().all()

    def first(self, conn: Connection, values: Values = _NONE) -> Any:
        """Run it; the first row, whose values have names and an order; None where there is none."""
        return next(iter(self.rows(conn, values)), None)

    def one(self, conn: Connection, values: Values = _NONE) -> Any:
        """Run it; its row, whose values have names and an order, where there is one in any case."""
        return _there(self.first(conn, values), self)

    def first_mapping(self, conn: Connection, values: Values = _NONE) -> Row | None:
        """Run it; the first row by the names of its columns, None where there is none."""
        return next(iter(self.mappings(conn, values)), None)

    def one_mapping(self, conn: Connection, values: Values = _NONE) -> Row:
        """Run it; its row by the names of its columns, where there is one in any case."""
        return _there(self.first_mapping(conn, values), self)

    def scalar(self, conn: Connection, values: Values = _NONE) -> Any:
        """Run it; the first value of the first row, None where there is none."""
        row = self.first(conn, values)
        return row[0] if row is not None else None

    def _plan(self, conn: Connection, values: Values) -> Plan | None:
        """How it runs on SQLite; None where SQLAlchemy runs it."""
        if self._is_spelled_anew or conn.dialect.name != "sqlite":
            return None
        columns = tuple(values) if self._is_insert else ()
        plan = self._plans.get(columns)
        if plan is None:
            plan = self._plans[columns] = Plan(self.statement, conn.dialect, columns)
        return plan

    def _executed(self, conn: Connection, values: Values | Sequence[Values]) -> CursorResult[Any]:
        return conn.execute(self._of[conn.dialect.name], values)


def _there(row: T | None, prepared: Prepared) -> T:
    if row is None:
        raise NoResultFound(f"there is no row: {prepared.statement}")
    return row


def _has_open_list(statement: Statement) -> bool:
    """Whether it holds a list that is as long as what it is given: its text is another each time."""
    found = visitors.iterate(statement)
    return any(isinstance(one, BindParameter) and one.expanding and one.required for one in found)
