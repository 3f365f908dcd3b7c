"""What may leave without a person: the policy, the flags that it can name, and what it would have done (contract, 5).

`Policy` is read from a server, unknown words and all. `PolicyBody` is what a person writes, in the settings or in a
TOML file: there every word has to be known, because a misspelt flag would forbid nothing.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import ConfigDict, Field, field_validator

from cc_api_client.models.base import Ratio, RequestBody, UtcTime, Wire
from cc_api_client.models.outbox.approvals import Approval, ApprovalKind

NEVER_SAFE = frozenset({ApprovalKind.PROPOSAL.value, ApprovalKind.CONTRACT_CHANGE.value})
"""Kinds that always ask a person: they commit to money or change a contract."""


class FlagCode(StrEnum):
    """What can be found about a draft."""

    SUPPRESSED = "suppressed"
    COOLDOWN = "cooldown"
    PLACEHOLDER = "placeholder"
    NAME_MISMATCH = "name_mismatch"
    HOMOGLYPH = "homoglyph"
    HIDDEN_TEXT = "hidden_text"
    LINK_MISMATCH = "link_mismatch"
    TOO_LONG = "too_long"
    EMPTY_BODY = "empty_body"
    AMOUNT_HIGH = "amount_high"
    DUPLICATE = "duplicate"
    MODEL_ARTIFACT = "model_artifact"
    UNKNOWN_RECIPIENT = "unknown_recipient"
    UNDELIVERABLE = "undeliverable"


class Policy(Wire):
    """What is safe to send without a person."""

    version: str = Field(
        min_length=1, max_length=40, pattern=r"^[A-Za-z0-9._-]+$", description="Its name; give each change a new one."
    )
    safe_kinds: list[str] = Field(
        default_factory=list, max_length=10, description="Kinds that may be safe; proposals and contracts never are."
    )
    risk_below: int = Field(default=0, ge=0, le=100, description="Safe only below this score; 0: nothing is.")
    cooldown_days: int = Field(default=7, ge=0, le=365, description="Days between two messages to one recipient.")
    sequence_kinds: list[str] = Field(
        default_factory=list, max_length=10, description="Kinds that may come within the cooldown: steps of a sequence."
    )
    daily_cap: int | None = Field(
        default=None, ge=0, le=1_000_000, description="Once so many were sent this UTC day, it asks; null: no cap."
    )
    agent_min_success: Ratio | None = Field(
        default=None, description="Share of the agent's runs of 7 days that must have succeeded; null: any."
    )
    hold_seconds: int | None = Field(
        default=None, ge=0, le=86_400, description="How long a batch is held; null: as the installation says."
    )
    deny_flags: list[str] = Field(
        default_factory=list, max_length=50, description="Flags with which it is denied rather than asked about."
    )


class PolicyBody(Policy):
    """A policy as a person writes it: nothing is coerced, every word is known."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @field_validator("safe_kinds")
    @classmethod
    def _may_be_safe(cls, kinds: list[str]) -> list[str]:
        return _known(kinds, [kind for kind in ApprovalKind if kind.value not in NEVER_SAFE])

    @field_validator("sequence_kinds")
    @classmethod
    def _are_kinds(cls, kinds: list[str]) -> list[str]:
        return _known(kinds, list(ApprovalKind))

    @field_validator("deny_flags")
    @classmethod
    def _are_flags(cls, flags: list[str]) -> list[str]:
        return _known(flags, list(FlagCode))


def _known(words: list[str], allowed: list[ApprovalKind] | list[FlagCode]) -> list[str]:
    """The words, when each of them means something.

    Raises:
        ValueError: one does not.
    """
    names = [str(word) for word in allowed]
    for word in words:
        if word not in names:
            raise ValueError(f"{word[:40]!r} is none of {', '.join(names)}")
    return words


class BacktestBody(RequestBody):
    """Which policy to try on which decided approvals."""

    policy: PolicyBody = Field(description="The policy to try; it is not put in force.")
    from_: UtcTime | None = Field(
        default=None, alias="from", strict=False, description="Decided from this moment on; null: 30 days before `to`."
    )
    to: UtcTime | None = Field(default=None, strict=False, description="Decided before this moment; null: now.")
    limit: int = Field(default=5_000, ge=1, le=20_000, description="The newest so many at most.")


class BacktestResult(Wire):
    """What a policy would have done with what people decided."""

    approve: int = Field(description="Would have let out.")
    ask: int = Field(description="Would have asked a person.")
    deny: int = Field(description="Would have denied.")
    agreement_ratio: Ratio | None = Field(
        description="1 − (let out what people stopped or changed + denied what they approved) / all; null without any."
    )
    regretted: list[Approval] = Field(
        default_factory=list, description="Would have let out, and people rejected or edited it; the newest 500."
    )
