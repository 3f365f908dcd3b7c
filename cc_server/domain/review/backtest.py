"""What a policy would have done with what people decided, by the facts that were recorded with the agents' drafts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select

from cc_api_client.models.outbox.policy import BacktestResult, Policy
from cc_server.db.tables import IS_DECIDED, approvals
from cc_server.domain.base.actors import narrowed
from cc_server.domain.base.unit import Unit
from cc_server.domain.outbox.rows import model_of, selected
from cc_server.domain.policy.evaluation import Word, evaluate
from cc_server.domain.policy.facts import Facts

USUAL_DAYS = 30
REGRETTED_MOST = 500
_DECIDED = (
    select(
        approvals.c.id, approvals.c.status, approvals.c.edited_by, approvals.c.facts, approvals.c.drafted_facts
    )
    .where(
        IS_DECIDED,
        approvals.c.status.in_(("approved", "rejected")),
        approvals.c.decision_order >= bindparam("since"),
        approvals.c.decision_order < bindparam("until"),
    )
    .order_by(approvals.c.decision_order.desc(), approvals.c.id.desc())
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Period:
    """Which decisions: those from `since` on and before `until`, the newest `most`; None: a month, until now."""

    since: datetime | None = None
    until: datetime | None = None
    most: int = 5_000


def run(conn: Connection, unit: Unit, policy: Policy, period: Period) -> BacktestResult:
    """Evaluate `policy` on each decided draft, as its agent handed it in."""
    until = period.until or unit.now + timedelta(microseconds=1)
    since = period.since or until - timedelta(days=USUAL_DAYS)
    query = narrowed(_DECIDED, approvals.c.client_id, unit.actor.visible).limit(period.most)
    words: Counter[Word] = Counter()
    regretted: list[str] = []
    denied_and_approved = 0
    for row in conn.execute(query, {"since": since, "until": until}):
        word = evaluate(Facts.of_json(row.drafted_facts or row.facts), policy).word
        words[word] += 1
        if word is Word.APPROVE and (row.status == "rejected" or row.edited_by is not None):
            regretted.append(row.id)
        denied_and_approved += word is Word.DENY and row.status == "approved"
    count = sum(words.values())
    told = conn.execute(selected(whole=False).where(approvals.c.id.in_(regretted[:REGRETTED_MOST]))).mappings()
    models = {row["id"]: model_of(row, whole=False) for row in told}
    return BacktestResult(
        approve=words[Word.APPROVE],
        ask=words[Word.ASK],
        deny=words[Word.DENY],
        agreement_ratio=1 - (len(regretted) + denied_and_approved) / count if count else None,
        regretted=[models[one] for one in regretted[:REGRETTED_MOST]],
    )
