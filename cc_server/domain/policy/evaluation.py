"""What a policy says of facts: approve, ask or deny, and why. Pure; deny beats ask, ask beats approve.

Each rule looks at one thing and says one sentence about it. A fact that is not known means ask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from cc_api_client.models.outbox.approvals import Severity
from cc_api_client.models.outbox.policy import NEVER_SAFE, Policy
from cc_server.domain.policy.facts import AgentState, Facts


class Word(StrEnum):
    """What a policy says."""

    APPROVE = "approve"
    ASK = "ask"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says; an empty reason where there is nothing to tell."""

    word: Word
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policy says, and the sentences for and against."""

    word: Word
    for_it: tuple[str, ...]
    against: tuple[str, ...]

    @property
    def is_safe(self) -> bool:
        """Whether it may leave without a person."""
        return self.word is Word.APPROVE


Rule = Callable[[Facts, Policy], Finding]
_WEIGHT = {Word.APPROVE: 0, Word.ASK: 1, Word.DENY: 2}
_FINE = Finding(Word.APPROVE)


def evaluate(facts: Facts, policy: Policy) -> Verdict:
    """What `policy` says of `facts`; the worst reason first."""
    findings = sorted((rule(facts, policy) for rule in RULES), key=lambda one: -_WEIGHT[one.word])
    return Verdict(
        word=findings[0].word,
        for_it=tuple(one.reason for one in findings if one.word is Word.APPROVE and one.reason),
        against=tuple(one.reason for one in findings if one.word is not Word.APPROVE),
    )


def suppression(facts: Facts, _policy: Policy) -> Finding:
    """Nobody who must not be written to."""
    if facts.is_suppressed is None:
        return Finding(Word.ASK, "whether the recipient is suppressed is not known")
    return Finding(Word.DENY, "the recipient is suppressed") if facts.is_suppressed else _FINE


def flags(facts: Facts, policy: Policy) -> Finding:
    """No flag that the policy denies, none that blocks."""
    if facts.flags is None:
        return Finding(Word.ASK, "its flags are not known")
    if denied := [code for code in facts.flags if code in policy.deny_flags]:
        return Finding(Word.DENY, f"the policy denies {_listed(denied)}")
    blocking = [code for code, severity in facts.flags.items() if severity == Severity.BLOCK]
    return Finding(Word.ASK, f"blocked by {_listed(blocking)}") if blocking else _FINE


def cooldown(facts: Facts, policy: Policy) -> Finding:
    """Not too soon after the last message to the same recipient."""
    if facts.was_written is None or facts.kind is None:
        return Finding(Word.ASK, "when the recipient was last written to is not known")
    if not facts.was_written:
        return Finding(Word.APPROVE, "first message to them")
    if facts.kind in policy.sequence_kinds:
        return Finding(Word.APPROVE, f"{_named(facts.kind)}, excepted from the cooldown")
    if facts.days_since_last is None:
        return Finding(Word.ASK, "when the recipient was last written to is not known")
    ago = _ago(facts.days_since_last)
    if facts.days_since_last < policy.cooldown_days:
        return Finding(Word.ASK, f"last written {ago} ago, the policy asks for {policy.cooldown_days} d")
    return Finding(Word.APPROVE, f"last written {ago} ago")


def one_at_a_time(facts: Facts, _policy: Policy) -> Finding:
    """No second message to somebody to whom one is just leaving."""
    if facts.is_another_leaving is None:
        return Finding(Word.ASK, "whether another message is leaving to them is not known")
    return Finding(Word.ASK, "another message to them has not left yet") if facts.is_another_leaving else _FINE


def kind(facts: Facts, policy: Policy) -> Finding:
    """Only kinds that the policy names; proposals and contract changes never."""
    if facts.kind is None:
        return Finding(Word.ASK, "its kind is not known")
    if facts.kind in NEVER_SAFE:
        return Finding(Word.ASK, f"a {_named(facts.kind)} always asks")
    if facts.kind not in policy.safe_kinds:
        return Finding(Word.ASK, f"the policy lets no {_named(facts.kind)} out by itself")
    return _FINE


def amount(facts: Facts, _policy: Policy) -> Finding:
    """Nothing that commits to money."""
    if facts.names_amount is None:
        return Finding(Word.ASK, "whether it names an amount is not known")
    return Finding(Word.ASK, "it names an amount") if facts.names_amount else _FINE


def risk(facts: Facts, policy: Policy) -> Finding:
    """Only below the policy's score."""
    if facts.risk_score is None:
        return Finding(Word.ASK, "its risk is not known")
    if facts.risk_score >= policy.risk_below:
        return Finding(Word.ASK, f"risk {facts.risk_score}, the policy lets out below {policy.risk_below}")
    return Finding(Word.APPROVE, f"risk {facts.risk_score}, below {policy.risk_below}")


def agent(facts: Facts, _policy: Policy) -> Finding:
    """Only by an agent that is well."""
    name = facts.agent_name or "its agent"
    match facts.agent_state:
        case AgentState.HEALTHY:
            return _FINE
        case None:
            return Finding(Word.ASK, f"how {name} is, is not known")
        case AgentState.SILENT:
            return Finding(Word.ASK, f"{name} has not been heard of lately")
        case AgentState.IN_ERROR:
            return Finding(Word.ASK, f"{name} is in error")
        case state:
            return Finding(Word.ASK, f"{name} is {state}")


def success(facts: Facts, policy: Policy) -> Finding:
    """Only by an agent that succeeds often enough."""
    if policy.agent_min_success is None:
        return _FINE
    name, least = facts.agent_name or "its agent", policy.agent_min_success
    if facts.agent_success_ratio is None:
        return Finding(Word.ASK, f"how often {name} succeeds is not known yet")
    if facts.agent_success_ratio < least:
        return Finding(
            Word.ASK, f"{name} succeeds in {_share(facts.agent_success_ratio)}, the policy asks for {_share(least)}"
        )
    return Finding(Word.APPROVE, f"{name} succeeds in {_share(facts.agent_success_ratio)}")


def _share(part: float) -> str:
    """A share in words, as the screens write it: `97 %`."""
    return f"{part * 100:.0f} %"


def cap(facts: Facts, policy: Policy) -> Finding:
    """Not past the day's cap."""
    if policy.daily_cap is None:
        return _FINE
    if facts.sent_today is None:
        return Finding(Word.ASK, "how many were sent today is not known")
    if facts.sent_today >= policy.daily_cap:
        return Finding(Word.ASK, f"{facts.sent_today} were sent today, the policy's cap is {policy.daily_cap}")
    return _FINE


RULES: tuple[Rule, ...] = (
    suppression, flags, cooldown, one_at_a_time, kind, amount, risk, agent, success, cap,
)  # fmt: skip
"""In the order in which their reasons are told."""


def _named(word: str) -> str:
    return word.replace("_", " ").replace("follow up", "follow-up")


def _listed(codes: list[str]) -> str:
    return ", ".join(code.replace("_", " ") for code in codes)


def _ago(days: float) -> str:
    """How long ago, in its greatest whole unit, as the screens write ages: `3 d`, `5 h`, `12 min`."""
    minutes = int(days * 1_440)
    if minutes >= 1_440:
        return f"{minutes // 1_440} d"
    return f"{minutes // 60} h" if minutes >= 60 else f"{max(1, minutes)} min"
