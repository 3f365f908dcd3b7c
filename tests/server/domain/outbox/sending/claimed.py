"""A delivery that was claimed, and what is known of it."""

from __future__ import annotations

from typing import Any

from cc_server.db.tables import deliveries
from cc_server.domain.outbox.sending.claims import Accepted, Claimed
from rig.house import House

ACCEPTED = Accepted("file", "x.eml")


def dispatched(house: House, **changes: Any) -> Claimed:
    """A delivery that the sender has."""
    house.approve(house.draft(**changes))
    house.leave_hold()
    return house.claim_one()


def state_of(house: House, claimed: Claimed) -> str:
    return str(delivery_of(house, claimed)["state"])


def delivery_of(house: House, claimed: Claimed) -> dict[str, Any]:
    (found,) = (row for row in house.all(deliveries) if row["id"] == claimed.delivery["id"])
    return found
