"""What is known around a draft: its recipient, its agent, the day. What is costly is kept a minute.

One query for one draft, and one for several hundred that come together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, func, select

from cc_api_client.models.outbox.delivery_states import MAY_LEAVE
from cc_server.db.portable.handed import HANDED
from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import email_history, hourly
from cc_server.domain.base import counters
from cc_server.domain.base.hashing import text_sha256
from cc_server.domain.base.unit import Unit
from cc_server.domain.controls.suppression import address_of
from cc_server.domain.judgement.around import AROUND_EACH, AROUND_ONE
from cc_server.domain.policy.facts import AgentState

T = TypeVar("T")
TWIN_DAYS = 30
SUCCESS_DAYS = 7
SILENT_AFTER = timedelta(minutes=3)
"""Three periods of an agent's heartbeat."""
_KEPT = "surroundings_kept"
_SENT_TODAY = "sent_today"
_SUCCESS_OF = "success_of:"


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
    return _surroundings(conn, unit, place, AROUND_ONE.one(conn, _asked(unit, place)), is_exact=is_exact)


def look_around_each(conn: Connection, arrivals: Sequence[tuple[Unit, Place]]) -> list[Surroundings]:
    """Find out what is known around drafts that come one after the other, as if each were stored before the next.

    What waits then is a twin to those that follow; one that must not be sent never waits.
    """
    waiting = _Waiting()
    found = []
    for (unit, place), around in zip(arrivals, _around_each(conn, arrivals), strict=True):
        known = _surroundings(conn, unit, place, around)
        found.append(replace(known, has_twin=known.has_twin or waiting.has_twin_of(unit, place)))
        if not known.is_suppressed:
            waiting.add(unit, place)
    return found


class _Waiting:
    """What came before in the same unit of work, and is not stored yet."""

    def __init__(self) -> None:
        self._alike: dict[tuple[str, str, str], list[tuple[datetime, str]]] = {}

    def add(self, unit: Unit, place: Place) -> None:
        """It waits for a person from now on."""
        self._alike.setdefault(_text_to_them(place), []).append((unit.now, place.approval_id))

    def has_twin_of(self, unit: Unit, place: Place) -> bool:
        """Whether the same text waits for the same recipient already, as `around` asks it of what is stored."""
        since, itself = _twins_since(unit), (unit.now, place.approval_id)
        return any(since <= came[0] and came < itself for came in self._alike.get(_text_to_them(place), ()))


def _text_to_them(place: Place) -> tuple[str, str, str]:
    return place.client_id, address_of(place.to_email), place.body_sha256


def _around_each(conn: Connection, arrivals: Sequence[tuple[Unit, Place]]) -> Sequence[Any]:
    asked = [_asked(unit, place) for unit, place in arrivals]
    if len(asked) == 1 or any("\0" in one["recipient"] + one["agent"] for one in asked):  # JSON holds no NUL there
        return [AROUND_ONE.one(conn, one) for one in asked]
    return AROUND_EACH.rows(conn, {HANDED: asked})


def _asked(unit: Unit, place: Place) -> dict[str, Any]:
    return {
        "client": place.client_id, "recipient": place.to_email, "address": address_of(place.to_email),
        "itself": place.approval_id, "text": place.body_sha256, "twins_since": _twins_since(unit),
        "agent": place.agent_name, "now": unit.now, "came_at": place.came_at or unit.now,
    }  # fmt: skip


def _surroundings(conn: Connection, unit: Unit, place: Place, around: Any, *, is_exact: bool = False) -> Surroundings:
    """From what is on record around a draft to what is known."""
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


def _twins_since(unit: Unit) -> datetime:
    """How far back the same text makes a twin."""
    return unit.now - timedelta(days=TWIN_DAYS)


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
