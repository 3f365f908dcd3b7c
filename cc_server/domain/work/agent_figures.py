"""What agents did and cost, read from the figures by the hour: nothing is counted again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection, func, select

from cc_api_client.models.dashboard import HourCost, HourRuns
from cc_api_client.models.work.agents import AgentPerformance, DayCost
from cc_server.db.tables import agents, hourly, runs
from cc_server.domain.base import counters
from cc_server.domain.base.actors import narrowed
from cc_server.domain.base.unit import Unit
from cc_server.domain.work.runs import AGENT_RUNS

HOURS = 24
DAYS = 30
MEASURED_RUNS = 500
"""The newest runs whose durations make the percentiles."""


@dataclass(slots=True)
class Figures:
    """What one agent did for the clients that the actor sees; named as the contract's agent names them."""

    runs: int = 0
    runs_24h: int = 0
    success_ratio_24h: float | None = None
    success_ratio_7d: float | None = None
    cost_24h_usd: Decimal = Decimal("0.00")
    cost_1h_usd: Decimal = Decimal("0.00")
    activity: list[int] = field(default_factory=lambda: [0] * HOURS)
    last_status: str | None = None
    last_run: datetime | None = None


def of_all(conn: Connection, unit: Unit) -> dict[str, Figures]:
    """The figures of every agent, by its id."""
    return _figures(conn, unit, None)


def of_one(conn: Connection, unit: Unit, agent_id: str) -> Figures:
    """The figures of one agent."""
    return _figures(conn, unit, agent_id)[agent_id]


def _figures(conn: Connection, unit: Unit, only: str | None) -> dict[str, Figures]:
    found: dict[str, Figures] = defaultdict(Figures)
    counted = counters.read(conn, AGENT_RUNS + (only or ""), unit.actor.visible)
    for name, count in counted.items():
        if only is None or not name:
            found[only or name].runs = count
    _take_hours(conn, unit, found, only)
    _take_last_hour(conn, unit, found, only)
    _take_last_run(conn, unit, found, only)
    return found


def performance(conn: Connection, unit: Unit, agent_id: str) -> AgentPerformance:
    """How one agent does."""
    figures = of_one(conn, unit, agent_id)
    query = select(runs.c.duration_ms, runs.c.cost_estimate_usd).where(
        runs.c.agent_name == agent_id, runs.c.duration_ms.is_not(None)
    )
    query = (
        narrowed(query, runs.c.client_id, unit.actor.visible).order_by(runs.c.created_at.desc()).limit(MEASURED_RUNS)
    )
    rows = conn.execute(query).all()
    durations = sorted(row.duration_ms for row in rows)
    costs = [row.cost_estimate_usd for row in rows if row.cost_estimate_usd is not None]
    return AgentPerformance(
        success_ratio_24h=figures.success_ratio_24h,
        success_ratio_7d=figures.success_ratio_7d,
        p50_ms=_percentile(durations, 0.50),
        p95_ms=_percentile(durations, 0.95),
        cost_per_run_usd=(sum(costs, Decimal(0)) / len(costs)).quantize(Decimal("0.0001")) if costs else None,
    )


def cost_history(conn: Connection, unit: Unit, agent_id: str) -> list[DayCost]:
    """What one agent cost on each of the last 30 days, oldest first."""
    first = unit.now.date() - timedelta(days=DAYS - 1)
    query = select(hourly.c.hour, hourly.c.cost_usd).where(
        hourly.c.agent_id == agent_id, hourly.c.hour >= unit.midnight - timedelta(days=DAYS - 1)
    )
    by_day: dict[date, Decimal] = defaultdict(lambda: Decimal("0.00"))
    for row in conn.execute(narrowed(query, hourly.c.client_id, unit.actor.visible)):
        by_day[row.hour.date()] += row.cost_usd
    days = [first + timedelta(days=place) for place in range(DAYS)]
    return [DayCost(day=day.isoformat(), cost_usd=by_day[day]) for day in days]


