"""How one statement runs on SQLite: its SQL as SQLAlchemy writes it, and what its values and columns are turned into.

SQLAlchemy takes 60 to 100 µs around a statement that SQLite runs in five. What it finds out anew each time is found out
once here: the text, the order of the values, the conversions of their types. What runs is the same.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import JSON, Connection, Select, TextClause, UpdateBase
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from cc_server.db.portable.types import as_json, from_json

Statement = Select[Any] | UpdateBase | TextClause
Values = Mapping[str, Any]
Convert = Callable[[Any], Any]
Conversions = tuple[tuple[int, Convert], ...]


class Plan:
    """One statement for the driver.

    Args:
        statement: what runs; a list in it is of fixed values.
        dialect: SQLite's, as the engine was made.
        columns: the columns of an insert.
    """

    def __init__(self, statement: Statement, dialect: Dialect, columns: Sequence[str]) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(columns) or None)
        required = {name for name, bind in compiled.binds.items() if bind.required}
        spelled = compiled.construct_expanded_state(dict.fromkeys(required))
        order = tuple(spelled.positiontup or ())
        self.sql = spelled.statement
        self._dialect = dialect
        self._fixed = {name: value for name, value in spelled.parameters.items() if name not in required}
        self._in_order = _in_order(order)
        into = [compiled.binds[name].type if name in compiled.binds else None for name in order]
        self._into = _conversions(into, "bind_processor", dialect)
        told = tuple(getattr(statement, "exported_columns", ()))
        self._names = tuple(str(column.key) for column in told)

        self._row = _row_of(self._names)
        self._out_of = _conversions([column.type for column in told], "result_processor", dialect, None)

    def run(self, conn: Connection, values: Values) -> int:
        """Run it; how many rows it changed."""
        return self._executed(conn, values).rowcount

    def run_many(self, conn: Connection, rows: Sequence[Values]) -> int:
        """Run it for each of `rows`; how many rows it changed."""
        try:
            return _driver(conn).executemany(self.sql, [self._bound(values) for values in rows]).rowcount
        except sqlite3.Error as error:
            raise self._told(error) from error

    def rows(self, conn: Connection, values: Values) -> list[Any]:
        """Run it; the rows, their values by name."""
        return [self._row(row) for row in self._found(conn, values)]

    def mappings(self, conn: Connection, values: Values) -> list[dict[str, Any]]:
        """Run it; the rows as dictionaries."""
        return [dict(zip(self._names, row, strict=True)) for row in self._found(conn, values)]

    def _found(self, conn: Connection, values: Values) -> list[Sequence[Any]]:
        cursor = self._executed(conn, values)
        try:
            found = cursor.fetchall()
        except sqlite3.Error as error:
            raise self._told(error) from error
        return [_converted(row, self._out_of) for row in found] if self._out_of else found

    def _executed(self, conn: Connection, values: Values) -> sqlite3.Cursor:
        try:
            return _driver(conn).execute(self.sql, self._bound(values))
        except sqlite3.Error as error:
            raise self._told(error) from error

    def _bound(self, values: Values) -> Sequence[Any]:
        return _converted(self._in_order({**self._fixed, **values} if self._fixed else values), self._into)

    def _told(self, error: sqlite3.Error) -> DBAPIError:
        """The error as SQLAlchemy tells it; an error carries no values."""
        told = DBAPIError.instance(self.sql, None, error, sqlite3.Error, hide_parameters=True, dialect=self._dialect)
        return cast(DBAPIError, told)


def _row_of(names: tuple[str, ...]) -> Callable[[Sequence[Any]], Any]:
    """A tuple whose values have names."""
    made: Any = namedtuple("Row", [*names], rename=True)  # type: ignore[misc]
    return cast(Callable[[Sequence[Any]], Any], made._make)


def _in_order(names: tuple[str, ...]) -> Callable[[Values], Sequence[Any]]:
    """From values by name to values in the order of the statement."""
    match names:
        case ():
            return lambda _values: ()
        case (only,):
            return lambda values: (values[only],)
        case _:
            return itemgetter(*names)


def _conversions(types: Sequence[TypeEngine[Any] | None], kind: str, dialect: Dialect, *args: Any) -> Conversions:
    """The places whose values are converted, and how; what a list of ours is spelled with (None) are words."""
    known = ((place, one) for place, one in enumerate(types) if one is not None)
    found = ((place, _conversion(one, kind, dialect, *args)) for place, one in known)
    return tuple((place, convert) for place, convert in found if convert is not None)


def _conversion(kept: TypeEngine[Any], kind: str, dialect: Dialect, *args: Any) -> Convert | None:
    """How values of a type are converted; JSON without the layers around its reader and its writer."""
    if isinstance(kept, JSON):
        return as_json if kind == "bind_processor" else from_json
    convert: Convert | None = getattr(kept.dialect_impl(dialect), kind)(dialect, *args)
    return convert


def _converted(values: Sequence[Any], conversions: Conversions) -> Sequence[Any]:
    """`values` with some of them converted; null stays null."""
    if not conversions:
        return values
    told = list(values)
    for place, convert in conversions:
        if (value := told[place]) is not None:
            told[place] = convert(value)
    return told


def _driver(conn: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, conn.connection.dbapi_connection)
