"""Keyset cursors: where a page of a list ended, bound to the list, the caller's clients, the filter and the sort."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_

from cc_server.domain.refusals import DomainRefusal

_MOMENT = "@"
Value = str | int | datetime


class Cursors:
    """The cursors of one list, as `binding` defines it."""

    def __init__(self, *binding: object) -> None:
        self._mark = hashlib.sha256(repr(binding).encode()).hexdigest()[:16]

    def after(self, value: Value, row_id: str) -> str:
        """The cursor that goes on behind a row."""
        told = _MOMENT + value.isoformat() if isinstance(value, datetime) else value
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
        value, last = self._read(cursor)
        if descending:
            return query.where(or_(column < value, and_(column == value, row_id < last)))
        return query.where(or_(column > value, and_(column == value, row_id > last)))

    def _read(self, cursor: str) -> tuple[Value, str]:
        try:
            told = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            mark, value, row_id = told
            if mark != self._mark or not isinstance(value, str | int) or not isinstance(row_id, str):
                raise ValueError
            if isinstance(value, str) and value.startswith(_MOMENT):
                return datetime.fromisoformat(value[1:]), row_id
        except (ValueError, TypeError, binascii.Error, RecursionError):
            raise DomainRefusal(
                "invalid_cursor", "this cursor belongs to another list, filter or sort; begin without one"
            ) from None
        return value, row_id
