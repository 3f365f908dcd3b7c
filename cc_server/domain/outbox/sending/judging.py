"""What is judged again in the moment of sending: whether anything is worse than when a person approved it.

What the person saw and approved all the same never blocks.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from cc_api_client.models.outbox.approvals import Channel
from cc_api_client.models.outbox.delivery_states import DeliveryState
from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import agents, approvals, deliveries, email_history
from cc_server.domain.base.hashing import payload_sha256
from cc_server.domain.base.unit import Unit
from cc_server.domain.outbox.rows import Row

_AGENT = Prepared(select(agents.c.name, agents.c.status, agents.c.error_at).where(agents.c.id == bindparam("agent")))
_LAST_WRITTEN = Prepared(
    select(func.max(email_history.c.sent_at)).where(
        email_history.c.client_id == bindparam("client"),
        email_history.c.recipient == bindparam("address"),
        email_history.c.sent_at > bindparam("since"),
        email_history.c.sent_at <= bindparam("until"),
    )
)
_BEING_WRITTEN = Prepared(
    select(approvals.c.id)
    .join_from(approvals, deliveries, deliveries.c.id == approvals.c.delivery_id)
    .where(
        approvals.c.client_id == bindparam("client"), approvals.c.recipient == bindparam("address"),
        approvals.c.id != bindparam("itself"), deliveries.c.channel == Channel.EMAIL.value,
        deliveries.c.state == DeliveryState.DISPATCHING.value,
    )
    .limit(1)
)  # fmt: skip


def worse_than_approved(conn: Connection, unit: Unit, row: Row, delivery: Row) -> list[str]:
    """What sends a delivery back to a person, in sentences; empty where nothing does."""
    reasons = []
    if payload_sha256(row) != delivery["payload_sha256"]:
        reasons.append("its text is no longer the one that was approved")
    if delivery["fresh_until"] is not None and delivery["fresh_until"] <= unit.now:
        reasons.append(f"it waited longer than {unit.settings.approvals.fresh_hours} h since it was approved")
    agent = agent_of(conn, row)
    if agent is not None and agent.status == "error" and agent.error_at and agent.error_at > row["decided_at"]:
        reasons.append(f"{agent.name} failed after it was approved")
    if _heeds_cooldown(unit, row, delivery):
        reasons += _newly_in_cooldown(conn, unit, row)
    return reasons


def is_beside_another(conn: Connection, unit: Unit, row: Row, delivery: Row) -> bool:
    """Whether another mail to the recipient is being sent: only after it is known whether a cooldown began."""
    if not _heeds_cooldown(unit, row, delivery):
        return False
    person = {"itself": row["id"], "client": row["client_id"], "address": row["recipient"]}
    return _BEING_WRITTEN.first(conn, person) is not None


def _heeds_cooldown(unit: Unit, row: Row, delivery: Row) -> bool:
    return delivery["channel"] == Channel.EMAIL and row["kind"] not in unit.policy.sequence_kinds


def agent_of(conn: Connection, row: Row) -> Any:
    """The agent that drafted it: name, status, when it failed; None where nobody is named."""
    return _AGENT.first(conn, {"agent": row["agent_name"]})


def _newly_in_cooldown(conn: Connection, unit: Unit, row: Row) -> list[str]:
    """Whether another message went to the recipient since the approval, and none shortly before it."""
    cooldown = timedelta(days=unit.policy.cooldown_days)
    approved = row["decided_at"]
    before = _last_written(conn, row, approved - cooldown, approved)
    since = _last_written(conn, row, max(approved, unit.now - cooldown), unit.now)
    if before is not None or since is None:
        return []
    return [f"another message went to the recipient at {since:%Y-%m-%d %H:%M} UTC, after it was approved"]


def _last_written(conn: Connection, row: Row, since: Any, until: Any) -> Any:
    place = {"client": row["client_id"], "address": row["recipient"], "since": since, "until": until}
    return _LAST_WRITTEN.scalar(conn, place)
