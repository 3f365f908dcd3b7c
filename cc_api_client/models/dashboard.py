"""The dashboard: what waits, what is wrong, and the figures of the business (contract, section 3)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from cc_api_client.models.base import Open, Ratio, Usd, UtcTime, Wire
from cc_api_client.models.installation.status import Component, Metrics
from cc_api_client.models.work.pipeline import StageCount


class Costs(Wire):
    """What was spent, all-time."""

    total_usd: Usd = Field(description="In all.")
    count: int = Field(default=0, description="In how many bookings.")


class AgentCounts(Wire):
    """Agents by state."""

    active: int = Field(default=0, description="Work.")
    paused: int = Field(default=0, description="Were paused by a person.")
    error: int = Field(default=0, description="Stopped by an error.")
    planned: int = Field(default=0, description="Never deployed.")


class HealthSummary(Wire):
    """How the installation is."""

    status: str = Field(description="`ok`, `degraded` or `down`: the worst of its components.")
    components: list[Component] = Field(default_factory=list, description="Those that this server runs.")


class AlertLevel(StrEnum):
    """How urgent an alert is."""

    WARN = "warn"
    ERROR = "error"


class AlertObject(Wire):
    """What an alert is about."""

    type: str = Field(description="`agent`, `delivery`, `job`, `budget`, `component`, `run`, `client`.")
    id: str | None = Field(default=None, description="Which.")
    name: str | None = Field(default=None, description="Its name for people.")


class Alert(Wire):
    """A condition that asks for a person; it goes when it is mended."""

    at: UtcTime = Field(description="Since when.")
    level: Open[AlertLevel] = Field(description="How urgent.")
    code: str = Field(description="`agent_error`, `spend_over_ratio`, `budget_exceeded`, `delivery_failed`, …")
    message: str = Field(description="What is the matter, in a few words.")
    object: AlertObject | None = Field(default=None, description="What it is about.")


class Waiting(Wire):
    """What waits for a person."""

    high_risk: int = Field(default=0, description="Pending with a score of 70 or more, or a block flag.")
    oldest_created_at: UtcTime | None = Field(default=None, description="When the oldest pending one was drafted.")


class Changes(Wire):
    """How the figures moved."""

    mrr_ratio_30d: float | None = Field(default=None, description="MRR against 30 days ago, as a share of it.")
    clients_30d: int | None = Field(default=None, description="Clients won less clients lost in 30 days.")
    leads_1d: int | None = Field(default=None, description="Leads today less those of yesterday by this hour.")
    deals_closing_usd: Usd | None = Field(default=None, description="What the closing deals are worth.")
    lost_30d: int | None = Field(default=None, description="Leads lost in 30 days.")
    win_ratio_30d: Ratio | None = Field(default=None, description="Closed of closed and lost, in 30 days.")


class DayRevenue(Wire):
    """MRR on one day."""

    day: str = Field(description="The UTC day, `YYYY-MM-DD`.")
    mrr_usd: Usd = Field(description="MRR at its end.")


class HourRuns(Wire):
    """Runs in one hour."""

    hour: UtcTime = Field(description="Its beginning.")
    runs: int = Field(description="How many began.")


class HourCost(Wire):
    """Spend in one hour."""

    hour: UtcTime = Field(description="Its beginning.")
    cost_usd: Usd = Field(description="What was spent.")


class Series(Wire):
    """What the charts draw; at most 60 points each."""

    pipeline: list[StageCount] = Field(default_factory=list, description="Leads by stage, in order.")
    revenue: list[DayRevenue] = Field(default_factory=list, description="MRR over 30 days.")
    activity: list[HourRuns] = Field(default_factory=list, description="Runs an hour over 24 hours.")
    spend: list[HourCost] = Field(default_factory=list, description="Spend an hour since the UTC day began.")


class DashboardStats(Metrics):
    """All that the first screen needs, in one answer."""

    costs: Costs | None = Field(default=None, description="What was spent, all-time.")
    mrr_usd: Usd | None = Field(default=None, description="Monthly recurring revenue now.")
    clients_active: int | None = Field(default=None, description="Clients with a running contract.")
    uptime_ratio_24h: Ratio | None = Field(default=None, description="The share of 24 hours without an outage.")
    spend_today_usd: Usd | None = Field(default=None, description="Spent since the UTC day began.")
    budget_today_usd: Usd | None = Field(default=None, description="What may be spent a day; null: no budget.")
    alert_ratio: Ratio | None = Field(default=None, description="From which share of the budget on it is told.")
    leads_today: int | None = Field(default=None, description="Leads since the UTC day began.")
    deals_closing: int | None = Field(default=None, description="Leads in a meeting.")
    approvals_pending: int | None = Field(default=None, description="Approvals that wait for a person.")
    agents: AgentCounts | None = Field(default=None, description="Agents by state.")
    health: HealthSummary | None = Field(default=None, description="How the installation is.")
    alerts: list[Alert] = Field(default_factory=list, description="What asks for a person, newest first.")
    waiting: Waiting | None = Field(default=None, description="What waits for a person.")
    changes: Changes | None = Field(default=None, description="How the figures moved.")
    series: Series | None = Field(default=None, description="What the charts draw.")
