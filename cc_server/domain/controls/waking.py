"""What waits for a control is looked at again as soon as the control changes."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, update

from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import deliveries
from cc_server.domain.base.unit import Unit

_WAKE = Prepared(
    update(deliveries)
    .where(
        deliveries.c.state == "ready", deliveries.c.waiting_for.is_not(None), deliveries.c.look_at > bindparam("now")
    )
    .values(look_at=bindparam("now"))
)


def wake_what_waits(conn: Connection, unit: Unit) -> None:
    """Have the sender look at every delivery that waits for something other than its hold."""
    _WAKE.run(conn, {"now": unit.now})
