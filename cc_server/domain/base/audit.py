"""The audit trail: who did or tried what, to which object. Bodies stand in it as hashes only.

Rows are written when a transaction ends, each sealed and chained to the one before; the database refuses to change or
delete them. What is refused is on record too; wrong keys are counted, not recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from cc_api_client.models.base import Page
from cc_api_client.models.installation.audit import AuditRow
from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import audit
from cc_server.db.transaction import closing, locks
from cc_server.domain.base.actors import Actor, narrowed
from cc_server.domain.base.cursors import Cursors
from cc_server.domain.base.unit import Unit
from cc_server.sealing.chain import FIRST, Sealed, seal_of
from cc_server.sealing.seals import newest_key

CHAIN = "audit"
"""The lock under which rows are chained."""
PAGE = 1_000
ROUTE_LENGTH = 200

_INSERT = Prepared(insert(audit))
_HEAD = Prepared(select(audit.c.seq, audit.c.seal).order_by(audit.c.seq.desc()).limit(1))
_SEAL_AT = select(audit.c.seal).where(audit.c.seq == bindparam("seq"))
_OF_ACTION = select(audit.c.before).where(audit.c.action == bindparam("action"))
_AFTER = Prepared(select(audit).where(audit.c.seq > bindparam("after")).order_by(audit.c.seq).limit(bindparam("most")))
_OF_OBJECT = Prepared(select(audit).where(audit.c.object_id == bindparam("object_id")).order_by(audit.c.seq).limit(50))


def record(
    conn: Connection,
    unit: Unit,
    action: str,
    object_type: str,
    object_id: str,
    client_id: str | None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Write one line, when the transaction ends."""
    row = {
        "at": unit.now, "actor": unit.actor.name, "action": action, "object_type": object_type,
        "object_id": object_id, "client_id": client_id, "before": dict(before) if before else None,
        "after": dict(after) if after else None, "reason": reason, "request_id": unit.request_id,
    }  # fmt: skip
    closing.share(conn, _ROWS).append(row)


def refused(conn: Connection, unit: Unit, what: str, why: str) -> None:
    """Write down that a key tried what it may not; rows of nobody's client are seen by unbound admins."""
    record(conn, unit, "request.refused", "route", what[:ROUTE_LENGTH], None, reason=why)


def head(conn: Connection) -> Sealed:
    """The last row; seq 0 where there is none. A row from before sealing has no seal: the chain begins behind it."""
    seq, seal = _HEAD.first(conn) or (0, None)
    return Sealed(seq, seal or FIRST)


def stands_at(conn: Connection, row: Sealed) -> bool:
    """Whether the trail holds that very row."""
    if row.seq == 0:
        return True
    found = conn.execute(_SEAL_AT, {"seq": row.seq}).first()
    return found is not None and (found.seal or FIRST) == row.seal


def befores(conn: Connection, action: str) -> list[dict[str, Any]]:
    """What it was like before each time that something was done."""
    return [before or {} for before in conn.execute(_OF_ACTION, {"action": action}).scalars()]


def _write(conn: Connection, rows: list[dict[str, Any]]) -> None:
    """Number and seal the lines of a transaction, and write them."""
    locks.exclusive(conn, CHAIN)
    last, key = head(conn), newest_key(conn)
    for row in rows:
        seq, follows = last.seq + 1, last.seal
        last = Sealed(seq, seal_of(key, seq, follows, row))
        row |= {"seq": seq, "follows": follows, "seal": last.seal}
    _INSERT.run_many(conn, rows)
    closing.announce(conn, last)


_ROWS: closing.Last[list[dict[str, Any]]] = closing.Last(order=50, make=list, join=list.extend, write=_write)


def trail(conn: Connection, object_id: str) -> list[AuditRow]:
    """The lines about one object, oldest first, fifty at most."""
    return [_model(row) for row in _OF_OBJECT.mappings(conn, {"object_id": object_id})]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines; None leaves a field alone."""

    actor: str | None = None
    action: str | None = None
    object_id: str | None = None


def page(conn: Connection, actor: Actor, wanted: Wanted, limit: int, cursor: str | None) -> Page[AuditRow]:
    """Lines, newest first.

    Raises:
        DomainRefusal: the cursor is of another list (`invalid_cursor`).
    """
    binding = wanted.actor, wanted.action, wanted.object_id, sorted(actor.visible or ()), actor.visible is None
    cursors = Cursors("audit", *binding)
    query = narrowed(select(audit).order_by(audit.c.seq.desc()), audit.c.client_id, actor.visible)
    chosen = (audit.c.actor, wanted.actor), (audit.c.action, wanted.action), (audit.c.object_id, wanted.object_id)
    for column, value in chosen:
        if value is not None:
            query = query.where(column == value)
    query = cursors.seek(query, audit.c.seq, audit.c.object_id, cursor, descending=True)
    rows = conn.execute(query.limit(limit + 1)).mappings().all()
    last = rows[limit - 1] if len(rows) > limit else None
    following = cursors.after(last["seq"], last["object_id"]) if last is not None else None
    return Page[AuditRow](items=[_model(row) for row in rows[:limit]], next_cursor=following)


def sealed_rows(conn: Connection, after: int = 0) -> Iterator[Mapping[Any, Any]]:
    """Every row behind `after` with its seal, oldest first; a page at a time, so that a long trail fits in memory."""
    while rows := _AFTER.mappings(conn, {"after": after, "most": PAGE}):
        yield from rows
        after = rows[-1]["seq"]


def lines(conn: Connection, after: int = 0) -> Iterator[AuditRow]:
    """Every line behind `after`, oldest first."""
    return (_model(row) for row in sealed_rows(conn, after))


def _model(row: Mapping[Any, Any]) -> AuditRow:
    return AuditRow.model_validate({name: row[name] for name in AuditRow.model_fields})
