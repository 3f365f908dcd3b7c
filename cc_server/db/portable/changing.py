"""Updates of whichever columns change: each made once, as making a statement costs more than running it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, bindparam, update
from sqlalchemy.exc import NoResultFound

from cc_server.db.portable.prepared import Prepared

_NEW = "new_"


class Changing:
    """Updates of one table with one condition.

    Args:
        table: what is changed.
        where: the condition, its values as `bindparam`s whose names begin with no `new_`.
        always: what changes each time, as its version.
        returning: columns of the row as it is afterwards; none where it is enough to know whether there is one.
    """

    def __init__(
        self,
        table: Table,
        *where: ColumnElement[bool],
        always: Mapping[str, ColumnElement[Any]],
        returning: Sequence[Column[Any]] = (),
    ) -> None:
        self._table = table
        self._where = where
        self._always = dict(always)
        self._returning = returning
        self._statement = cache(self._make)

    def run(self, conn: Connection, changes: Mapping[str, Any], place: Mapping[str, Any]) -> Mapping[Any, Any] | None:
        """Set the columns that `changes` names, where `place` fills the condition; the row, None where none fits."""
        return self._statement(tuple(changes)).first_mapping(conn, _values(changes, place))

    def succeeds(self, conn: Connection, changes: Mapping[str, Any], place: Mapping[str, Any]) -> bool:
        """The same, where nothing is returned: whether a row fits, and was changed."""
        return self._statement(tuple(changes)).run(conn, _values(changes, place)) > 0

    def run_on_one(self, conn: Connection, changes: Mapping[str, Any], place: Mapping[str, Any]) -> Mapping[Any, Any]:
        """The same, where the row is known to be there."""
        row = self.run(conn, changes, place)
        if row is None:
            raise NoResultFound(f"no row of {self._table.name} to change")
        return row

    def _make(self, names: tuple[str, ...]) -> Prepared:
        new = {name: bindparam(_NEW + name, type_=self._table.c[name].type) for name in names}
        changing = update(self._table).where(*self._where).values(new | self._always)
        return Prepared(changing.returning(*self._returning) if self._returning else changing)


def _values(changes: Mapping[str, Any], place: Mapping[str, Any]) -> dict[str, Any]:
    return {**place, **{_NEW + name: value for name, value in changes.items()}}
