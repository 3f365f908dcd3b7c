"""Batches, and resolving deliveries (contract, section 5)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from cc_api_client.models.base import Open, RequestBody, Wire
from cc_api_client.models.outbox.approvals import Approval, ReasonCode

MOST_ITEMS = 500


class BatchAction(StrEnum):
    """What a batch does."""

    APPROVE = "approve"
    REJECT = "reject"
    APPROVE_SAFE = "approve_safe"


class BatchWould(StrEnum):
    """What a dry run says of one item."""

    OK = "ok"
    REFUSED = "refused"


class BatchStatus(StrEnum):
    """What became of one item."""

    DONE = "done"
    REFUSED = "refused"
    CONFLICT = "conflict"


class BatchItem(RequestBody):
    """One item of a batch, pinned to what the dry run showed."""

    id: str = Field(min_length=1, max_length=64, description="The approval.")
    version: int = Field(ge=1, le=2_147_483_647, description="Its version then.")
    payload_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Its hash then.")


class BatchBody(RequestBody):
    """A batch: first as a dry run, then as a commit of exactly what the dry run listed.

    A dry run names `ids` or `filter`; a commit names `items`, `selection_sha256` and `policy_version` instead.
    """

    action: BatchAction = Field(strict=False, description="What to do.")
    ids: list[Annotated[str, Field(max_length=64)]] | None = Field(
        default=None, min_length=1, max_length=MOST_ITEMS, description="Dry run: these."
    )
    filter: dict[str, str] | None = Field(
        default=None, description="Dry run: the first 500 that match; names and values as the list's own parameters."
    )
    reason_code: ReasonCode | None = Field(default=None, strict=False, description="Why they are rejected.")
    reason: str | None = Field(default=None, min_length=1, max_length=2000, description="In words.")
    dry_run: bool = Field(description="True: list what would be done, and do nothing.")
    items: list[BatchItem] | None = Field(
        default=None, min_length=1, max_length=MOST_ITEMS, description="Commit: what the dry run listed as `ok`."
    )
    selection_sha256: str | None = Field(
        default=None, pattern=r"^[0-9a-f]{64}$", description="Commit: the digest of the dry run."
    )
    policy_version: str | None = Field(default=None, max_length=64, description="Commit: the policy of the dry run.")


class BatchPlanItem(Wire):
    """What a batch would do with one item."""

    id: str = Field(description="The approval.")
    version: int = Field(description="Its version; 0 where there is no such approval.")
    payload_sha256: str = Field(description="Its hash.")
    would: Open[BatchWould] = Field(description="`ok` or `refused`.")
    why: str | None = Field(default=None, description="Why, in a sentence or several, by semicolon.")
    kind: str = Field(default="", description="What it is.")
    to_email: str = Field(default="", description="To whom.")
    subject: str = Field(default="", description="Its subject.")
    risk: int = Field(default=0, description="Its score.")


class BatchPlan(Wire):
    """What a batch would do."""

    items: list[BatchPlanItem] = Field(description="Item by item.")
    selection_sha256: str = Field(description="The digest to hand back.")
    policy_version: str = Field(description="The policy that judged.")
    remaining: int = Field(default=0, description="How many more match the filter.")
    hold_seconds: int = Field(default=0, description="How long what is approved would be held, at least.")


class BatchResultItem(Wire):
    """What became of one item."""

    id: str = Field(description="The approval.")
    status: Open[BatchStatus] = Field(description="`done`, `refused` or `conflict`.")
    code: str | None = Field(default=None, description="Why not.")
    item: Approval | None = Field(default=None, description="The approval now, as in a list's rows.")


class BatchResult(Wire):
    """What a batch did, or what its undo did."""

    batch_id: str = Field(description="To undo it by.")
    items: list[BatchResultItem] = Field(description="In the order that was sent.")


class ResolveOutcome(StrEnum):
    """What a person found out about an interrupted delivery."""

    SENT = "sent"
    NOT_SENT = "not_sent"
    FAILED = "failed"


class ResolveBody(RequestBody):
    """Settles a delivery that is `unknown`."""

    outcome: ResolveOutcome = Field(strict=False, description="What happened.")
    note: str = Field(min_length=1, max_length=2000, description="How that is known.")
