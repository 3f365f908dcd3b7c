"""What is judged again in the moment of sending: whether anything is worse than when a person approved it.

What the person saw and approved all the same never blocks.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select

from cc_api_client.models.outbox.approvals import Channel
from cc_api_client.models.outbox.delivery_states import WAITING, DeliveryState
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
_MAY_REACH_THEM = Prepared(
    select(deliveries.c.state)
    .join_from(approvals, deliveries, deliveries.c.id == approvals.c.delivery_id)
    .where(
        approvals.c.client_id == bindparam("client"), approvals.c.recipient == bindparam("address"),
        approvals.c.id != bindparam("itself"), deliveries.c.channel == Channel.EMAIL.value,
        or_(
            deliveries.c.state.in_((DeliveryState.DISPATCHING.value, DeliveryState.UNKNOWN.value)),
            deliveries.c.state.in_(WAITING) & deliveries.c.lease_until.is_not(None),
        ),
    )
)  # fmt: skip
"""A lease that was not settled marks an attempt that was cut off: it may have left, and is made again."""


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


def beside(conn: Connection, unit: Unit, row: Row, delivery: Row) -> DeliveryState | None:
    """How another mail to the recipient stands of which it is not settled whether it reaches them.

    Whether a cooldown began is known once it is settled.

    Returns:
        `unknown` where a person has to find out, `dispatching` where it is being sent or about to be sent again; None
        where there is none, or nothing would follow from it.
    """
    if not _heeds_cooldown(unit, row, delivery) or _was_in_cooldown(conn, unit, row):
        return None
    person = {"itself": row["id"], "client": row["client_id"], "address": row["recipient"]}
    states = {each.state for each in _MAY_REACH_THEM.rows(conn, person)}
    if delivery["lease_until"] is not None:
        states -= set(WAITING)  # both were cut off: one of them has to go first
    if not states:
        return None
    return DeliveryState.UNKNOWN if DeliveryState.UNKNOWN in states else DeliveryState.DISPATCHING


def _heeds_cooldown(unit: Unit, row: Row, delivery: Row) -> bool:
    policy = unit.policy
    return (
        bool(policy.cooldown_days) and delivery["channel"] == Channel.EMAIL and row["kind"] not in policy.sequence_kinds
    )


def agent_of(conn: Connection, row: Row) -> Any:
    """The agent that drafted it: name, status, when it failed; None where nobody is named."""
    return _AGENT.first(conn, {"agent": row["agent_name"]})


def _newly_in_cooldown(conn: Connection, unit: Unit, row: Row) -> list[str]:
    """Whether another message went to the recipient since the approval, and none shortly before it."""
    since = _last_written(conn, row, max(row["decided_at"], unit.now - _cooldown(unit)), unit.now)
    if since is None or _was_in_cooldown(conn, unit, row):
        return []
    return [f"another message went to the recipient at {since:%Y-%m-%d %H:%M} UTC, after it was approved"]


def _was_in_cooldown(conn: Connection, unit: Unit, row: Row) -> bool:
    """Whether the recipient was in a cooldown when it was approved all the same."""
    approved = row["decided_at"]
    return _last_written(conn, row, approved - _cooldown(unit), approved) is not None


def _cooldown(unit: Unit) -> timedelta:
    return timedelta(days=unit.policy.cooldown_days)


def _last_written(conn: Connection, row: Row, since: Any, until: Any) -> Any:
    place = {"client": row["client_id"], "address": row["recipient"], "since": since, "until": until}
    return _LAST_WRITTEN.scalar(conn, place)
