"""Where every unit of work begins: its turn at the controls is taken first, then the settings are read, once."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto

from sqlalchemy import Connection

from cc_server.db.ids import Ids
from cc_server.db.transaction import locks
from cc_server.domain.base.actors import Actor
from cc_server.domain.base.unit import Unit
from cc_server.domain.controls import settings


class Turn(Enum):
    """What a unit of work has to do with the controls: settings, stops, suppression, budgets."""

    READS = auto()
    """It decides nothing by them."""
    JUDGES = auto()
    """They must not change before it ends."""
    CHANGES = auto()
    """It changes them: whoever judges by them waits."""


def begin(
    conn: Connection,
    actor: Actor,
    now: datetime,
    ids: Ids,
    turn: Turn,
    *,
    request_id: str | None = None,
    idempotency_key: str | None = None,
) -> Unit:
    """The unit of work of a transaction, before it reads anything.

    Raises:
        DatabaseUnavailable: the settings can't be understood.
    """
    match turn:
        case Turn.JUDGES:
            locks.shared(conn, locks.CONTROLS)
        case Turn.CHANGES:
            locks.exclusive(conn, locks.CONTROLS)
        case Turn.READS:
            pass
    return Unit(actor, now, ids, settings.read(conn), request_id, idempotency_key)
