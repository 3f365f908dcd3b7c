"""Insert a row, or act on the one that is there already: one statement for SQLite and PostgreSQL.

Domain code uses this and never catches an IntegrityError: caught inside a unit of work it spoils the whole unit on
PostgreSQL. Made once as a module constant, run with rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql, sqlite

from cc_server.db.portable.prepared import Prepared

Changes = Callable[[Any], Mapping[str, Any]]
"""From the row that was not inserted (`excluded`) to what changes in the one that is there."""


def upsert(table: Table, on: Sequence[str], changes: Changes, *, returning: Sequence[Column[Any]] = ()) -> Prepared:
    """Insert into `table`; where a row with the same `on` exists, change that one.

    Args:
        table: where to.
        on: the columns of its primary key or of a unique index.
        changes: what changes in the row that is there, from the one that was not inserted.
        returning: columns of the row as it is afterwards.
    """
    lite, post = sqlite.insert(table), postgresql.insert(table)
    return _both(
        lite.on_conflict_do_update(index_elements=on, set_=dict(changes(lite.excluded))),
        post.on_conflict_do_update(index_elements=on, set_=dict(changes(post.excluded))),
        returning,
    )


def insert_new(
    table: Table, on: Sequence[str], *, where: Any = None, returning: Sequence[Column[Any]] = ()
) -> Prepared:
    """Insert into `table`; where a row with the same `on` exists, do nothing (and return no row).

    Args:
        table: where to.
        on: the columns of its primary key or of a unique index.
        where: the condition of that index, if it is a partial one.
        returning: columns of the row that was inserted.
    """
    return _both(
        sqlite.insert(table).on_conflict_do_nothing(index_elements=on, index_where=where),
        postgresql.insert(table).on_conflict_do_nothing(index_elements=on, index_where=where),
        returning,
    )


def _both(lite: sqlite.Insert, post: postgresql.Insert, returning: Sequence[Column[Any]]) -> Prepared:
    if returning:
        return Prepared(lite.returning(*returning), post.returning(*returning))
    return Prepared(lite, post)
