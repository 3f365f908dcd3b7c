"""The judgement of one draft: its risk, the facts that a policy goes by, and what the policy in force says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from cc_api_client.models.outbox.approvals import Risk, Severity
from cc_api_client.models.outbox.risk_levels import HIGH_FROM
from cc_server.domain.base.unit import Unit
from cc_server.domain.judgement.surroundings import (
    Place,
    Surroundings,
    look_around,
    look_around_each,
    place_of,
)
from cc_server.domain.policy.default import pin_of
from cc_server.domain.policy.evaluation import Verdict, evaluate
from cc_server.domain.policy.facts import AgentState, Facts
from cc_server.domain.risk.draft import Draft
from cc_server.domain.risk.judging import is_deliverable, judge
from cc_server.domain.risk.money import names_an_amount

SAFE_FOR = timedelta(hours=6)
"""What is safe is looked at again after so long; at a batch's dry run and commit anyway."""
PASSING_FOR = timedelta(minutes=15)
"""What a passing thing keeps from being safe (an agent that is not well, a message that leaves)."""
Arrival = tuple[Unit, str, Mapping[Any, Any]]
"""A draft that comes: when and under which policy, its id, and its columns."""
_HEAVIER = {Severity.INFO.value: 0, Severity.WARN.value: 1, Severity.BLOCK.value: 2}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found out about a draft at one moment."""

    risk: Risk
    facts: Facts
    verdict: Verdict
    policy_pin: str
    judge_again_at: datetime | None

    @property
    def is_blocked(self) -> bool:
        """Whether one of its flags blocks."""
        return any(flag.severity == Severity.BLOCK for flag in self.risk.flags)

    def columns(self) -> dict[str, Any]:
        """As it is stored with the approval."""
        risk, verdict = self.risk, self.verdict
        return {
            "risk_score": risk.score,
            "risk_parts": [part.model_dump() for part in risk.parts],
            "risk_flags": [flag.model_dump(mode="json") for flag in risk.flags],
            "high_risk": risk.score >= HIGH_FROM or self.is_blocked,
            "deliverable": is_deliverable(risk),
            "facts": self.facts.as_json(),
            "verdict": verdict.word.value,
            "safe": verdict.is_safe,
            "safe_reasons": list(verdict.for_it) if verdict.is_safe else [],
            "unsafe_reasons": list(verdict.against),
            "policy_pin": self.policy_pin,
            "judge_again_at": self.judge_again_at,
        }


def judge_draft(
    conn: Connection, unit: Unit, approval_id: str, row: Mapping[Any, Any], *, is_exact: bool = False
) -> Judgement:
    """Judge a draft as it is now.

    Args:
        conn: the transaction.
        unit: when, and under which policy.
        approval_id: which; it is no twin of itself.
        row: its texts, client, agent and lead, as they are stored or will be.
        is_exact: count today's messages anew, because something is decided by it.
    """
    place = place_of(approval_id, row)
    return _judged(unit, place, row, look_around(conn, unit, place, is_exact=is_exact))


def judge_arrivals(conn: Connection, arrivals: Sequence[Arrival]) -> list[Judgement]:
    """Judge drafts that come one after the other, each as if those before it were stored already."""
    places = [(unit, place_of(approval_id, row)) for unit, approval_id, row in arrivals]
    each = zip(arrivals, places, look_around_each(conn, places), strict=True)
    return [_judged(unit, place, row, around) for (unit, _, row), (_, place), around in each]


def _judged(unit: Unit, place: Place, row: Mapping[Any, Any], around: Surroundings) -> Judgement:
    policy = unit.policy
    days = (unit.now - around.last_sent_at) / timedelta(days=1) if around.last_sent_at is not None else None
    is_excepted = place.kind in (*policy.sequence_kinds, "call_script")
    draft = Draft(
        kind=place.kind, to_email=place.to_email, to_name=row["to_name"], subject=row["subject"], body=row["body"],
        payload=row["payload"], has_twin=around.has_twin, is_suppressed=around.is_suppressed, is_known=around.is_known,
        days_since_last=days, cooldown_days=0 if is_excepted else policy.cooldown_days,
    )  # fmt: skip
    risk = judge(draft)
    facts = _facts(place, around, draft, risk)
    verdict = evaluate(facts, policy)
    pin = unit.settings.approvals.policy_version or pin_of(policy)
    return Judgement(risk, facts, verdict, pin, _look_again(unit, around, facts, verdict))


def _facts(place: Place, around: Surroundings, draft: Draft, risk: Risk) -> Facts:
    worst: dict[str, str] = {}
    for flag in risk.flags:
        known = worst.get(flag.code)
        if known is None or _HEAVIER[str(flag.severity)] > _HEAVIER[known]:
            worst[flag.code] = str(flag.severity)
    return Facts(
        kind=place.kind, risk_score=risk.score, flags=worst, is_suppressed=around.is_suppressed,
        was_written=around.last_sent_at is not None, days_since_last=draft.days_since_last,
        is_another_leaving=around.is_another_leaving, names_amount=names_an_amount(draft),
        agent_name=place.agent_name or None, agent_state=around.agent_state,
        agent_success_ratio=around.agent_success_ratio, sent_today=around.sent_today,
    )  # fmt: skip


def _look_again(unit: Unit, around: Surroundings, facts: Facts, verdict: Verdict) -> datetime | None:
    """When time alone may change the verdict; None where only a person, an edit or another policy can."""
    policy, moments = unit.policy, []
    if verdict.is_safe:
        return unit.now + SAFE_FOR
    if around.is_another_leaving or (facts.agent_state not in (AgentState.HEALTHY, None)):
        moments.append(unit.now + PASSING_FOR)
    cools_at = around.last_sent_at + timedelta(days=policy.cooldown_days) if around.last_sent_at is not None else None
    if cools_at is not None and cools_at > unit.now:
        moments.append(cools_at)
    if policy.daily_cap is not None and (facts.sent_today or 0) >= policy.daily_cap:
        moments.append(unit.next_midnight)
    return min(moments, default=None)
