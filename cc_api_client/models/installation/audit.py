"""The audit trail (contract, section 2)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from cc_api_client.models.base import UtcTime, Wire


class AuditRow(Wire):
    """One line of the audit trail; bodies stand in it as hashes only."""

    seq: int = Field(description="Its place in the trail.")
    at: UtcTime = Field(description="When.")
    actor: str = Field(description="The name of the key, or the component.")
    action: str = Field(description="What was done, or tried.")
    object_type: str = Field(description="To what kind of thing.")
    object_id: str = Field(description="To which.")
    client_id: str | None = Field(default=None, description="Of which client.")
    before: dict[str, Any] | None = Field(default=None, description="What it was.")
    after: dict[str, Any] | None = Field(default=None, description="What it became.")
    reason: str | None = Field(default=None, description="Why, in the actor's words.")
    request_id: str | None = Field(default=None, description="By which request.")
