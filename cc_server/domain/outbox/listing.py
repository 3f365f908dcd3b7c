"""Lists of approvals: filters, sorts, keyset pages, and the counts of all views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from cc_api_client.models.installation.status import OutboxCounts
from cc_api_client.models.outbox.approvals import Approval, ApprovalPage, ApprovalSummary
from cc_api_client.models.outbox.delivery_states import LEAVING, DeliveryState
from cc_server.db.tables import IS_DECIDED, IS_PENDING, approvals
from cc_server.domain.base import counters
from cc_server.domain.base.actors import Actor, narrowed
from cc_server.domain.base.cursors import Cursors
from cc_server.domain.outbox.rows import COUNTS, model_of, selected

SORTS = {
    "risk": approvals.c.risk_score,
    "created": approvals.c.created_at,
    "decided": approvals.c.decision_order,
    "expires": approvals.c.expires_at,
    "kind": approvals.c.kind,
    "agent": approvals.c.agent_name,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which approvals; an empty set or None leaves a field alone."""

    status: frozenset[str] = frozenset({"pending"})
    delivery: frozenset[str] = frozenset()
    returned: frozenset[str] = frozenset()
    kind: frozenset[str] = frozenset()
    agent: str | None = None
    to: str | None = None
    lead: str | None = None
    q: str | None = None
    safe: bool | None = None
    min_risk: int | None = None

    @property
    def is_counted(self) -> bool:
        """Whether the kept counts know how many match."""
        return self == Filter(status=self.status) or self == Filter(
            status=frozenset({"approved"}), delivery=self.delivery
        )


@dataclass(frozen=True, slots=True)
class Selection:
    """A page that is asked for."""

    filter: Filter = field(default_factory=Filter)
    sort: str = "created"
    descending: bool = False
    limit: int = 50
    cursor: str | None = None
    whole: bool = True


def page(conn: Connection, actor: Actor, wanted: Selection) -> ApprovalPage:
    """One page, with the counts of all views.

    Raises:
        DomainRefusal: the cursor is of another list (`invalid_cursor`).
    """
    column = SORTS[wanted.sort]
    binding = sorted(actor.visible or ()), actor.visible is None, _stable(wanted.filter), wanted.sort, wanted.descending
    cursors = Cursors("approvals", *binding)
    query = first_of(actor, wanted, wanted.limit + 1)
    query = cursors.seek(query, column, approvals.c.id, wanted.cursor, descending=wanted.descending)
    rows = conn.execute(query).mappings().all()
    last = rows[wanted.limit - 1] if len(rows) > wanted.limit else None
    told = counters.read(conn, COUNTS, actor.visible)
    return ApprovalPage(
        items=_models(rows[: wanted.limit], whole=wanted.whole),
        next_cursor=cursors.after(last[column.name], last["id"]) if last else None,
        total=_total(conn, actor, wanted.filter, told),
        summary=_summary(conn, actor, told),
    )


def first_of(actor: Actor, wanted: Selection, most: int) -> Select[Any]:
    """The first so many of a list, in its own order."""
    column = SORTS[wanted.sort]
    order = (column.desc(), approvals.c.id.desc()) if wanted.descending else (column, approvals.c.id)
    return matching(selected(whole=wanted.whole), actor, wanted.filter).order_by(*order).limit(most)


def outbox_counts(conn: Connection, actor: Actor) -> OutboxCounts:
    """Approvals and deliveries by their older, single status (contract, section 5)."""
    told = counters.read(conn, COUNTS, actor.visible)
    by_status = {name: told.get(f"status.{name}", 0) for name in ("rejected", "expired", "cancelled")}
    by_delivery = {name: told.get(f"delivery.{name}", 0) for name in ("sent", "failed", "unknown")}
    queued = told.get("status.pending", 0)
    return OutboxCounts(queued=queued, approved=_leaving(told), **by_status, **by_delivery)


def high_risk(conn: Connection, actor: Actor) -> int:
    """How many pending ones have a high score or a `block` flag."""
    return counters.read(conn, COUNTS, actor.visible).get("high_risk", 0)


def oldest_pending(conn: Connection, actor: Actor) -> Any:
    """When the oldest pending one was drafted; None when nothing is pending."""
    query = select(func.min(approvals.c.created_at)).where(IS_PENDING)
    return conn.execute(narrowed(query, approvals.c.client_id, actor.visible)).scalar()


def _models(rows: Any, *, whole: bool) -> list[Approval]:
    return [model_of(row, whole=whole) for row in rows]


def matching(query: Select[Any], actor: Actor, asked: Filter) -> Select[Any]:
    """`query` over approvals, narrowed to what the actor sees and asks for."""
    query = narrowed(query, approvals.c.client_id, actor.visible)
    if asked.status:
        query = query.where(_is_in(asked.status))
    chosen = (
        (approvals.c.delivery_state, asked.delivery),
        (approvals.c.returned_why, asked.returned),
        (approvals.c.kind, asked.kind),
    )
    for column, words in chosen:
        if words:
            query = query.where(column.in_(sorted(words)))
    equal = ((approvals.c.agent_name, asked.agent), (approvals.c.to_email, asked.to), (approvals.c.lead_id, asked.lead),
             (approvals.c.safe, asked.safe))  # fmt: skip
    for column, value in equal:
        if value is not None:
            query = query.where(column == value)
    if asked.min_risk is not None:
        query = query.where(approvals.c.risk_score >= asked.min_risk)
    if asked.q:
        texts = (approvals.c.subject, approvals.c.body, approvals.c.to_email, approvals.c.to_name)
        query = query.where(or_(*(text.icontains(asked.q, autoescape=True) for text in texts)))
    return query


def _is_in(states: frozenset[str]) -> ColumnElement[bool]:
    """Whether an approval is in one of `states`, said so that the indexes of what waits or was decided are found."""
    if states == {"pending"}:
        return IS_PENDING
    listed = approvals.c.status.in_(sorted(states))
    return listed if "pending" in states else and_(IS_DECIDED, listed)


def _total(conn: Connection, actor: Actor, asked: Filter, told: Mapping[str, int]) -> int | None:
    if asked.q:
        return None
    if asked.is_counted and asked.delivery:
        return sum(told.get(f"delivery.{state}", 0) for state in asked.delivery)
    if asked.is_counted:
        return sum(told.get(f"status.{status}", 0) for status in asked.status)
    return int(conn.execute(matching(select(func.count()).select_from(approvals), actor, asked)).scalar_one())


def _summary(conn: Connection, actor: Actor, told: Mapping[str, int]) -> ApprovalSummary:
    return ApprovalSummary(
        pending=told.get("status.pending", 0),
        leaving=_leaving(told),
        problems=sum(told.get(name, 0) for name in ("delivery.failed", "delivery.unknown", "blocked_back")),
        sent=told.get(f"delivery.{DeliveryState.SENT}", 0),
        rejected=told.get("status.rejected", 0),
        expired=told.get("status.expired", 0),
        safe=told.get("safe", 0),
        oldest_created_at=oldest_pending(conn, actor),
    )


def _leaving(told: Mapping[str, int]) -> int:
    return sum(told.get(f"delivery.{state}", 0) for state in LEAVING)


def _stable(asked: Filter) -> tuple[object, ...]:
    """A filter as something whose `repr` is the same in every process."""
    words = (sorted(asked.status), sorted(asked.delivery), sorted(asked.returned), sorted(asked.kind))
    return (*words, asked.agent, asked.to, asked.lead, asked.q, asked.safe, asked.min_risk)
