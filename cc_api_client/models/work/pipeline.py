"""The pipeline: leads and their stages (contract, section 3)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from cc_api_client.models.base import Open, Usd, UtcTime, Wire


class Stage(StrEnum):
    """How far a lead has come."""

    PROSPECT = "prospect"
    CONTACTED = "contacted"
    QUALIFIED = "qualified"
    MEETING = "meeting"
    CLOSED = "closed"
    LOST = "lost"


class LeadStatus(StrEnum):
    """A person's word on a lead."""

    NEW = "new"
    REVIEW = "review"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUPPRESSED = "suppressed"


class Lead(Wire):
    """Somebody who may become a client."""

    id: str = Field(description="Its id.")
    client_id: str | None = Field(default=None, description="For which client.")
    email: str = Field(default="", description="Their address.")
    name: str | None = Field(default=None, description="Their name.")
    company: str | None = Field(default=None, description="Where they work.")
    phone: str | None = Field(default=None, description="Their number.")
    website: str | None = Field(default=None, description="Their page.")
    source: str | None = Field(default=None, description="Where the lead came from.")
    stage: Open[Stage] = Field(default=Stage.PROSPECT, description="How far it has come.")
    status: Open[LeadStatus] | None = Field(default=None, description="A person's word on it.")
    score: int | None = Field(default=None, description="0..100: how well it fits.")
    qualification_label: str | None = Field(default=None, description="The score in a word.")
    qualification_reason: str | None = Field(default=None, description="Why.")
    owner_agent: str | None = Field(default=None, description="The agent that works on it.")
    value_usd: Usd | None = Field(default=None, description="What it may be worth.")
    notes: str | None = Field(default=None, description="Notes.")
    version: int = Field(default=1, description="Grows by one with each change.")
    created_at: UtcTime | None = Field(default=None, description="When it came.")
    updated_at: UtcTime | None = Field(default=None, description="When it last changed.")


class StageCount(Wire):
    """One stage of the pipeline."""

    stage: Open[Stage] = Field(description="Which.")
    count: int = Field(description="How many leads.")
    value_usd: Usd | None = Field(default=None, description="What they may be worth.")
