"""The outbox under its older names: each row is an approval with its newest delivery, under a single status."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_

from cc_api_client.models.outbox.delivery_states import LEAVING
from cc_api_client.models.outbox.legacy import OutboxAnswer, OutboxPage, OutboxRow
from cc_server.db.tables import IS_DECIDED, IS_PENDING, approvals
from cc_server.domain.base.actors import Actor, narrowed
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.base.unit import Unit
from cc_server.domain.outbox import decisions
from cc_server.domain.outbox.decisions import Seen
from cc_server.domain.outbox.rows import PREFIX, Row, find, model_of, selected

QUEUED, APPROVED = "queued", "approved"
_ENDED = ("sent", "failed", "unknown")
STATUSES = (QUEUED, APPROVED, "rejected", "expired", "cancelled", *_ENDED)


def page(conn: Connection, actor: Actor, status: str | None, limit: int) -> OutboxPage:
    """The oldest rows of a status; None: of all."""
    query = narrowed(selected(), approvals.c.client_id, actor.visible)
    if status is not None:
        query = query.where(_means(status))
    rows = conn.execute(query.order_by(approvals.c.created_at, approvals.c.id).limit(limit)).mappings()
    return OutboxPage(items=[_model(row) for row in rows])


def approve(conn: Connection, unit: Unit, approval_id: str, note: str | None) -> OutboxAnswer:
    """Let it out; what can go wrong is what can go wrong with any approval."""
    told = decisions.approve(conn, unit, approval_id, Seen(), note)
    return _answer(conn, unit, approval_id, changed=told.changed)


def reject(conn: Connection, unit: Unit, approval_id: str, reason: str) -> OutboxAnswer:
    """Stop it, with a reason in words."""
    told = decisions.reject(conn, unit, approval_id, Seen(), "other", reason)
    return _answer(conn, unit, approval_id, changed=told.changed)


def send(conn: Connection, unit: Unit, approval_id: str) -> OutboxAnswer:
    """Ask that an approved one be sent: it leaves by itself, and never before its hold is over.

    Raises:
        DomainRefusal: it was not approved (`invalid_state`).
    """
    row = find(conn, unit.actor, approval_id)
    if row["status"] != APPROVED:
        detail = f"it is {status_of(row)}; only what was approved is sent"
        raise DomainRefusal("invalid_state", detail, model_of(row))
    return _answer(conn, unit, approval_id, changed=False)


def status_of(row: Row) -> str:
    """The single status of an approval and its newest delivery (contract, section 5, legacy status)."""
    match row["status"]:
        case "pending":
            return QUEUED
        case "approved":
            return row["delivery_state"] if row["delivery_state"] in _ENDED else APPROVED
        case other:
            return str(other)


def _means(status: str) -> ColumnElement[bool]:
    if status == QUEUED:
        return IS_PENDING
    if status in _ENDED:
        return and_(approvals.c.status == APPROVED, approvals.c.delivery_state == status)
    if status == APPROVED:
        return and_(approvals.c.status == APPROVED, approvals.c.delivery_state.in_(LEAVING))
    return and_(IS_DECIDED, approvals.c.status == status)


def _answer(conn: Connection, unit: Unit, approval_id: str, *, changed: bool) -> OutboxAnswer:
    row = find(conn, unit.actor, approval_id)
    return OutboxAnswer(status=status_of(row), changed=changed, item=_model(row))


def _model(row: Row) -> OutboxRow:
    is_approved, was_rejected = row["status"] == APPROVED, row["status"] == "rejected"
    kept = ("id", "client_id", "lead_id", "run_id", "to_email", "to_name", "subject", "body", "created_at")
    told: dict[str, Any] = {name: row[name] for name in kept} | {
        "status": status_of(row),
        "approved_by": row["decided_by"] if is_approved else None,
        "approved_at": row["decided_at"] if is_approved else None,
        "rejected_reason": (row["reason"] or row["reason_code"]) if was_rejected else None,
    }
    if is_approved and row["delivery_id"]:
        told |= {
            "sent_at": row[PREFIX + "sent_at"],
            "send_provider": row[PREFIX + "provider"],
            "send_response": row[PREFIX + "provider_message_id"] or row[PREFIX + "error"],
        }
    moments = (row["created_at"], row["edited_at"], row["decided_at"], told.get("sent_at"))
    return OutboxRow.model_validate(told | {"updated_at": max(one for one in moments if one is not None)})
