"""The first screen's figures: what waits, what is wrong, and how the business does. All read, nothing kept here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from cc_api_client.models.dashboard import (
    Alert,
    AlertLevel,
    AlertObject,
    Changes,
    Costs,
    DashboardStats,
    HealthSummary,
    HourCost,
    Series,
    Waiting,
)
from cc_api_client.models.installation.status import Component, ComponentStatus, Metrics
from cc_api_client.models.outbox.delivery_states import PROBLEMS
from cc_api_client.models.work.pipeline import Stage
from cc_server.db.tables import approvals, deliveries
from cc_server.domain import installation, leads
from cc_server.domain.access import clients
from cc_server.domain.base.actors import Actor, narrowed
from cc_server.domain.base.unit import Unit
from cc_server.domain.outbox import listing
from cc_server.domain.work import agent_figures, agents, jobs, runs

RECENT_RUNS = 15
TROUBLES_TOLD = 20
_WORST_FIRST = (ComponentStatus.DOWN, ComponentStatus.DEGRADED, ComponentStatus.OK)
_NOTHING = Decimal("0.00")


def metrics(conn: Connection, actor: Actor) -> Metrics:
    """Counts of queue, outbox and runs, and the newest runs."""
    return Metrics(
        queue=jobs.counts(conn),
        outbox=listing.outbox_counts(conn, actor),
        runs=runs.counts(conn, actor),
        recent_runs=runs.recent(conn, actor, RECENT_RUNS),
    )


def stats(conn: Connection, unit: Unit, components: Sequence[Component]) -> DashboardStats:
    """All that the first screen needs.

    Args:
        conn: the transaction.
        unit: who asks, and when.
        components: how the parts of the server are, as the process knows.
    """
    actor = unit.actor
    told = metrics(conn, actor)
    spent = agent_figures.spend_today(conn, unit)
    total_usd, bookings = runs.spent(conn, actor)
    stages = leads.stages(conn, actor)
    meeting = next(stage for stage in stages if stage.stage is Stage.MEETING)
    revenue = clients.revenue(conn, actor, unit.now.date())
    budget = _budget(unit)
    return DashboardStats(
        queue=told.queue,
        outbox=told.outbox,
        runs=told.runs,
        recent_runs=told.recent_runs,
        costs=Costs(total_usd=total_usd, count=bookings),
        mrr_usd=revenue[-1].mrr_usd,
        clients_active=clients.active_on(conn, actor, unit.now.date()),
        uptime_ratio_24h=installation.uptime_ratio_24h(conn, unit.now),
        spend_today_usd=sum((hour.cost_usd for hour in spent), _NOTHING),
        budget_today_usd=budget,
        alert_ratio=unit.settings.budgets.alert_ratio if budget is not None else None,
        leads_today=leads.created_between(conn, actor, unit.midnight, unit.now + timedelta(seconds=1)),
        deals_closing=meeting.count,
        approvals_pending=told.outbox.queued,
        agents=agents.counts(conn),
        health=HealthSummary(status=_worst(components), components=list(components)),
        alerts=_alerts(conn, unit, spent, budget),
        waiting=Waiting(
            high_risk=listing.high_risk(conn, actor), oldest_created_at=listing.oldest_pending(conn, actor)
        ),
        changes=_changes(conn, unit, revenue[0].mrr_usd, revenue[-1].mrr_usd, meeting.value_usd, unit.midnight),
        series=Series(pipeline=stages, revenue=revenue, activity=agent_figures.activity(conn, unit), spend=spent),
    )


def _budget(unit: Unit) -> Decimal | None:
    return unit.settings.budgets.daily_usd if not unit.actor.is_bound else None


def _worst(components: Sequence[Component]) -> str:
    held = {component.status for component in components}
    return next((status.value for status in _WORST_FIRST if status in held), ComponentStatus.OK.value)


def _changes(
    conn: Connection, unit: Unit, mrr_then: Decimal, mrr_now: Decimal, closing_usd: Decimal | None, midnight: datetime
) -> Changes:
    actor, now, month = unit.actor, unit.now, timedelta(days=30)
    today = leads.created_between(conn, actor, midnight, now + timedelta(seconds=1))
    by_this_hour = leads.created_between(conn, actor, midnight - timedelta(days=1), now - timedelta(days=1))
    won, lost = (leads.moved_to(conn, actor, stage, now - month) for stage in (Stage.CLOSED, Stage.LOST))
    active_now, active_then = (clients.active_on(conn, actor, day) for day in (now.date(), (now - month).date()))
    return Changes(
        mrr_ratio_30d=float(mrr_now / mrr_then - 1) if mrr_then else None,
        clients_30d=active_now - active_then,
        leads_1d=today - by_this_hour,
        deals_closing_usd=closing_usd,
        lost_30d=lost,
        win_ratio_30d=won / (won + lost) if won + lost else None,
    )


def _alerts(conn: Connection, unit: Unit, spent: Sequence[HourCost], budget: Decimal | None) -> list[Alert]:
    """The conditions that ask for a person, newest first."""
    found = [*_agent_alerts(conn), *_delivery_alerts(conn, unit.actor), *_spend_alerts(unit, spent, budget)]
    return sorted(found, key=lambda alert: alert.at, reverse=True)


def _agent_alerts(conn: Connection) -> list[Alert]:
    return [
        Alert(
            at=row["error_at"] or row["created_at"],
            level=AlertLevel.WARN,
            code="agent_error",
            message=f"in error: {row['error_message']}",
            object=AlertObject(type="agent", id=row["id"], name=row["name"]),
        )
        for row in agents.in_error(conn)
    ]


def _delivery_alerts(conn: Connection, actor: Actor) -> list[Alert]:
    query = (
        select(deliveries.c.state, deliveries.c.changed_at, deliveries.c.error, deliveries.c.approval_id,
               approvals.c.to_email)
        .join_from(deliveries, approvals, deliveries.c.approval_id == approvals.c.id)
        .where(deliveries.c.state.in_(PROBLEMS))
        .order_by(deliveries.c.changed_at.desc())
        .limit(TROUBLES_TOLD)
    )  # fmt: skip
    query = narrowed(query, deliveries.c.client_id, actor.visible)
    return [_delivery_alert(row) for row in conn.execute(query)]


def _delivery_alert(row: Any) -> Alert:
    what = "failed" if row.state == "failed" else "may or may not have left"
    return Alert(
        at=row.changed_at,
        level=AlertLevel.WARN,
        code=f"delivery_{row.state}",
        message=f"delivery {what}: {row.error}" if row.error else f"delivery {what}",
        object=AlertObject(type="delivery", id=row.approval_id, name=row.to_email),
    )


def _spend_alerts(unit: Unit, spent: Sequence[HourCost], budget: Decimal | None) -> list[Alert]:
    if not budget:
        return []
    total = sum((hour.cost_usd for hour in spent), _NOTHING)
    limit = budget * Decimal(str(unit.settings.budgets.alert_ratio))
    if total < limit:
        return []
    is_over = total >= budget
    crossed = _crossed(spent, budget if is_over else limit)
    return [
        Alert(
            at=crossed,
            level=AlertLevel.ERROR if is_over else AlertLevel.WARN,
            code="budget_exceeded" if is_over else "spend_over_ratio",
            message=f"{total / budget * 100:.0f} % of today's ${budget:.0f} spent",
            object=AlertObject(type="budget", name="today"),
        )
    ]


def _crossed(spent: Sequence[HourCost], limit: Decimal) -> datetime:
    """The hour in which the spend reached a limit."""
    total = _NOTHING
    for hour in spent:
        total += hour.cost_usd
        if total >= limit:
            return hour.hour
    return spent[-1].hour
