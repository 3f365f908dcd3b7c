"""Many rows handed to one statement as one value: JSON that the database takes apart, on SQLite and PostgreSQL.

So a query is asked once for several hundred things, and its text stays the same however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, JSON, Integer, Text, bindparam, cast, column, func, select, type_coerce
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from cc_server.db.portable.types import UtcDateTime, as_json

PLACE = "place"
"""The column that says which of the rows it was, from 0."""
HANDED = "rows"
"""Under which name a statement is handed its rows."""
_ALL = "handed"

HandedRow = Mapping[str, str | datetime | None]
Columns = Mapping[str, TypeEngine[Any]]


class _Rows(TypeDecorator[Sequence[HandedRow]]):
    """Rows as a JSON text, each with its place; moments as the database compares them."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Sequence[HandedRow] | None], str]:
        """What writes them."""
        as_moment = (dialect.name == "sqlite" and UtcDateTime().bind_processor(dialect)) or datetime.isoformat

        def told(place: int, row: HandedRow) -> dict[str, Any]:
            moments = {name: as_moment(value) for name, value in row.items() if isinstance(value, datetime)}
            return {**row, **moments, PLACE: place}

        return lambda rows: as_json([told(place, row) for place, row in enumerate(rows or ())])


def on_sqlite(columns: Columns) -> CTE:
    """The rows that a statement is handed under `HANDED`, as SQLite reads them: to select from, with their place."""
    each = func.json_each(bindparam(HANDED, type_=_Rows())).table_valued("value", name="each")
    taken = [
        type_coerce(func.json_extract(each.c.value, f"$.{name}"), kind).label(name)
        for name, kind in {PLACE: Integer(), **columns}.items()
    ]
    return select(*taken).cte(_ALL).prefix_with("MATERIALIZED")  # else each use of a value takes the JSON apart anew


def on_postgres(columns: Columns) -> CTE:
    """The same as PostgreSQL reads them."""
    told = [column(name, kind) for name, kind in {PLACE: Integer(), **columns}.items()]
    each = func.json_to_recordset(cast(bindparam(HANDED, type_=_Rows()), JSON)).table_valued(*told)
    return select(each.render_derived(name="each", with_types=True)).cte(_ALL)
