"""What waits for something other than its hold is looked at again as soon as that has changed."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, update

from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import approvals, deliveries
from cc_server.domain.base.unit import Unit

_WHAT_WAITS = (
    update(deliveries)
    .where(
        deliveries.c.state == "ready", deliveries.c.waiting_for.is_not(None), deliveries.c.look_at > bindparam("now")
    )
    .values(look_at=bindparam("now"))
)
_WAKE = Prepared(_WHAT_WAITS)
_KNOWN, _TO_THEM = approvals.alias(), approvals.alias()
_WAKE_BESIDE = Prepared(
    _WHAT_WAITS.where(
        deliveries.c.id.in_(
            select(_TO_THEM.c.delivery_id)
            .join_from(
                _KNOWN,
                _TO_THEM,
                (_TO_THEM.c.recipient == _KNOWN.c.recipient) & (_TO_THEM.c.client_id == _KNOWN.c.client_id),
            )
            .where(_KNOWN.c.id == bindparam("known"))
        )
    )
)


def wake_what_waits(conn: Connection, unit: Unit) -> None:
    """Have the sender look at every delivery that waits for something other than its hold."""
    _WAKE.run(conn, {"now": unit.now})


def wake_what_waits_beside(conn: Connection, unit: Unit, approval_id: str) -> None:
    """Have it look at those that go to the same recipient as one of which it is known now whether it left."""
    _WAKE_BESIDE.run(conn, {"now": unit.now, "known": approval_id})
