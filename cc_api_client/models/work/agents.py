"""Agents: who works, how well, at what price (contract, section 4)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from cc_api_client.models.base import Open, Ratio, RequestBody, Usd, UtcTime, Wire


class AgentStatus(StrEnum):
    """Whether an agent works."""

    ACTIVE = "active"
    PAUSED = "paused"
    ERROR = "error"
    PLANNED = "planned"


class Agent(Wire):
    """One agent; figures are those of the clients the key may see."""

    id: str = Field(description="A slug; also `agent_name`.")
    agent_name: str = Field(description="The same slug, under its older name.")
    name: str = Field(description="Its name for people.")
    role: str = Field(default="", description="What it is for.")
    status: Open[AgentStatus] = Field(description="Whether it works.")
    runs: int = Field(default=0, description="Runs, all-time.")
    runs_24h: int | None = Field(default=None, description="Runs in the last 24 hours.")
    success_ratio_24h: Ratio | None = Field(default=None, description="Finished runs that ended well, 24 hours.")
    success_ratio_7d: Ratio | None = Field(default=None, description="The same over 7 days.")
    cost_24h_usd: Usd | None = Field(default=None, description="What it cost in the last 24 hours.")
    cost_1h_usd: Usd | None = Field(default=None, description="What it cost in the last hour.")
    activity: list[int] = Field(default_factory=list, description="Runs in each of the last 24 hours, oldest first.")
    last_status: str | None = Field(default=None, description="How its last run ended.")
    last_run: UtcTime | None = Field(default=None, description="When its last run began.")
    last_heartbeat_at: UtcTime | None = Field(default=None, description="When it was last heard.")
    paused_by: str | None = Field(default=None, description="Who paused it.")
    pause_reason: str | None = Field(default=None, description="Why.")
    paused_at: UtcTime | None = Field(default=None, description="When.")
    error_message: str | None = Field(default=None, description="Why it is in error.")
    version: int = Field(default=1, description="Grows by one with each change of its state.")


class AgentPerformance(Wire):
    """How an agent does."""

    success_ratio_24h: Ratio | None = Field(default=None, description="Share of runs that ended well, 24 hours.")
    success_ratio_7d: Ratio | None = Field(default=None, description="The same over 7 days.")
    p50_ms: int | None = Field(default=None, description="Half its runs took no longer, in milliseconds.")
    p95_ms: int | None = Field(default=None, description="95 of 100 runs took no longer, in milliseconds.")
    cost_per_run_usd: Usd | None = Field(default=None, description="What a run costs on average.")


class DayCost(Wire):
    """What one day cost."""

    day: str = Field(description="The UTC day, `YYYY-MM-DD`.")
    cost_usd: Usd = Field(description="What it cost.")


class AgentDetail(Agent):
    """An agent with its configuration and history."""

    config: dict[str, Any] = Field(default_factory=dict, description="Its configuration; endpoints by name only.")
    performance: AgentPerformance = Field(default_factory=AgentPerformance, description="How it does.")
    cost_history: list[DayCost] = Field(default_factory=list, description="Cost a day, oldest first.")


class LogLevel(StrEnum):
    """How loud a log line is."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


class LogLine(Wire):
    """One line of an agent's log."""

    seq: int = Field(description="Its place; hand the last one back as `after`.")
    at: UtcTime = Field(description="When.")
    level: Open[LogLevel] = Field(description="How loud.")
    run_id: str | None = Field(default=None, description="Of which run.")
    message: str = Field(description="The line. A model may have written it.")


class PauseBody(RequestBody):
    """Why an agent is paused."""

    reason: str | None = Field(default=None, max_length=2000, description="In words.")
