"""What a policy says of facts: deny over ask over approve, a missing fact means ask, and it says why."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cc_api_client.models.outbox.approvals import ApprovalKind
from cc_api_client.models.outbox.policy import FlagCode, Policy, PolicyBody
from cc_server.domain.policy.default import DEFAULT_POLICY, pin_of
from cc_server.domain.policy.evaluation import Word, evaluate
from cc_server.domain.policy.facts import Facts
from tests.support.policies import POLICIES

FINE = Facts(
    kind="email", risk_score=10, flags={}, is_suppressed=False, was_written=True, days_since_last=30.0,
    is_another_leaving=False, names_amount=False, agent_name="email-draft", agent_state="healthy",
    agent_success_ratio=0.97, sent_today=3,
)  # fmt: skip
OPTIONAL = {"agent_name"}
"""Facts that only make a sentence better."""

FACTS = st.builds(
    Facts,
    kind=st.sampled_from([None, *(str(kind) for kind in ApprovalKind), "novel"]),
    risk_score=st.none() | st.integers(0, 100),
    flags=st.none() | st.dictionaries(st.sampled_from([str(code) for code in FlagCode]),
                                      st.sampled_from(["info", "warn", "block"]), max_size=3),
    is_suppressed=st.none() | st.booleans(),
    was_written=st.none() | st.booleans(),
    days_since_last=st.none() | st.floats(0, 400),
    is_another_leaving=st.none() | st.booleans(),
    names_amount=st.none() | st.booleans(),
    agent_name=st.none() | st.just("email-draft"),
    agent_state=st.sampled_from([None, "healthy", "paused", "error", "silent", "planned", "novel"]),
    agent_success_ratio=st.none() | st.floats(0, 1),
    sent_today=st.none() | st.integers(0, 1000),
)  # fmt: skip


def test_what_meets_every_condition_is_let_out_and_says_why() -> None:
    verdict = evaluate(FINE, DEFAULT_POLICY)
    assert verdict.word is Word.APPROVE
    assert verdict.for_it == ("last written 30 d ago", "risk 10, below 25", "email-draft succeeds in 97 %")
    assert verdict.against == ()


@pytest.mark.parametrize(
    ("changes", "word", "reason"),
    [
        ({"is_suppressed": True}, "deny", "the recipient is suppressed"),
        ({"flags": {"placeholder": "block"}}, "deny", "the policy denies placeholder"),
        ({"flags": {"homoglyph": "block"}}, "ask", "blocked by homoglyph"),
        ({"kind": "call_script"}, "ask", "the policy lets no call script out by itself"),
        ({"kind": "proposal"}, "ask", "a proposal always asks"),
        ({"kind": "contract_change"}, "ask", "a contract change always asks"),
        ({"risk_score": 25}, "ask", "risk 25, the policy lets out below 25"),
        ({"names_amount": True}, "ask", "it names an amount"),
        ({"days_since_last": 5.2}, "ask", "last written 5 d ago, the policy asks for 7 d"),
        ({"days_since_last": 6.9}, "ask", "last written 6 d ago, the policy asks for 7 d"),
        ({"days_since_last": 0.5}, "ask", "last written 12 h ago, the policy asks for 7 d"),
        ({"days_since_last": 0.01}, "ask", "last written 14 min ago, the policy asks for 7 d"),
        ({"days_since_last": 0.0}, "ask", "last written 1 min ago, the policy asks for 7 d"),
        ({"is_another_leaving": True}, "ask", "another message to them has not left yet"),
        ({"agent_state": "error"}, "ask", "email-draft is in error"),
        ({"agent_state": "silent"}, "ask", "email-draft has not been heard of lately"),
        ({"agent_state": "paused"}, "ask", "email-draft is paused"),
        ({"agent_success_ratio": 0.5}, "ask", "email-draft succeeds in 50 %, the policy asks for 80 %"),
        ({"sent_today": 200}, "ask", "200 were sent today, the policy's cap is 200"),
    ],
)
def test_each_condition_that_fails_says_so(changes: dict[str, object], word: str, reason: str) -> None:
    verdict = evaluate(replace(FINE, **changes), DEFAULT_POLICY)  # type: ignore[arg-type]
    assert (verdict.word, verdict.against[0]) == (word, reason)
    assert not verdict.is_safe


def test_a_step_of_a_sequence_is_excepted_from_the_cooldown() -> None:
    verdict = evaluate(replace(FINE, kind="follow_up", days_since_last=0.1), DEFAULT_POLICY)
    assert (verdict.word, verdict.for_it[0]) == ("approve", "follow-up, excepted from the cooldown")


def test_nobody_was_written_to_yet() -> None:
    verdict = evaluate(replace(FINE, was_written=False, days_since_last=None), DEFAULT_POLICY)
    assert (verdict.word, verdict.for_it[0]) == ("approve", "first message to them")


@pytest.mark.parametrize("name", [one.name for one in fields(Facts) if one.name not in OPTIONAL])
def test_a_fact_that_is_missing_means_ask(name: str) -> None:
    verdict = evaluate(replace(FINE, **{name: None}), DEFAULT_POLICY)
    assert verdict.word is Word.ASK
    assert any("not known" in reason for reason in verdict.against)


def test_what_a_policy_does_not_ask_for_may_be_unknown() -> None:
    lenient = DEFAULT_POLICY.model_copy(update={"daily_cap": None, "agent_min_success": None})
    assert evaluate(replace(FINE, sent_today=None, agent_success_ratio=None), lenient).is_safe


def test_no_facts_at_all_mean_ask() -> None:
    assert evaluate(Facts(), DEFAULT_POLICY).word is Word.ASK


@given(FACTS, POLICIES)
def test_the_safe_meet_every_condition(facts: Facts, policy: Policy) -> None:
    verdict = evaluate(facts, policy)
    assert verdict.is_safe == (not verdict.against)
    if verdict.is_safe:
        assert facts.kind in policy.safe_kinds
        assert facts.kind not in ("proposal", "contract_change")
        assert facts.risk_score is not None
        assert facts.risk_score < policy.risk_below
        assert facts.flags is not None
        assert "block" not in facts.flags.values()
        assert not set(facts.flags) & set(policy.deny_flags)
        assert (facts.is_suppressed, facts.names_amount, facts.agent_state) == (False, False, "healthy")
        assert policy.daily_cap is None or (facts.sent_today or 0) < policy.daily_cap


@given(FACTS, POLICIES)
def test_deny_beats_ask_beats_approve(facts: Facts, policy: Policy) -> None:
    denied = facts.is_suppressed is True or bool(facts.flags and set(facts.flags) & set(policy.deny_flags))
    assert (evaluate(facts, policy).word is Word.DENY) == denied


@given(FACTS, POLICIES)
def test_facts_that_were_stored_are_judged_as_those_that_were_found(facts: Facts, policy: Policy) -> None:
    assert evaluate(Facts.of_json(facts.as_json()), policy) == evaluate(facts, policy)


def test_facts_of_another_version_are_read_as_far_as_they_are_known() -> None:
    assert Facts.of_json({"kind": "email", "moon_phase": "full"}) == Facts(kind="email")


def test_two_policies_of_one_name_are_two() -> None:
    other = DEFAULT_POLICY.model_copy(update={"risk_below": 30})
    assert pin_of(other) != pin_of(DEFAULT_POLICY)
    assert pin_of(other).startswith("default-1+")


@pytest.mark.parametrize(
    "written",
    [
        '{"version": "v1", "safe_kinds": ["proposal"]}', '{"version": "v1", "safe_kinds": ["letter"]}',
        '{"version": "v1", "deny_flags": ["placeholders"]}', '{"version": "v1", "risk_below": "25"}',
        '{"version": "v1", "risk_below": 101}', '{"version": ""}', '{"version": "two words"}', "{}",
        '{"version": "v1", "risk_bellow": 20}', '{"version": "v1", "daily_cap": -1}',
        '{"version": "v1", "agent_min_success": 80}',
    ],
)  # fmt: skip
def test_a_policy_that_means_nothing_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        PolicyBody.model_validate_json(written)
