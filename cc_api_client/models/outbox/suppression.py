"""Addresses that are never written to (contract, section 2)."""

from __future__ import annotations

from pydantic import Field

from cc_api_client.models.base import RequestBody, UtcTime, Wire


class SuppressionIntake(RequestBody):
    """An address that must never be written to."""

    email: str = Field(min_length=3, max_length=320, description="The address.")
    reason: str | None = Field(default=None, max_length=2000, description="Why.")


class SuppressionEntry(Wire):
    """An address that is never written to."""

    id: str = Field(description="Its id.")
    client_id: str | None = Field(default=None, description="For which client.")
    email: str = Field(description="The address.")
    reason: str | None = Field(default=None, description="Why.")
    created_at: UtcTime = Field(description="Since when.")
