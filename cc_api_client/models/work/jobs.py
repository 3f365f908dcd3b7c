"""Jobs: what waits for an agent (contract, section 2)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from cc_api_client.models.base import Open, UtcTime, Wire


class JobStatus(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"
    DEAD = "dead"
    CANCELLED = "cancelled"


class Job(Wire):
    """One unit of work for an agent."""

    id: str = Field(description="Its id.")
    job_type: str = Field(description="What is to be done.")
    status: Open[JobStatus] = Field(description="Where it is.")
    priority: int = Field(default=0, description="Higher goes first.")
    attempts: int = Field(default=0, description="How often it was tried.")
    max_attempts: int = Field(default=0, description="How often it may be tried.")
    next_run_at: UtcTime | None = Field(default=None, description="Not before.")
    locked_by: str | None = Field(default=None, description="The worker that holds it.")
    locked_until: UtcTime | None = Field(default=None, description="Until when.")
    error_message: str | None = Field(default=None, description="What went wrong last.")
    correlation_id: str | None = Field(default=None, description="What caused it.")
    created_at: UtcTime = Field(description="When it was queued.")
    updated_at: UtcTime = Field(description="When it last changed.")
    payload: dict[str, Any] | None = Field(default=None, description="What the agent is given.")
