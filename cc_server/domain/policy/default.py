"""The policy of an installation that names none: careful, and of use from the first day."""

from __future__ import annotations

import hashlib

from cc_api_client.models.outbox.approvals import ApprovalKind
from cc_api_client.models.outbox.policy import FlagCode, Policy

DEFAULT_POLICY = Policy(
    version="default-1",
    safe_kinds=[ApprovalKind.EMAIL.value, ApprovalKind.FOLLOW_UP.value],
    risk_below=25,
    cooldown_days=7,
    sequence_kinds=[ApprovalKind.FOLLOW_UP.value],
    daily_cap=200,
    agent_min_success=0.8,
    deny_flags=[
        FlagCode.SUPPRESSED.value, FlagCode.PLACEHOLDER.value, FlagCode.HIDDEN_TEXT.value, FlagCode.LINK_MISMATCH.value,
        FlagCode.EMPTY_BODY.value, FlagCode.UNDELIVERABLE.value,
    ],
)  # fmt: skip


def pin_of(policy: Policy) -> str:
    """The policy's version, with a mark of what it says: two that share a name and differ are two.

    This is what is stored with every judgement, and what a batch is pinned to (`policy_version`).
    """
    digest = hashlib.sha256(policy.model_dump_json().encode()).hexdigest()
    return f"{policy.version}+{digest[:8]}"
