"""Approvals as they are stored and as the contract has them, and how one change of them is told.

Everything that changes an approval ends in `tell`: counts, event and audit row belong to the change itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from cc_api_client.models.events import EventType
from cc_api_client.models.outbox.approvals import Approval, Delivery
from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import approvals, deliveries
from cc_server.db.transaction import closing, locks
from cc_server.domain.base import audit, counters
from cc_server.domain.base.actors import Actor
from cc_server.domain.base.refusals import not_found
from cc_server.domain.base.unit import Unit
from cc_server.events import log as events

Row = Mapping[Any, Any]
"""A stored approval with its newest delivery, whose columns begin with `delivery__`."""

PREFIX = "delivery__"
COUNTS = "approvals."

_ONLY_DETAILS = ("body", "payload", "original")
_NEVER_LISTED = (*_ONLY_DETAILS, "facts", "drafted_facts")
_DELIVERY_COLUMNS = [
    column.label(PREFIX + column.name) for column in deliveries.c if column.name in Delivery.model_fields
]


def selected(*, whole: bool = True) -> Select[Any]:
    """Approvals with their newest delivery; without `whole` lacking what only a detail needs."""
    columns = [column for column in approvals.c if whole or column.name not in _NEVER_LISTED]
    return select(*columns, *_DELIVERY_COLUMNS).select_from(
        approvals.outerjoin(deliveries, approvals.c.delivery_id == deliveries.c.id)
    )


_ONE = Prepared(selected().where(approvals.c.id == bindparam("wanted")))
_SOME = selected(whole=False).where(approvals.c.id.in_(bindparam("wanted", expanding=True)))
_LOCK = select(approvals.c.id).where(approvals.c.id == bindparam("wanted")).with_for_update()


def find(conn: Connection, actor: Actor, approval_id: str) -> Row:
    """The stored approval.

    Raises:
        DomainRefusal: there is none that the actor sees (`not_found`).
    """
    row = _ONE.first_mapping(conn, {"wanted": approval_id})
    if row is None or not actor.sees(row["client_id"]):
        raise not_found("approval")
    return row


def listed(conn: Connection, actor: Actor, approval_ids: Collection[str]) -> dict[str, Row]:
    """Those of some approvals that the actor sees, by id, without what only a detail needs."""
    rows = conn.execute(_SOME, {"wanted": list(approval_ids)}).mappings()
    return {row["id"]: row for row in rows if actor.sees(row["client_id"])}


def find_to_change(conn: Connection, actor: Actor, approval_id: str) -> Row:
    """The stored approval, which nobody else changes until this unit of work ends.

    Raises:
        DomainRefusal: there is none that the actor sees (`not_found`).
    """
    lock(conn, approval_id)
    return find(conn, actor, approval_id)


def lock(conn: Connection, approval_id: str) -> None:
    """Have nobody else change an approval or its deliveries until this unit of work ends."""
    locks.rows(conn, _LOCK, {"wanted": approval_id})


def fields_of(row: Row, *, whole: bool = True) -> dict[str, Any]:
    """A stored approval as the contract's fields."""
    flags = row["risk_flags"]
    fields = {name: row[name] for name in _PLAIN_FIELDS}
    fields["agent_name"] = row["agent_name"] or None
    fields["delivery"] = delivery_fields(row) if row["delivery_id"] else None
    if whole:
        fields |= {name: row[name] for name in _ONLY_DETAILS}
        fields["risk"] = {"score": row["risk_score"], "parts": row["risk_parts"], "flags": flags}
    else:
        fields["risk"] = {"score": row["risk_score"], "flags": [{**flag, "message": None} for flag in flags]}
    return fields


def model_of(row: Row, *, whole: bool = True) -> Approval:
    """A stored approval as the contract's model."""
    return Approval.model_validate(fields_of(row, whole=whole))


def delivery_fields(row: Row) -> dict[str, Any]:
    """The newest delivery of a stored approval as the contract's fields."""
    return {name: row[PREFIX + name] for name in Delivery.model_fields}


_PLAIN_FIELDS = tuple(
    name for name in Approval.model_fields if name not in {"risk", "delivery", "agent_name", *_ONLY_DETAILS}
)


def standing(row: Row) -> set[str]:
    """The counts that a stored approval is in."""
    status, delivery = row["status"], row["delivery_state"]
    names = {f"status.{status}"}
    if status == "approved" and delivery:
        names.add(f"delivery.{delivery}")
    if status == "pending":
        names |= {name for name, holds in (("safe", row["safe"]), ("high_risk", row["high_risk"])) if holds}
        if row["returned_why"] == "blocked":
            names.add("blocked_back")
    return {COUNTS + name for name in names}


def tell(
    conn: Connection,
    unit: Unit,
    before: Row | None,
    after: Row,
    type: EventType,  # noqa: A002  (the contract's word)
    action: str,
    reason: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Approval:
    """Count, announce and audit one change of an approval; returns it as it is now."""
    approval = announce(conn, unit, before, after, type)
    audit.record(
        conn, unit, action, "approval", approval.id, approval.client_id,
        before=_outline(before) if before else None, after=_outline(after) | dict(facts or {}), reason=reason,
    )  # fmt: skip
    return approval


def announce(conn: Connection, unit: Unit, before: Row | None, after: Row, type: EventType) -> Approval:  # noqa: A002
    """Count and announce a change that nobody decided (a judgement made anew); returns the approval as it is now."""
    counters.move(conn, after["client_id"], standing(before) if before else (), standing(after))
    approval = model_of(after)
    written = closing.once(conn, approval, Approval.model_dump_json)
    events.append(
        conn, at=unit.now, topic="approvals", type=type, object_id=approval.id, version=approval.version,
        client_id=approval.client_id, data=written, request_id=unit.request_id,
        idempotency_key=unit.idempotency_key,
    )  # fmt: skip
    return approval


def _outline(row: Row) -> dict[str, Any]:
    """What the audit trail keeps of an approval: states and the hash, never the text."""
    kept = {"status": row["status"], "version": row["version"], "payload_sha256": row["payload_sha256"]}
    return kept | ({"delivery": row["delivery_state"]} if row["delivery_state"] else {})
