"""Clients of the business (contract, section 6)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from cc_api_client.models.base import Open, Ratio, Usd, Wire


class ClientHealth(StrEnum):
    """How a client is doing."""

    GOOD = "good"
    WARNING = "warning"
    CRITICAL = "critical"


class BusinessClient(Wire):
    """A client of the business (not a program)."""

    id: str = Field(description="Its id.")
    name: str = Field(description="Its name.")
    status: str = Field(default="active", description="`active`, `paused` or `ended`.")
    mrr_usd: Usd | None = Field(default=None, description="What it pays a month.")
    health: Open[ClientHealth] | None = Field(default=None, description="How it is doing.")
    churn_risk: Ratio | None = Field(default=None, description="How likely it is to leave.")
    automations_count: int | None = Field(default=None, description="Automations that run for it.")
    upsell_usd: Usd | None = Field(default=None, description="What it might pay on top, a month.")
    since: str | None = Field(default=None, description="The day it became a client, `YYYY-MM-DD`.")
    version: int = Field(default=1, description="Grows by one with each change.")
