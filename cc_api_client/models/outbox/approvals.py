"""Approvals and deliveries: what an agent wants to send, a person's word, and its effect (contract, section 5)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from cc_api_client.models.base import Open, Page, RequestBody, UtcTime, Wire
from cc_api_client.models.installation.audit import AuditRow
from cc_api_client.models.outbox.delivery_states import DeliveryState
from cc_api_client.models.work.pipeline import Lead
from cc_api_client.models.work.runs import Run


class ApprovalKind(StrEnum):
    """What an agent wants to send or do."""

    EMAIL = "email"
    FOLLOW_UP = "follow_up"
    CALL_SCRIPT = "call_script"
    PROPOSAL = "proposal"
    CONTRACT_CHANGE = "contract_change"


class ApprovalStatus(StrEnum):
    """A person's word on it."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Channel(StrEnum):
    """By which way an approval takes effect."""

    EMAIL = "email"
    TASK = "task"
    CONTRACT = "contract"


class Severity(StrEnum):
    """How much a flag weighs."""

    INFO = "info"
    WARN = "warn"
    BLOCK = "block"


class ReasonCode(StrEnum):
    """Why a draft is rejected."""

    WRONG_RECIPIENT = "wrong_recipient"
    WRONG_FACTS = "wrong_facts"
    TONE = "tone"
    PLACEHOLDER = "placeholder"
    TIMING = "timing"
    DUPLICATE = "duplicate"
    POLICY = "policy"
    OTHER = "other"


class Span(Wire):
    """A piece of the stored text, in code points."""

    field: Literal["subject", "body", "to_email", "to_name"] = Field(description="In which text.")
    start: int = Field(ge=0, description="The first code point.")
    end: int = Field(ge=0, description="The one after the last.")


class Flag(Wire):
    """Something about a draft that a person should know."""

    code: str = Field(description="`placeholder`, `homoglyph`, …")
    severity: Open[Severity] = Field(description="How much it weighs.")
    message: str | None = Field(default=None, description="What was found, in a sentence; left out of rows.")
    span: Span | None = Field(default=None, description="Where; null: the whole item.")


class RiskPart(Wire):
    """One part of the score."""

    code: str = Field(description="What it is for.")
    points: int = Field(description="How much it adds.")
    message: str | None = Field(default=None, description="What was found.")


class Risk(Wire):
    """How risky a draft is, and why."""

    score: int = Field(default=0, ge=0, le=100, description="0 harmless, 100 worst.")
    parts: list[RiskPart] = Field(default_factory=list, description="What the score is made of.")
    flags: list[Flag] = Field(default_factory=list, description="What was found.")


class Returned(Wire):
    """Why an approval is pending again."""

    why: str = Field(description="`undone`, `blocked` or `imported`.")
    reasons: list[str] = Field(default_factory=list, description="What changed, in sentences.")
    at: UtcTime = Field(description="When.")
    decided_by: str | None = Field(default=None, description="Who had decided.")


class Original(Wire):
    """The agent's own draft, before a person edited it."""

    subject: str = Field(description="As the agent wrote it.")
    body: str = Field(description="As the agent wrote it.")
    payload: dict[str, Any] | None = Field(default=None, description="As the agent made it.")


class Delivery(Wire):
    """The effect of an approval: a row of the outbox."""

    id: str = Field(description="Its id.")
    approval_id: str = Field(description="What was approved.")
    client_id: str | None = Field(default=None, description="For which client.")
    channel: Open[Channel] = Field(description="By which way.")
    state: Open[DeliveryState] = Field(description="Where it is.")
    waiting_for: str | None = Field(default=None, description="Why it waits although its hold is over.")
    not_before: UtcTime = Field(description="The end of its hold, or of its wait to retry.")
    fresh_until: UtcTime | None = Field(default=None, description="After this it goes back to a person.")
    attempt: int = Field(default=0, description="How often it was claimed.")
    lease_until: UtcTime | None = Field(default=None, description="Until when the sender has it.")
    provider: str | None = Field(default=None, description="Who took it.")
    provider_message_id: str | None = Field(default=None, description="Under which name.")
    error: str | None = Field(default=None, description="Why it failed.")
    sent_at: UtcTime | None = Field(default=None, description="When it was accepted.")
    version: int = Field(default=1, description="Grows by one with each change.")