def activity(conn: Connection, unit: Unit) -> list[HourRuns]:
    """Runs that began in each of the last 24 hours, oldest first."""
    by_hour = _sums(conn, unit, _hour(unit.now) - timedelta(hours=HOURS - 1))
    hours = [_hour(unit.now) - timedelta(hours=HOURS - 1 - place) for place in range(HOURS)]
    return [HourRuns(hour=hour, runs=by_hour[hour][0]) for hour in hours]


def spend_today(conn: Connection, unit: Unit) -> list[HourCost]:
    """What was spent in each hour since the UTC day began, oldest first."""
    midnight = unit.midnight
    by_hour = _sums(conn, unit, midnight)
    hours = [midnight + timedelta(hours=place) for place in range(unit.now.hour + 1)]
    return [HourCost(hour=hour, cost_usd=by_hour[hour][1]) for hour in hours]


def _sums(conn: Connection, unit: Unit, since: datetime) -> dict[datetime, tuple[int, Decimal]]:
    query = select(
        hourly.c.hour, func.sum(hourly.c.runs), func.sum(hourly.c.cost_usd, type_=hourly.c.cost_usd.type)
    ).where(hourly.c.hour >= since)
    rows = conn.execute(narrowed(query, hourly.c.client_id, unit.actor.visible).group_by(hourly.c.hour))
    found: dict[datetime, tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal("0.00")))
    found.update({hour: (int(count), cost) for hour, count, cost in rows})
    return found


def _take_hours(conn: Connection, unit: Unit, found: dict[str, Figures], only: str | None) -> None:
    """Add up the hours of a week."""
    day_ago = _hour(unit.now) - timedelta(hours=HOURS - 1)
    query = select(hourly).where(hourly.c.hour >= _hour(unit.now) - timedelta(days=7), hourly.c.agent_id != "")
    if only is not None:
        query = query.where(hourly.c.agent_id == only)
    ended: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in conn.execute(narrowed(query, hourly.c.client_id, unit.actor.visible)):
        sums = ended[row.agent_id]
        sums[2] += row.success
        sums[3] += row.success + row.failed
        if row.hour >= day_ago:
            figures = found[row.agent_id]
            figures.runs_24h += row.runs
            figures.cost_24h_usd += row.cost_usd
            figures.activity[int((row.hour - day_ago).total_seconds() // 3600)] += row.runs
            sums[0] += row.success
            sums[1] += row.success + row.failed
    for agent_id, (good_day, day, good_week, week) in ended.items():
        found[agent_id].success_ratio_24h = good_day / day if day else None
        found[agent_id].success_ratio_7d = good_week / week if week else None


def _take_last_hour(conn: Connection, unit: Unit, found: dict[str, Figures], only: str | None) -> None:
    """Add up the last sixty minutes, run by run."""
    since = unit.now - timedelta(hours=1)
    query = select(runs.c.agent_name, func.sum(runs.c.cost_estimate_usd, type_=hourly.c.cost_usd.type)).where(
        runs.c.created_at >= since - timedelta(hours=1), runs.c.completed_at >= since, runs.c.agent_name.is_not(None)
    )
    if only is not None:
        query = query.where(runs.c.agent_name == only)
    for agent_id, cost in conn.execute(
        narrowed(query, runs.c.client_id, unit.actor.visible).group_by(runs.c.agent_name)
    ):
        found[agent_id].cost_1h_usd = cost if cost is not None else Decimal("0.00")


def _take_last_run(conn: Connection, unit: Unit, found: dict[str, Figures], only: str | None) -> None:
    """Look up each agent's newest run: one step into the index an agent, in one statement."""
    newest = select(runs.c.id).where(runs.c.agent_name == agents.c.id)
    newest = narrowed(newest, runs.c.client_id, unit.actor.visible).order_by(runs.c.created_at.desc()).limit(1)
    each = select(newest.correlate(agents).scalar_subquery()).select_from(agents)
    if only is not None:
        each = each.where(agents.c.id == only)
    query = select(runs.c.agent_name, runs.c.status, runs.c.started_at).where(runs.c.id.in_(each))
    for row in conn.execute(query):
        found[row.agent_name].last_status, found[row.agent_name].last_run = row.status, row.started_at


def _percentile(ordered: list[int], share: float) -> int | None:
    """The nearest-rank percentile."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
