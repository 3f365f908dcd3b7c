"""Policies at random."""

from __future__ import annotations

from hypothesis import strategies as st

from cc_api_client.models.outbox.approvals import ApprovalKind
from cc_api_client.models.outbox.policy import FlagCode, Policy

POLICIES = st.builds(
    Policy,
    version=st.just("v7"),
    safe_kinds=st.lists(st.sampled_from([str(kind) for kind in ApprovalKind]), unique=True),
    risk_below=st.integers(0, 100),
    cooldown_days=st.integers(0, 30),
    sequence_kinds=st.lists(st.sampled_from([str(kind) for kind in ApprovalKind]), unique=True),
    daily_cap=st.none() | st.integers(0, 500),
    agent_min_success=st.none() | st.floats(0, 1),
    deny_flags=st.lists(st.sampled_from([str(code) for code in FlagCode]), unique=True),
)
