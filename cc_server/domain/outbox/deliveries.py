"""Deliveries: how one is held, recalled, and changed by compare-and-set while it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from cc_api_client.models.events import EventType
from cc_api_client.models.outbox.approvals import Channel, Delivery
from cc_api_client.models.outbox.delivery_states import WAITING, DeliveryState
from cc_api_client.models.outbox.risk_levels import CAREFUL_FROM, HIGH_FROM
from cc_api_client.models.settings import Settings
from cc_server.db.portable.changing import Changing
from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import approvals, clients, deliveries
from cc_server.domain.base import counters
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.base.unit import Unit
from cc_server.domain.outbox.rows import COUNTS, Row
from cc_server.events import log as events

_INSERT = Prepared(insert(deliveries))
_RECALL = Prepared(
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("wanted"),
        deliveries.c.state.in_(WAITING),
        deliveries.c.lease_until.is_(None),  # no attempt was cut off, so nothing may have left
    )
    .values(state=DeliveryState.RECALLED.value, version=deliveries.c.version + 1, waiting_for=None)
    .returning(*deliveries.c)
)
_CHANGING = Changing(
    deliveries,
    deliveries.c.id == bindparam("wanted"),
    deliveries.c.attempt == bindparam("from_attempt"),
    deliveries.c.state.in_(bindparam("from_states", expanding=True)),
    always={"version": deliveries.c.version + 1},
    returning=[*deliveries.c],
)
_CARRY_OVER = Prepared(
    update(approvals)
    .where(approvals.c.id == bindparam("approval"), approvals.c.delivery_id == bindparam("delivery"))
    .values(delivery_state=bindparam("state"))
    .returning(approvals.c.status)
)
_CLIENT_VERSION = Prepared(select(clients.c.version).where(clients.c.id == bindparam("client")))


def hold_for(settings: Settings, risk: int) -> timedelta:
    """How long a delivery is held: from risk 40 twice as long, from 70 four times."""
    factor = 4 if risk >= HIGH_FROM else 2 if risk >= CAREFUL_FROM else 1
    return timedelta(seconds=settings.approvals.hold_seconds * factor)


def hold(conn: Connection, unit: Unit, approval: Row, channel: Channel, not_before: datetime) -> Mapping[str, Any]:
    """Make the delivery of an approval that is being approved; returns it."""
    client = {"client": approval["client_id"]}
    seen_version = _CLIENT_VERSION.scalar(conn, client) if channel is Channel.CONTRACT else None
    row: dict[str, Any] = {
        "id": unit.ids.new(), "approval_id": approval["id"], "approval_version": approval["version"] + 1,
        "payload_sha256": approval["payload_sha256"], "client_version": seen_version,
        "client_id": approval["client_id"], "channel": channel.value, "state": DeliveryState.HELD.value,
        "waiting_for": None, "not_before": not_before, "look_at": not_before,
        "fresh_until": unit.now + timedelta(hours=unit.settings.approvals.fresh_hours), "attempt": 0, "refusals": 0,
        "lease_until": None, "provider": None, "provider_message_id": None, "error": None, "sent_at": None,
        "version": 1, "created_at": unit.now, "changed_at": unit.now,
    }  # fmt: skip
    _INSERT.run(conn, row)
    return row


def recall(conn: Connection, approval: Row) -> Row:
    """Take the newest delivery of an approval back; returns it as it is then.

    Raises:
        DomainRefusal: it was dispatched in this very moment (`undo_window_closed`).
    """
    recalled = _RECALL.first_mapping(conn, {"wanted": approval["delivery_id"]})
    if recalled is None:
        raise DomainRefusal("undo_window_closed", "it is being sent, too late to take it back")
    return recalled


def change(
    conn: Connection, unit: Unit, delivery: Row, states: Iterable[str], changes: Mapping[str, Any]
) -> Row | None:
    """Change a delivery that is still of the same attempt and in one of `states`; None when it is not.

    The approval's copy of the state, the counts and the event follow.
    """
    place = {"wanted": delivery["id"], "from_attempt": delivery["attempt"], "from_states": sorted(states)}
    after = _CHANGING.run(conn, {**changes, "changed_at": unit.now}, place)
    if after is None:
        return None
    if after["state"] != delivery["state"]:
        _carry_over(conn, after, delivery["state"])
    tell(conn, unit, after)
    return after


def tell(conn: Connection, unit: Unit, delivery: Row) -> None:
    """Announce how a delivery is now."""
    model = Delivery.model_validate(delivery)
    events.append(
        conn, at=unit.now, topic="approvals", type=EventType.DELIVERY_CHANGED, object_id=model.id,
        version=model.version, client_id=model.client_id, data=model.model_dump_json(),
        request_id=unit.request_id, idempotency_key=unit.idempotency_key,
    )  # fmt: skip


def _carry_over(conn: Connection, delivery: Row, old: str) -> None:
    """The approval names the state of its newest delivery, and is counted by it."""
    place = {"approval": delivery["approval_id"], "delivery": delivery["id"], "state": delivery["state"]}
    moved = _CARRY_OVER.first(conn, place)
    if moved is not None and moved.status == "approved":
        before, after = f"{COUNTS}delivery.{old}", f"{COUNTS}delivery.{delivery['state']}"
        counters.move(conn, delivery["client_id"], {before}, {after})
