"""Budgets hold for the installation, by UTC day and month: once one is spent, nothing more leaves before the next."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, bindparam, func, select

from cc_api_client.models.outbox.delivery_states import DeliveryState
from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import deliveries, hourly
from cc_server.db.transaction import locks
from cc_server.domain.base.unit import Unit

_SPENT = Prepared(
    select(func.sum(hourly.c.cost_usd, type_=hourly.c.cost_usd.type)).where(hourly.c.hour >= bindparam("since"))
)
_SENT = Prepared(
    select(func.count())
    .select_from(deliveries)
    .where(deliveries.c.state == DeliveryState.SENT.value, deliveries.c.sent_at >= bindparam("since"))
)
_BEING_SENT = Prepared(
    select(func.count()).select_from(deliveries).where(deliveries.c.state == DeliveryState.DISPATCHING.value)
)


def spent_since(conn: Connection, moment: datetime) -> Decimal:
    """What all runs have cost since the beginning of an hour."""
    found: Decimal | None = _SPENT.scalar(conn, {"since": moment})
    return found if found is not None else Decimal("0.00")


def what_is_spent(conn: Connection, unit: Unit) -> str | None:
    """Which budget has no room left, in words; None while all have."""
    budgets, day = unit.settings.budgets, unit.midnight
    if budgets.daily_usd is not None and spent_since(conn, day) >= budgets.daily_usd:
        return f"today's budget of ${budgets.daily_usd:.2f} is spent"
    if budgets.monthly_usd is not None and spent_since(conn, day.replace(day=1)) >= budgets.monthly_usd:
        return f"this month's budget of ${budgets.monthly_usd:.2f} is spent"
    return None


def has_room(conn: Connection, unit: Unit, amount_usd: Decimal) -> bool:
    """Whether every budget has room for so much more."""
    budgets, day = unit.settings.budgets, unit.midnight
    limits = ((budgets.daily_usd, day), (budgets.monthly_usd, day.replace(day=1)))
    return all(limit is None or spent_since(conn, since) + amount_usd <= limit for limit, since in limits)


def is_cap_reached(conn: Connection, unit: Unit) -> bool:
    """Whether as many deliveries as may leave on this UTC day have left, or are leaving."""
    cap = unit.settings.approvals.daily_send_cap
    if cap is None:
        return False
    locks.exclusive(conn, locks.DAILY_CAP)  # two senders must not take the last place of a day both
    sent = _SENT.scalar(conn, {"since": unit.midnight})
    return bool(sent + _BEING_SENT.scalar(conn) >= cap)
