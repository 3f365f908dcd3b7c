"""Clients and their contracts (contract, section 6)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from cc_api_client.models.base import Open, Ratio, Usd, UtcTime, Wire


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


class Contract(Wire):
    """What was agreed with a client."""

    plan: str = Field(description="The plan's name.")
    starts_on: str = Field(description="Its first day, `YYYY-MM-DD`.")
    ends_on: str | None = Field(default=None, description="Its last day; null: it goes on.")
    monthly_usd: Usd = Field(description="What is paid a month.")
    terms: str | None = Field(default=None, description="What else was agreed.")


class Usage(Wire):
    """What runs for a client, and at what price."""

    runs_30d: int = Field(default=0, description="Runs in 30 days.")
    cost_30d_usd: Usd | None = Field(default=None, description="What they cost.")


class Communication(Wire):
    """One message to or from a client."""

    at: UtcTime = Field(description="When.")
    kind: str = Field(description="By which way.")
    subject: str = Field(description="About what.")
    state: str | None = Field(default=None, description="What became of it.")


class Billing(Wire):
    """What a client owes."""

    status: str = Field(description="`paid`, `open` or `overdue`.")
    last_invoice: str | None = Field(default=None, description="The day of the last invoice.")
    next_invoice: str | None = Field(default=None, description="The day of the next.")
    balance_usd: Usd | None = Field(default=None, description="What is open.")


class ClientDetail(BusinessClient):
    """A client with all that is known."""

    contract: Contract | None = Field(default=None, description="What was agreed.")
    automations: list[dict[str, Any]] = Field(default_factory=list, description="What runs for it.")
    usage: Usage | None = Field(default=None, description="How much of it.")
    communications: list[Communication] = Field(default_factory=list, description="The newest messages.")
    billing: Billing | None = Field(default=None, description="What it owes; null where nobody bills here.")
    upsell: list[dict[str, Any]] = Field(default_factory=list, description="What it might want.")