class Approval(Wire):
    """Something an agent wants to send or do, and a person's word on it.

    With `view=row` body, payload, original and the messages of flags are left out.
    """

    id: str = Field(description="Its id.")
    client_id: str = Field(description="For which client.")
    kind: Open[ApprovalKind] = Field(description="What it is.")
    agent_name: str | None = Field(default=None, description="Who wrote it.")
    lead_id: str | None = Field(default=None, description="About which lead.")
    run_id: str | None = Field(default=None, description="In which run.")
    to_email: str = Field(default="", description="To whom.")
    to_name: str | None = Field(default=None, description="Their name.")
    subject: str = Field(default="", description="Its subject.")
    body: str | None = Field(default=None, description="Its text; a call's script.")
    preview: str = Field(default="", description="The beginning of the text, at most 120 characters.")
    payload: dict[str, Any] | None = Field(default=None, description="What only this kind has: phone, items, clauses.")
    status: Open[ApprovalStatus] = Field(description="A person's word on it.")
    risk: Risk = Field(default_factory=Risk, description="How risky, and why.")
    safe: bool = Field(default=False, description="The server's word that the policy would let it out.")
    safe_reasons: list[str] = Field(default_factory=list, description="Why it is safe.")
    unsafe_reasons: list[str] = Field(default_factory=list, description="Why it is not.")
    stack_key: str | None = Field(default=None, description="Equal for drafts of one template.")
    created_at: UtcTime = Field(description="When it was drafted.")
    expires_at: UtcTime | None = Field(default=None, description="When it expires undecided.")
    returned: Returned | None = Field(default=None, description="Why it is pending again.")
    decided_by: str | None = Field(default=None, description="Who decided.")
    decided_at: UtcTime | None = Field(default=None, description="When.")
    reason_code: Open[ReasonCode] | None = Field(default=None, description="Why it was rejected.")
    reason: str | None = Field(default=None, description="Why, in words.")
    edited_by: str | None = Field(default=None, description="Who edited it last.")
    edited_at: UtcTime | None = Field(default=None, description="When.")
    original: Original | None = Field(default=None, description="The agent's draft, once edited.")
    undo_until: UtcTime | None = Field(default=None, description="The earliest moment at which undo may close.")
    version: int = Field(default=1, description="Grows by one with each change.")
    payload_sha256: str = Field(default="", description="The hash of what would go out (contract, section 5).")
    delivery: Delivery | None = Field(default=None, description="The newest delivery.")


class HistoryItem(Wire):
    """One earlier message to the same recipient."""

    at: UtcTime = Field(description="When it was sent, or drafted.")
    kind: Open[ApprovalKind] = Field(description="What it was.")
    subject: str = Field(description="Its subject.")
    state: str = Field(description="What became of it.")
    approval_id: str | None = Field(default=None, description="Which approval it was.")


class ApprovalDetail(Approval):
    """An approval with what surrounds it."""

    client_name: str | None = Field(default=None, description="The client's name.")
    lead: Lead | None = Field(default=None, description="The lead it is about.")
    run: Run | None = Field(default=None, description="The run that drafted it.")
    history: list[HistoryItem] = Field(default_factory=list, description="The last five messages to the recipient.")
    trail: list[AuditRow] = Field(default_factory=list, description="Its audit rows, oldest first.")


class ApprovalSummary(Wire):
    """How many approvals each view has, all-time; filters do not change it."""

    pending: int = Field(default=0, description="Wait for a person.")
    leaving: int = Field(default=0, description="Approved: held, ready, dispatching or waiting to retry.")
    problems: int = Field(default=0, description="Failed, unknown, or back from a block.")
    sent: int = Field(default=0, description="Sent.")
    rejected: int = Field(default=0, description="Rejected.")
    expired: int = Field(default=0, description="Expired undecided.")
    safe: int = Field(default=0, description="Pending and safe.")
    oldest_created_at: UtcTime | None = Field(default=None, description="When the oldest pending one was drafted.")


class ApprovalPage(Page[Approval]):
    """A page of approvals, with the counts of all views."""

    summary: ApprovalSummary | None = Field(default=None, description="How many each view has.")


class ApproveBody(RequestBody):
    """What may go with an approval."""

    note: str | None = Field(default=None, max_length=2000, description="Kept in the audit trail.")
    payload_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$", description="Hash of what was seen.")


class RejectBody(RequestBody):
    """Why a draft is rejected."""

    reason_code: ReasonCode = Field(strict=False, description="The reason; `other` needs `reason`.")
    reason: str | None = Field(default=None, min_length=1, max_length=2000, description="In words.")
    payload_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$", description="Hash of what was seen.")


class ApprovalEdit(RequestBody):
    """What a person may change before it is sent; what is left out stays (RFC 7396)."""

    subject: str | None = Field(default=None, max_length=1000, description="The new subject.")
    body: str | None = Field(default=None, max_length=200_000, description="The new text.")
    to_name: str | None = Field(default=None, max_length=200, description="The new name.")
    payload: dict[str, Any] | None = Field(default=None, description="What changes in the payload.")
