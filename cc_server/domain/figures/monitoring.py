"""What the installation is like, in figures for a monitor: over all clients, none of them named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from cc_api_client.models.outbox.approvals import ApprovalStatus
from cc_api_client.models.outbox.delivery_states import DeliveryState
from cc_server.domain import installation
from cc_server.domain.base import audit, counters
from cc_server.domain.outbox.rows import COUNTS
from cc_server.domain.outbox.sending import claims
from cc_server.domain.work import jobs
from cc_server.events import log as events


@dataclass(frozen=True, slots=True)
class InstallationFigures:
    """Counts by state, how far the trail and the events are, and how long what is due has waited."""

    approvals: Mapping[str, int]
    deliveries: Mapping[str, int]
    jobs: Mapping[str, int]
    sender_lag_seconds: float
    audit_head: int
    events_head: int
    uptime_ratio_24h: float


def of_installation(conn: Connection, now: datetime) -> InstallationFigures:
    """The figures as of `now`."""
    told = counters.read(conn, COUNTS, None)
    due = claims.next_look(conn)
    return InstallationFigures(
        approvals={status.value: told.get(f"status.{status.value}", 0) for status in ApprovalStatus},
        deliveries={state.value: told.get(f"delivery.{state.value}", 0) for state in DeliveryState},
        jobs=jobs.counts(conn).model_dump(),
        sender_lag_seconds=max(0.0, (now - due) / timedelta(seconds=1)) if due is not None else 0.0,
        audit_head=audit.head(conn).seq,
        events_head=events.head(conn).seq,
        uptime_ratio_24h=installation.uptime_ratio_24h(conn, now),
    )
