"""What is known around a draft: its recipient, its agent, the day. One query; what is costly is kept a minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, literal_column, or_, select

from cc_api_client.models.outbox.delivery_states import MAY_LEAVE
from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import IS_PENDING, agents, approvals, email_history, hourly, leads, suppression
from cc_server.domain.base import counters
from cc_server.domain.base.hashing import text_sha256
from cc_server.domain.base.unit import Unit
from cc_server.domain.controls.suppression import address_of
from cc_server.domain.policy.facts import AgentState

T = TypeVar("T")
TWIN_DAYS = 30
SUCCESS_DAYS = 7
SILENT_AFTER = timedelta(minutes=3)
"""Three periods of an agent's heartbeat."""
_KEPT = "surroundings_kept"
_SENT_TODAY = "sent_today"
_SUCCESS_OF = "success_of:"


def _spelled(*words: str) -> list[ColumnElement[str]]:
    """Words of ours as they stand in the statement: bound, a list of them is spelled anew each time it runs."""
    return [literal_column(f"'{word}'") for word in words]


_TO_THEM = (approvals.c.client_id == bindparam("client"), approvals.c.recipient == bindparam("address"))
_CAME_BEFORE = or_(
    approvals.c.created_at < bindparam("came_at"),
    and_(approvals.c.created_at == bindparam("came_at"), approvals.c.id < bindparam("itself")),
)
_TWIN = (
    select(approvals.c.id)
    .where(
        *_TO_THEM,
        approvals.c.created_at >= bindparam("twins_since"),
        approvals.c.body_sha256 == bindparam("text"),
        approvals.c.id != bindparam("itself"),
        or_(
            approvals.c.status == literal_column("'approved'"),
            and_(IS_PENDING, _CAME_BEFORE),
        ),
    )
    .limit(1)
)
"""Of two that wait only the later one repeats the other; once one of them was approved, the other does in any case."""
_ANOTHER_LEAVING = (
    select(approvals.c.id)
    .where(
        *_TO_THEM,
        approvals.c.id != bindparam("itself"),
        approvals.c.delivery_state.in_(_spelled(*MAY_LEAVE)),
    )
    .limit(1)
)
_LAST = select(func.max(email_history.c.sent_at)).where(
    email_history.c.client_id == bindparam("client"),
    email_history.c.recipient == bindparam("address"),
    email_history.c.sent_at <= bindparam("now"),
)
_SUPPRESSED = (
    select(suppression.c.id)
    .where(
        suppression.c.client_id.in_((literal_column("''"), bindparam("client"))),
        suppression.c.email == bindparam("address"),
    )
    .limit(1)
)
_LEAD = (
    select(leads.c.id)
    .where(leads.c.client_id == bindparam("client"), leads.c.email.in_((bindparam("recipient"), bindparam("address"))))
    .limit(1)
)
_AGENT = agents.c.id == bindparam("agent")
_AROUND = Prepared(
    select(
        _TWIN.scalar_subquery().label("twin"),
        _ANOTHER_LEAVING.scalar_subquery().label("leaving"),
        _LAST.scalar_subquery().label("last_sent_at"),
        _SUPPRESSED.scalar_subquery().label("suppressed"),
        _LEAD.scalar_subquery().label("lead"),
        select(agents.c.status).where(_AGENT).scalar_subquery().label("agent_status"),
        select(agents.c.last_heartbeat_at).where(_AGENT).scalar_subquery().label("agent_heard_at"),
    )
)
_SUCCESS = Prepared(
    select(func.sum(hourly.c.success), func.sum(hourly.c.failed)).where(
        hourly.c.agent_id == bindparam("agent"), hourly.c.hour >= bindparam("since")
    )
)
_SENT_SINCE = Prepared(
    select(func.count()).select_from(email_history).where(email_history.c.sent_at >= bindparam("since"))
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a draft stands: whose it is, to whom it goes, who wrote it and when it came, and the hash of its text."""

    approval_id: str
    client_id: str
    kind: str
    to_email: str
    agent_name: str
    lead_id: str | None
    body_sha256: str
    came_at: datetime | None = None
    """None: it comes now."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known around a draft at one moment; None: not known."""

    has_twin: bool
    is_suppressed: bool
    is_another_leaving: bool
    last_sent_at: datetime | None
    is_known: bool
    agent_state: AgentState | None
    agent_success_ratio: float | None
    sent_today: int | None


def place_of(approval_id: str, row: Any) -> Place:
    """The place of a draft, from its stored or future columns."""
    return Place(
        approval_id, row["client_id"], row["kind"], row["to_email"], row["agent_name"] or "", row["lead_id"],
        text_sha256(str(row["body"])), row.get("created_at"),
    )  # fmt: skip


def look_around(conn: Connection, unit: Unit, place: Place, *, is_exact: bool = False) -> Surroundings:
    """Find out what is known around a draft.

    Args:
        conn: the transaction.
        unit: when, and under which policy: what it does not ask for is not looked up.
        place: where the draft stands.
        is_exact: count today's messages anew; else the count may be a minute old.
    """
    around = _AROUND.one(conn,
        {
            "client": place.client_id, "recipient": place.to_email, "address": address_of(place.to_email),
            "itself": place.approval_id, "text": place.body_sha256, "twins_since": unit.now - timedelta(days=TWIN_DAYS),
            "agent": place.agent_name, "now": unit.now, "came_at": place.came_at or unit.now,
        },
    )  # fmt: skip
    was_met = around.lead is not None or around.last_sent_at is not None
    return Surroundings(
        has_twin=around.twin is not None,
        is_suppressed=around.suppressed is not None,
        is_another_leaving=around.leaving is not None,
        last_sent_at=around.last_sent_at,
        is_known=was_met or place.lead_id is not None or place.kind == "contract_change",
        agent_state=_agent_state(unit, around.agent_status, around.agent_heard_at),
        agent_success_ratio=_success_if_asked(conn, unit, place.agent_name),
        sent_today=_sent_today_if_asked(conn, unit, is_exact=is_exact),
    )


def _agent_state(unit: Unit, status: str | None, heard_at: datetime | None) -> AgentState | None:
    if status is None:
        return None
    if status != "active":
        return AgentState(status)
    return AgentState.SILENT if heard_at is None or heard_at < unit.now - SILENT_AFTER else AgentState.HEALTHY


def _kept(conn: Connection, unit: Unit, name: str, find: Callable[[], T]) -> T:
    """What `find` found within this minute on this connection: for figures that are summed over many rows."""
    minute = unit.now.replace(second=0, microsecond=0)
    kept: dict[str, tuple[datetime, T]] = conn.info.setdefault(_KEPT, {})
    known = kept.get(name)
    if known is None or known[0] != minute:
        known = kept[name] = minute, find()
    return known[1]


def _success_if_asked(conn: Connection, unit: Unit, agent: str) -> float | None:
    if unit.policy.agent_min_success is None:
        return None
    return _kept(conn, unit, _SUCCESS_OF + agent, partial(_success, conn, unit, agent))


def _sent_today_if_asked(conn: Connection, unit: Unit, *, is_exact: bool) -> int | None:
    if unit.policy.daily_cap is None:
        return None
    return _sent_today(conn, unit) if is_exact else _kept(conn, unit, _SENT_TODAY, partial(_sent_today, conn, unit))


def _success(conn: Connection, unit: Unit, agent: str) -> float | None:
    good, bad = _SUCCESS.one(conn, {"agent": agent, "since": unit.now - timedelta(days=SUCCESS_DAYS)})
    ended = int(good or 0) + int(bad or 0)
    return int(good or 0) / ended if ended else None


def _sent_today(conn: Connection, unit: Unit) -> int:
    """Messages that left since the UTC day began, and those that are about to."""
    sent = int(_SENT_SINCE.scalar(conn, {"since": unit.midnight}))
    waiting = counters.read(conn, "approvals.delivery.", None)
    return sent + sum(waiting.get(state, 0) for state in MAY_LEAVE)
