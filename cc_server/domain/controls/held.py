"""What a stop holds, counted; and what is being sent in this moment, which finishes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from cc_api_client.models.outbox.delivery_states import WAITING, DeliveryState
from cc_api_client.models.settings import Held, InFlight
from cc_api_client.models.work.jobs import JobStatus
from cc_api_client.models.work.runs import RunStatus
from cc_server.db.tables import approvals, deliveries, jobs_queue, runs
from cc_server.domain.controls.scopes import agent_of, client_of

TOLD = 100

_JOINED = deliveries.join(approvals, deliveries.c.approval_id == approvals.c.id)
_WAITING = select(func.count()).select_from(_JOINED).where(deliveries.c.state.in_(WAITING))
_JOBS = select(func.count()).select_from(jobs_queue).where(jobs_queue.c.status == JobStatus.QUEUED.value)
_RUNS = select(func.count()).select_from(runs).where(runs.c.status == RunStatus.RUNNING.value)
_DISPATCHING = (
    select(deliveries.c.id, deliveries.c.approval_id, deliveries.c.client_id, approvals.c.to_email, approvals.c.subject)
    .select_from(_JOINED)
    .where(deliveries.c.state == DeliveryState.DISPATCHING.value)
    .order_by(deliveries.c.id)
    .limit(TOLD)
)


def by(conn: Connection, scope: str) -> Held:
    """How much a stop of that scope holds."""
    return Held(
        deliveries=_count(conn, _within(_WAITING, scope, approvals.c.agent_name, deliveries.c.client_id)),
        jobs=_count(conn, _within(_JOBS, scope, jobs_queue.c.agent_name, jobs_queue.c.client_id)),
        runs=_count(conn, _within(_RUNS, scope, runs.c.agent_name, runs.c.client_id)),
    )


def in_flight(conn: Connection, scope: str) -> list[InFlight]:
    """What of that scope is being sent in this moment, a hundred at most."""
    query = _within(_DISPATCHING, scope, approvals.c.agent_name, deliveries.c.client_id)
    return [
        InFlight(
            delivery_id=row.id, approval_id=row.approval_id, client_id=row.client_id, to_email=row.to_email,
            subject=row.subject,
        )
        for row in conn.execute(query)
    ]  # fmt: skip


def _within(
    query: Select[Any], scope: str, agent_name: ColumnElement[Any], client_id: ColumnElement[Any]
) -> Select[Any]:
    if (agent := agent_of(scope)) is not None:
        return query.where(agent_name == agent)
    if (client := client_of(scope)) is not None:
        return query.where(client_id == client)
    return query


def _count(conn: Connection, query: Select[Any]) -> int:
    return int(conn.execute(query).scalar_one())
