"""Runs: one piece of work of one agent (contract, section 2)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from cc_api_client.models.base import Open, Usd, UtcTime, Wire


class RunStatus(StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    KILLED = "killed"
    SKIPPED = "skipped"


class RunStep(Wire):
    """One step of a run."""

    step: str = Field(description="What was done.")
    status: str = Field(description="How it ended.")
    duration_ms: int | None = Field(default=None, description="How long it took, in milliseconds.")
    detail: str | None = Field(default=None, description="What came of it.")


class Run(Wire):
    """One piece of work of one agent."""

    id: str = Field(description="Its id.")
    client_id: str | None = Field(default=None, description="For which client.")
    automation_name: str | None = Field(default=None, description="The automation it belongs to.")
    agent_name: str | None = Field(default=None, description="The agent that did it.")
    lead_email: str | None = Field(default=None, description="About whom.")
    status: Open[RunStatus] = Field(description="Where it is.")
    cost_estimate_usd: Usd | None = Field(default=None, description="What it cost.")
    llm_model: str | None = Field(default=None, description="The model that was asked.")
    llm_tokens_in: int | None = Field(default=None, description="Tokens sent to it.")
    llm_tokens_out: int | None = Field(default=None, description="Tokens it wrote.")
    error_message: str | None = Field(default=None, description="What went wrong.")
    decision_path: str | None = Field(default=None, description="What the agent decided, in a few words.")
    steps: list[RunStep] = Field(default_factory=list, description="Its steps, in order; left out of lists.")
    started_at: UtcTime | None = Field(default=None, description="When it began.")
    completed_at: UtcTime | None = Field(default=None, description="When it ended.")
    duration_ms: int | None = Field(default=None, description="How long it took, in milliseconds.")
    killed_by: str | None = Field(default=None, description="Who stopped it.")
    version: int = Field(default=1, description="Grows by one with each change.")
