"""The outbox under its older names: one row a message, with a single status (contract, section 9)."""

from __future__ import annotations

from pydantic import Field

from cc_api_client.models.base import RequestBody, UtcTime, Wire


class OutboxRow(Wire):
    """A message that an agent wants to send, and what became of it."""

    id: str = Field(description="The approval's id.")
    client_id: str = Field(description="For which client.")
    lead_id: str | None = Field(default=None, description="About which lead.")
    run_id: str | None = Field(default=None, description="In which run.")
    to_email: str = Field(default="", description="To whom.")
    to_name: str | None = Field(default=None, description="Their name.")
    subject: str = Field(default="", description="Its subject.")
    body: str = Field(default="", description="Its text.")
    status: str = Field(
        description="queued, approved, sent, rejected; here also expired, cancelled, failed and unknown."
    )
    approved_by: str | None = Field(default=None, description="Who approved it.")
    approved_at: UtcTime | None = Field(default=None, description="When.")
    rejected_reason: str | None = Field(default=None, description="Why it was rejected.")
    sent_at: UtcTime | None = Field(default=None, description="When it was accepted.")
    send_provider: str | None = Field(default=None, description="Who took it.")
    send_response: str | None = Field(default=None, description="Under which name it was taken, or why it failed.")
    created_at: UtcTime = Field(description="When it was drafted.")
    updated_at: UtcTime = Field(description="When it last changed.")


class OutboxPage(Wire):
    """Rows of the outbox, the oldest first."""

    items: list[OutboxRow] = Field(description="As many as were asked for.")


class OutboxAnswer(Wire):
    """What an action on a row of the outbox answers."""

    status: str = Field(description="The row's status after it.")
    changed: bool = Field(description="False when it was so already.")
    item: OutboxRow = Field(description="The row after it.")


class OutboxApproveBody(RequestBody):
    """Who approves is the key's name, whatever stands here."""

    approved_by: str | None = Field(default=None, max_length=200, description="Kept in the audit trail as a note.")


class OutboxRejectBody(RequestBody):
    """Why a row is rejected."""

    reason: str = Field(min_length=1, max_length=2000, description="In words.")
