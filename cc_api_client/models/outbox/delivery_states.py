"""Where a delivery can be, and which of these places mean what: for the server's rules and the app's views alike.

Imports nothing, because the app's first frame needs it.
"""

from __future__ import annotations

from enum import StrEnum


class DeliveryState(StrEnum):
    """Where the effect of an approval is."""

    HELD = "held"
    READY = "ready"
    DISPATCHING = "dispatching"
    RETRY_WAIT = "retry_wait"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    RECALLED = "recalled"
    BLOCKED = "blocked"


WAITING = (DeliveryState.HELD, DeliveryState.READY, DeliveryState.RETRY_WAIT)
"""Nobody is sending it: it can be claimed, and it can be recalled."""
LEAVING = (DeliveryState.HELD, DeliveryState.READY, DeliveryState.DISPATCHING, DeliveryState.RETRY_WAIT)
"""Approved and not settled."""
PROBLEMS = (DeliveryState.FAILED, DeliveryState.UNKNOWN)
"""A person has to look."""
MAY_LEAVE = (*LEAVING, DeliveryState.UNKNOWN)
"""It may yet reach its recipient, or has done so."""
