"""Batches, and resolving deliveries (contract, section 5)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from cc_api_client.models.approvals import Approval, ReasonCode
from cc_api_client.models.base import RequestBody, Wire


class BatchAction(StrEnum):
    """What a batch does."""

    APPROVE = "approve"
    REJECT = "reject"
    APPROVE_SAFE = "approve_safe"


class BatchItem(RequestBody):
    """One item of a batch, pinned to what the dry run showed."""

    id: str = Field(description="The approval.")
    version: int = Field(ge=1, description="Its version then.")
    payload_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Its hash then.")


class BatchBody(RequestBody):
    """A batch: first as a dry run, then as a commit of exactly what the dry run listed."""

    action: BatchAction = Field(description="What to do.")
    ids: list[str] | None = Field(default=None, min_length=1, max_length=500, description="Dry run: these.")
    filter: dict[str, str] | None = Field(default=None, description="Dry run: the first 500 that match.")
    reason_code: ReasonCode | None = Field(default=None, description="Why they are rejected.")
    reason: str | None = Field(default=None, min_length=1, max_length=2000, description="In words.")
    dry_run: bool = Field(description="True: list what would be done, and do nothing.")
    items: list[BatchItem] | None = Field(default=None, max_length=500, description="Commit: what the dry run listed.")
    selection_sha256: str | None = Field(default=None, description="Commit: the digest of the dry run.")
    policy_version: str | None = Field(default=None, description="Commit: the policy of the dry run.")


class BatchPlanItem(Wire):
    """What a batch would do with one item."""

    id: str = Field(description="The approval.")
    version: int = Field(description="Its version.")
    payload_sha256: str = Field(description="Its hash.")
    would: str = Field(description="`ok` or `refused`.")
    why: str | None = Field(default=None, description="Why.")


class BatchPlan(Wire):
    """What a batch would do."""

    items: list[BatchPlanItem] = Field(description="Item by item.")
    selection_sha256: str = Field(description="The digest to hand back.")
    policy_version: str = Field(description="The policy that judged.")
    remaining: int = Field(default=0, description="How many more match the filter.")


class BatchResultItem(Wire):
    """What became of one item."""

    id: str = Field(description="The approval.")
    status: str = Field(description="`done`, `refused` or `conflict`.")
    code: str | None = Field(default=None, description="Why not.")
    item: Approval | None = Field(default=None, description="The approval now.")


class BatchResult(Wire):
    """What a batch did."""

    batch_id: str = Field(description="To undo it by.")
    items: list[BatchResultItem] = Field(description="In the order that was sent.")


class ResolveOutcome(StrEnum):
    """What a person found out about an interrupted delivery."""

    SENT = "sent"
    NOT_SENT = "not_sent"
    FAILED = "failed"


class ResolveBody(RequestBody):
    """Settles a delivery that is `unknown`."""

    outcome: ResolveOutcome = Field(description="What happened.")
    note: str = Field(min_length=1, max_length=2000, description="How that is known.")
