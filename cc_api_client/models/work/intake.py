"""Leads as forms and other systems hand them in (contract, section 2)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from cc_api_client.models.base import Open, RequestBody, Wire


class LeadIntake(RequestBody):
    """A lead as a form or another system hands it in (`POST /webhook/lead`)."""

    name: str = Field(min_length=1, max_length=200, description="The person's name.")
    email: str = Field(
        min_length=3, max_length=320, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$", description="Their address."
    )
    company: str | None = Field(default=None, max_length=200, description="Where they work.")
    website: str | None = Field(default=None, max_length=500, description="Its page.")
    message: str | None = Field(default=None, max_length=10_000, description="What they wrote.")
    source: str | None = Field(default=None, max_length=100, description="Where the lead came from.")
    timestamp: str | None = Field(default=None, max_length=64, description="When it arose, as the source tells it.")


class IntakeStatus(StrEnum):
    """What became of a lead that was handed in."""

    QUEUED = "queued"
    DUPLICATE = "duplicate"
    FILTERED = "filtered"


class IntakeAnswer(Wire):
    """What `/webhook/lead` answers (202)."""

    status: Open[IntakeStatus] = Field(description="What became of it.")
    run_id: str | None = Field(default=None, description="The run that was queued.")
    job_id: str | None = Field(default=None, description="The job that was queued.")
    idempotency_key: str | None = Field(default=None, description="What it was deduplicated on.")
    reason: str | None = Field(default=None, description="Why it was filtered.")
