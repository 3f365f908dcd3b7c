"""What ends without a person: an approval expires, or its agent withdraws it."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, update

from cc_api_client.models.events import EventType
from cc_api_client.models.outbox.approvals import Approval
from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import IS_PENDING, approvals
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.base.unit import Unit
from cc_server.domain.outbox.rows import Row, find, find_to_change, model_of, selected, tell

EXPIRED_AT_ONCE = 100

_OVERDUE = (
    selected()
    .where(IS_PENDING, approvals.c.expires_at <= bindparam("now"))
    .order_by(approvals.c.expires_at)
    .limit(EXPIRED_AT_ONCE)
)
_END = Prepared(
    update(approvals)
    .where(
        approvals.c.id == bindparam("wanted"),
        IS_PENDING,
        approvals.c.version == bindparam("from_version"),
    )
    .values(status=bindparam("to_status"), version=approvals.c.version + 1)
    .returning(approvals.c.version)
)


def is_overdue(unit: Unit, row: Row) -> bool:
    """Whether a pending approval has expired by now."""
    return bool(row["expires_at"] <= unit.now)


def expire_overdue(conn: Connection, unit: Unit) -> int:
    """Expire what nobody decided in time, a hundred at most; returns how many."""
    rows = conn.execute(_OVERDUE, {"now": unit.now}).mappings().all()
    for row in rows:
        expire_one(conn, unit, row)
    return len(rows)


def expire_one(conn: Connection, unit: Unit, row: Row) -> Approval:
    """Expire one pending approval; returns it as it is then, whoever was first."""
    return _end(conn, unit, row, "expired", EventType.APPROVAL_EXPIRED, None)


def withdraw(conn: Connection, unit: Unit, approval_id: str, reason: str) -> Approval:
    """The agent takes its draft back.

    Raises:
        DomainRefusal: it is no longer pending (`invalid_state`).
    """
    row = find_to_change(conn, unit.actor, approval_id)
    if row["status"] != "pending":
        raise DomainRefusal("invalid_state", f"it is {row['status']}; only what is pending is withdrawn", model_of(row))
    return _end(conn, unit, row, "cancelled", EventType.APPROVAL_CANCELLED, reason)


def _end(conn: Connection, unit: Unit, row: Row, status: str, type: EventType, reason: str | None) -> Approval:  # noqa: A002
    place = {"wanted": row["id"], "from_version": row["version"], "to_status": status}
    ended = _END.first(conn, place)
    now = find(conn, unit.actor, row["id"])
    return tell(conn, unit, row, now, type, f"approval.{status}", reason) if ended else model_of(now)
