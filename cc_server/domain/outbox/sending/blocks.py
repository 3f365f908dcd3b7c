"""What is stopped before it leaves: back to a person, or for good where its recipient must not be written to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, select

from cc_api_client.models.events import EventType
from cc_api_client.models.outbox.delivery_states import WAITING, DeliveryState
from cc_api_client.models.outbox.suppression import SuppressionEntry, SuppressionIntake
from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import approvals, deliveries
from cc_server.db.transaction import locks
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.base.unit import Unit
from cc_server.domain.controls import suppression
from cc_server.domain.outbox.decisions import back_to_pending, compare_and_set
from cc_server.domain.outbox.deliveries import change
from cc_server.domain.outbox.drafts import NEVER_WRITE
from cc_server.domain.outbox.rows import Row, find_to_change, tell
from cc_server.domain.risk.recipient import is_address

_OPEN_TO = Prepared(
    select(approvals.c.id, approvals.c.client_id)
    .where(approvals.c.recipient == bindparam("address"), approvals.c.status.in_(("pending", "approved")))
    .order_by(approvals.c.id)
)
_DELIVERY = Prepared(select(deliveries).where(deliveries.c.id == bindparam("wanted")))


def suppress(conn: Connection, unit: Unit, intake: SuppressionIntake) -> SuppressionEntry:
    """Never write to an address again: what is pending to it, or approved and not dispatched, is cancelled.

    Raises:
        DomainRefusal: the key sees some clients, and none is named (`client_required`), or it is not exactly one
            address (`validation_failed`): it would suppress nothing.
    """
    if not is_address(intake.email.strip()):
        raise DomainRefusal(
            "validation_failed", "email: this is not exactly one mail address, such as maya@clinic.example"
        )
    locks.exclusive(conn, locks.CONTROLS)
    client_id = suppression.scope_of(unit.actor)
    entry, is_new = suppression.store(conn, unit, client_id, intake.email, intake.reason)
    if is_new:
        for row in _OPEN_TO.rows(conn, {"address": entry.email}):
            if client_id in (suppression.ALL_CLIENTS, row.client_id):
                cancel(conn, unit, row.id)
    return entry


def cancel(conn: Connection, unit: Unit, approval_id: str) -> bool:
    """End what must not be written; False where it has left already, or may have."""
    row = find_to_change(conn, unit.actor, approval_id)
    if row["status"] == "pending":
        _end(conn, unit, row, {"status": "cancelled"}, EventType.APPROVAL_CANCELLED, "approval.cancelled", NEVER_WRITE)
        return True
    delivery = _DELIVERY.first_mapping(conn, {"wanted": row["delivery_id"]})
    if row["status"] != "approved" or delivery is None or delivery["lease_until"] is not None:
        return False
    return block(conn, unit, row, delivery, [NEVER_WRITE], for_good=True)


def block(conn: Connection, unit: Unit, row: Row, delivery: Row, reasons: list[str], *, for_good: bool = False) -> bool:
    """Stop a delivery that waits; its approval goes back to a person, or is cancelled. False: it waits no more."""
    told = "; ".join(reasons)
    changes = {"state": DeliveryState.BLOCKED.value, "waiting_for": None, "error": told}
    if change(conn, unit, delivery, WAITING, changes) is None:
        return False
    blocked = find_to_change(conn, unit.actor, row["id"])
    if for_good:
        _end(conn, unit, blocked, {"status": "cancelled"}, EventType.APPROVAL_CANCELLED, "approval.cancelled", told)
    else:
        back = back_to_pending(unit, blocked, "blocked", reasons)
        _end(conn, unit, blocked, back, EventType.APPROVAL_UPDATED, "approval.block", told)
    return True


def _end(
    conn: Connection,
    unit: Unit,
    row: Row,
    changes: dict[str, Any],
    type: EventType,  # noqa: A002  (the contract's word)
    action: str,
    reason: str,
) -> None:
    after = compare_and_set(conn, unit, row, changes)
    tell(conn, unit, row, after, type, action, reason)
