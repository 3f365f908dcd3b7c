"""Clients of the business and their contracts; recurring revenue is the sum of the contracts that hold on a day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select

from cc_api_client.models.base import Page
from cc_api_client.models.clients import BusinessClient
from cc_api_client.models.dashboard import DayRevenue
from cc_server.db.tables import clients, contracts
from cc_server.db.transaction import locks
from cc_server.domain.base import audit
from cc_server.domain.base.actors import Actor, narrowed
from cc_server.domain.base.cursors import Cursors
from cc_server.domain.base.unit import Unit

REVENUE_DAYS = 30
NAMES = "client names"
"""The lock of who adds a client under a name that nobody else may have."""
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class NewContract:
    """What is agreed with a client."""

    plan: str
    starts_on: date
    monthly_usd: Decimal
    ends_on: date | None = None
    clauses: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client with its first contract."""

    name: str
    contract: NewContract
    health: str = "good"
    churn_risk: float = 0.0
    upsell_usd: Decimal | None = None
    automations: tuple[str, ...] = ()


def add(conn: Connection, unit: Unit, new: NewClient) -> str:
    """Store a client and its contract; returns its id."""
    client_id = unit.ids.new()
    conn.execute(
        insert(clients),
        {
            "id": client_id, "name": new.name, "status": "active", "health": new.health, "churn_risk": new.churn_risk,
            "upsell_usd": new.upsell_usd, "automations": [{"name": name} for name in new.automations],
            "billing": None, "upsell": [], "since": new.contract.starts_on, "ended_on": None, "version": 1,
            "created_at": unit.now,
        },
    )  # fmt: skip
    conn.execute(
        insert(contracts),
        {
            "id": unit.ids.new(), "client_id": client_id, "plan": new.contract.plan,
            "starts_on": new.contract.starts_on, "ends_on": new.contract.ends_on, "replaced_on": None,
            "monthly_usd": new.contract.monthly_usd, "clauses": new.contract.clauses,
        },
    )  # fmt: skip
    audit.record(conn, unit, "client.create", "client", client_id, client_id, after={"name": new.name})
    return client_id


def of_name(conn: Connection, name: str) -> list[BusinessClient]:
    """Clients that a person would take for one of that name; nobody else adds one until the transaction ends."""
    locks.exclusive(conn, NAMES)
    return [one for one in every(conn) if _as_read(one.name) == _as_read(name)]


def _as_read(name: str) -> str:
    """A name without what the eye does not see."""
    return " ".join(name.split()).casefold()


def every(conn: Connection) -> list[BusinessClient]:
    """All clients by name, without what they pay."""
    rows = conn.execute(select(clients).order_by(clients.c.name, clients.c.id)).mappings()
    return [_model(row, None) for row in rows]


def page(conn: Connection, actor: Actor, today: date, limit: int, cursor: str | None) -> Page[BusinessClient]:
    """Clients by name.

    Raises:
        DomainRefusal: the cursor is of another list (`invalid_cursor`).
    """
    cursors = Cursors("clients", sorted(actor.visible or ()), actor.visible is None)
    query = narrowed(select(clients), clients.c.id, actor.visible).order_by(clients.c.name, clients.c.id)
    query = cursors.seek(query, clients.c.name, clients.c.id, cursor, descending=False)
    rows = conn.execute(query.limit(limit + 1)).mappings().all()
    following = cursors.after(rows[limit - 1]["name"], rows[limit - 1]["id"]) if len(rows) > limit else None
    monthly = _monthly_by_client(conn, actor, today)
    items = [_model(row, monthly.get(row["id"])) for row in rows[:limit]]
    return Page[BusinessClient](items=items, next_cursor=following, total=active_on(conn, actor, None))


def active_on(conn: Connection, actor: Actor, day: date | None) -> int:
    """How many clients there were on a day; None: all there ever were."""
    query = narrowed(select(func.count()).select_from(clients), clients.c.id, actor.visible)
    if day is not None:
        query = query.where(clients.c.since <= day, or_(clients.c.ended_on.is_(None), clients.c.ended_on > day))
    return int(conn.execute(query).scalar_one())


def revenue(conn: Connection, actor: Actor, today: date) -> list[DayRevenue]:
    """Monthly recurring revenue at the end of each of the last 30 days, oldest first."""
    held = conn.execute(narrowed(select(contracts), contracts.c.client_id, actor.visible)).all()
    days = [today - timedelta(days=REVENUE_DAYS - 1 - place) for place in range(REVENUE_DAYS)]
    return [
        DayRevenue(day=day.isoformat(), mrr_usd=sum((one.monthly_usd for one in held if _holds(one, day)), Decimal(0)))
        for day in days
    ]


def exists(conn: Connection, client_id: str) -> bool:
    """Whether there is such a client."""
    return conn.execute(select(clients.c.id).where(clients.c.id == client_id)).first() is not None


def _monthly_by_client(conn: Connection, actor: Actor, today: date) -> dict[str, Decimal]:
    held = conn.execute(narrowed(select(contracts), contracts.c.client_id, actor.visible))
    monthly: dict[str, Decimal] = {}
    for one in held:
        if _holds(one, today):
            monthly[one.client_id] = monthly.get(one.client_id, Decimal(0)) + one.monthly_usd
    return monthly


def _holds(contract: Any, day: date) -> bool:
    """Whether a contract holds on a day: begun, not ended, not replaced by another."""
    ended = contract.ends_on is not None and contract.ends_on < day
    replaced = contract.replaced_on is not None and contract.replaced_on <= day
    return bool(contract.starts_on <= day and not ended and not replaced)


def _model(row: Any, monthly_usd: Decimal | None) -> BusinessClient:
    fields = {name: row[name] for name in ("id", "name", "status", "health", "churn_risk", "upsell_usd", "version")}
    return BusinessClient(
        **fields, mrr_usd=monthly_usd, automations_count=len(row["automations"]), since=row["since"].isoformat()
    )
