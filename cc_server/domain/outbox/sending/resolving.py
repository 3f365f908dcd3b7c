"""A person settles what nobody knows, and has what failed tried again; and the list of deliveries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from cc_api_client.models.base import ActionAnswer, Page
from cc_api_client.models.outbox.approvals import Delivery
from cc_api_client.models.outbox.batches import ResolveBody, ResolveOutcome
from cc_api_client.models.outbox.delivery_states import DeliveryState
from cc_server.db.portable.prepared import Prepared, Row
from cc_server.db.tables import approvals, deliveries
from cc_server.domain.base import audit
from cc_server.domain.base.actors import Actor, narrowed
from cc_server.domain.base.cursors import Cursors
from cc_server.domain.base.refusals import DomainRefusal, not_found, version_conflict
from cc_server.domain.base.unit import Unit
from cc_server.domain.controls import waking
from cc_server.domain.outbox.deliveries import change
from cc_server.domain.outbox.rows import lock
from cc_server.domain.outbox.sending.effects import NoEffect, take_effect

BY_A_PERSON = "person"
"""The provider of what a person found out to have been sent."""

_ONE = Prepared(select(deliveries).where(deliveries.c.id == bindparam("wanted")))
_APPROVAL = Prepared(select(approvals).where(approvals.c.id == bindparam("wanted")))


@dataclass(frozen=True, slots=True)
class Selection:
    """A page of deliveries that is asked for; no states: all of them."""

    states: frozenset[str] = frozenset()
    descending: bool = True
    limit: int = 50
    cursor: str | None = None


def page(conn: Connection, actor: Actor, wanted: Selection) -> Page[Delivery]:
    """Deliveries by the moment they were approved.

    Raises:
        DomainRefusal: the cursor is of another list (`invalid_cursor`).
    """
    binding = sorted(actor.visible or ()), actor.visible is None, sorted(wanted.states), wanted.descending
    cursors = Cursors("deliveries", *binding)
    query = _of(select(deliveries), actor, wanted.states)
    place = deliveries.c.created_at, deliveries.c.id
    query = cursors.seek(query, *place, wanted.cursor, descending=wanted.descending)
    order = [column.desc() if wanted.descending else column for column in place]
    rows = conn.execute(query.order_by(*order).limit(wanted.limit + 1)).mappings().all()
    last = rows[wanted.limit - 1] if len(rows) > wanted.limit else None
    total = conn.execute(_of(select(func.count()).select_from(deliveries), actor, wanted.states)).scalar_one()
    return Page[Delivery](
        items=[Delivery.model_validate(row) for row in rows[: wanted.limit]],
        next_cursor=cursors.after(last["created_at"], last["id"]) if last else None,
        total=int(total),
    )


def find(conn: Connection, actor: Actor, delivery_id: str) -> Row:
    """One delivery, as it is stored.

    Raises:
        DomainRefusal: there is none that the actor sees (`not_found`).
    """
    row = _ONE.first_mapping(conn, {"wanted": delivery_id})
    if row is None or not actor.sees(row["client_id"]):
        raise not_found("delivery")
    return row


def resolve(
    conn: Connection, unit: Unit, delivery_id: str, told: ResolveBody, version: int | None
) -> ActionAnswer[Delivery]:
    """Settle a delivery of which nobody knows whether it left.

    Args:
        conn: the transaction.
        unit: who, when.
        delivery_id: which.
        told: what a person found out, and how.
        version: of the delivery, as it was seen; None: any.

    Raises:
        DomainRefusal: `invalid_state` (it is not unknown), `version_conflict`.
    """
    row = _to_change(conn, unit, delivery_id, DeliveryState.UNKNOWN, version, "delivery.resolve_refused")
    changes: dict[str, Any] = {"error": None, "lease_until": None}
    match told.outcome:
        case ResolveOutcome.SENT:
            changes |= _as_sent(conn, unit, row)
        case ResolveOutcome.NOT_SENT:
            changes |= {"state": DeliveryState.READY.value, "waiting_for": None, "look_at": unit.now}
        case ResolveOutcome.FAILED:
            changes |= {"state": DeliveryState.FAILED.value, "error": told.note}
    waking.wake_what_waits_beside(conn, unit, row["approval_id"])
    return _done(conn, unit, row, changes, f"delivery.resolve_{told.outcome.value}", told.note)


def retry(conn: Connection, unit: Unit, delivery_id: str, version: int | None) -> ActionAnswer[Delivery]:
    """Have a delivery that failed tried again, with all that is judged at a claim.

    Raises:
        DomainRefusal: `invalid_state` (it did not fail), `version_conflict`.
    """
    row = _to_change(conn, unit, delivery_id, DeliveryState.FAILED, version, "delivery.retry_refused")
    changes = {
        "state": DeliveryState.READY.value, "waiting_for": None, "look_at": unit.now, "lease_until": None,
        "refusals": 0, "error": None,
    }  # fmt: skip
    return _done(conn, unit, row, changes, "delivery.retry", row["error"])


def _of(query: Any, actor: Actor, states: Iterable[str]) -> Any:
    query = narrowed(query, deliveries.c.client_id, actor.visible)
    return query.where(deliveries.c.state.in_(sorted(states))) if states else query


def _to_change(
    conn: Connection, unit: Unit, delivery_id: str, state: DeliveryState, version: int | None, action: str
) -> Row:
    """The delivery, which nobody else changes until this unit of work ends; state before version."""
    lock(conn, find(conn, unit.actor, delivery_id)["approval_id"])
    row = find(conn, unit.actor, delivery_id)
    model = Delivery.model_validate(row)
    if row["state"] != state:
        detail = f"it is {row['state']}; only what is {state.value} takes this"
        raise _refused(unit, row, action, DomainRefusal("invalid_state", detail, model))
    if version not in (None, row["version"]):
        raise _refused(unit, row, action, version_conflict(model))
    return row


def _as_sent(conn: Connection, unit: Unit, row: Row) -> dict[str, Any]:
    """What follows from its having left, as if the provider had said so."""
    approval = _APPROVAL.one_mapping(conn, {"wanted": row["approval_id"]})
    try:
        take_effect(conn, unit, approval, row)
    except NoEffect as moved:
        return {"state": DeliveryState.FAILED.value, "error": str(moved)}
    provider = row["provider"] or BY_A_PERSON
    return {"state": DeliveryState.SENT.value, "sent_at": unit.now, "provider": provider}


def _done(
    conn: Connection, unit: Unit, row: Row, changes: dict[str, Any], action: str, reason: str | None
) -> ActionAnswer[Delivery]:
    after = change(conn, unit, row, [row["state"]], changes)
    if after is None:
        raise version_conflict(Delivery.model_validate(find(conn, unit.actor, row["id"])))
    audit.record(
        conn, unit, action, "approval", after["approval_id"], after["client_id"],
        before={"delivery_id": row["id"], "state": row["state"]},
        after={"delivery_id": row["id"], "state": after["state"], "attempt": after["attempt"]}, reason=reason,
    )  # fmt: skip
    return ActionAnswer[Delivery](status=after["state"], changed=True, item=Delivery.model_validate(after))


def _refused(unit: Unit, row: Row, action: str, refusal: DomainRefusal) -> DomainRefusal:
    """`refusal`, with a line in the audit trail that stays."""

    def keep(conn: Connection) -> None:
        audit.record(
            conn, unit, action, "approval", row["approval_id"], row["client_id"], reason=refusal.detail,
            after={"delivery_id": row["id"], "state": row["state"], "code": refusal.code},
        )  # fmt: skip

    refusal.keep(keep)
    return refusal
