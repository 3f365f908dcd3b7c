"""Keyset cursors: where a page of a list ended, bound to the list, the caller's clients, the filter and the sort."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, or_

from cc_server.db.portable.types import UtcDateTime
from cc_server.domain.base.refusals import DomainRefusal

LARGEST_NUMBER = 2**63 - 1
Value = str | int | datetime


class Cursors:
    """The cursors of one list, as `binding` defines it."""

    def __init__(self, *binding: object) -> None:
        self._mark = hashlib.sha256(repr(binding).encode()).hexdigest()[:16]

    def after(self, value: Value, row_id: str) -> str:
        """The cursor that goes on behind a row."""
        told = value.isoformat() if isinstance(value, datetime) else value
        return base64.urlsafe_b64encode(json.dumps([self._mark, told, row_id]).encode()).decode().rstrip("=")

    def seek(
        self, query: Select[Any], column: ColumnElement[Any], row_id: ColumnElement[str], cursor: str | None,
        *, descending: bool,
    ) -> Select[Any]:  # fmt: skip
        """The rows behind a cursor, all of them without one.

        Raises:
            DomainRefusal: it is none of this list's (`invalid_cursor`).
        """
        if cursor is None:
            return query
        value, last = self._read(cursor, column)
        if descending:
            return query.where(or_(column < value, and_(column == value, row_id < last)))
        return query.where(or_(column > value, and_(column == value, row_id > last)))

    def _read(self, cursor: str, column: ColumnElement[Any]) -> tuple[Value, str]:
        try:
            told = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            mark, value, row_id = told
            if mark != self._mark or not isinstance(row_id, str):
                raise ValueError
            return _as_the_column_has_it(value, column), row_id
        except (ValueError, TypeError, binascii.Error, RecursionError):
            raise DomainRefusal(
                "invalid_cursor", "this cursor belongs to another list, filter or sort; begin without one"
            ) from None


def _as_the_column_has_it(value: object, column: ColumnElement[Any]) -> Value:
    """A value of a cursor as what the column holds.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(column.type, UtcDateTime):
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is None or moment.tzinfo is None:
            raise ValueError
        return moment
    if isinstance(column.type, Integer):
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST_NUMBER:
            raise ValueError
        return value
    if not isinstance(value, str):
        raise ValueError
    return value
