"""The dry run of a batch: item by item what would be done, and a digest that the commit hands back.

Nothing is written. Each draft is judged as it is now; what a batch must never do is refused here and again at commit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import rfc8785
from sqlalchemy import Connection, bindparam, func, select

from cc_api_client.models.outbox.approvals import ReasonCode, Severity
from cc_api_client.models.outbox.batches import MOST_ITEMS, BatchAction, BatchItem, BatchPlan, BatchPlanItem, BatchWould
from cc_api_client.models.outbox.delivery_states import MAY_LEAVE, DeliveryState
from cc_api_client.models.outbox.policy import NEVER_SAFE
from cc_server.db.tables import approvals
from cc_server.domain.base.actors import Actor, narrowed
from cc_server.domain.base.unit import Unit
from cc_server.domain.judgement.judging import Judgement, judge_draft
from cc_server.domain.outbox import listing
from cc_server.domain.outbox.decisions import CHANNELS
from cc_server.domain.outbox.lapses import is_overdue
from cc_server.domain.outbox.listing import Selection
from cc_server.domain.outbox.rows import Row, selected
from cc_server.domain.policy.default import pin_of

_MAIL_LEAVING = (
    select(approvals.c.delivery_state)
    .where(
        approvals.c.client_id == bindparam("client"), approvals.c.recipient == bindparam("address"),
        approvals.c.id != bindparam("itself"), approvals.c.kind.not_in(tuple(CHANNELS)),
        approvals.c.delivery_state.in_(MAY_LEAVE),
    )
    .distinct()
)  # fmt: skip
_SECOND = "another of this batch goes to them"
_COOLS = "after it this one would come back"
_MAY_BE_THERE = "another mail may have reached them, and this one would wait until somebody found out"
NOT_THERE = "there is no such approval, or this key may not see it"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a dry run is asked for: these ids, or the first of a list."""

    action: BatchAction
    reason_code: ReasonCode | None = None
    ids: Sequence[str] | None = None
    selection: Selection | None = None


@dataclass(frozen=True, slots=True)
class Would:
    """Whether an item would be done; `why` says why not, or why it is safe."""

    is_ok: bool
    why: str | None
    judgement: Judgement | None = None


def plan(conn: Connection, unit: Unit, asked: Asked) -> BatchPlan:
    """What a batch would do."""
    rows = _rows(conn, unit.actor, asked)
    items = _one_after_another(unit, asked.action, [(row, would(conn, unit, asked.action, row)) for row in rows])
    known = {row["id"] for row in rows}
    items += [_missing(one) for one in dict.fromkeys(asked.ids or ()) if one not in known]
    pin = pin_of(unit.policy)
    total = _total(conn, unit.actor, asked.selection) if asked.selection is not None else len(rows)
    return BatchPlan(
        items=items,
        selection_sha256=digest(asked.action, asked.reason_code, pin, [one for one in items if _is_ok(one)]),
        policy_version=pin,
        remaining=max(0, total - len(rows)),
        hold_seconds=int(hold_of(unit).total_seconds()),
    )


def would(conn: Connection, unit: Unit, action: BatchAction, row: Row) -> Would:
    """What a batch would do with a stored approval, as it is now."""
    if row["status"] != "pending":
        return Would(False, f"it is {row['status']}" + (f" by {row['decided_by']}" if row["decided_by"] else ""))
    if is_overdue(unit, row):
        return Would(False, "it has expired")
    if action is BatchAction.REJECT:
        return Would(True, None)
    if unit.settings.approvals.four_eyes and row["edited_by"] == unit.actor.name:
        return Would(False, "you edited it, somebody else has to approve it")
    judgement = judge_draft(conn, unit, row["id"], row, is_exact=True)
    if against := _against(conn, unit, action, row, judgement):
        return Would(False, "; ".join(against), judgement)
    return Would(True, "; ".join(judgement.verdict.for_it) if action is BatchAction.APPROVE_SAFE else None, judgement)


def _against(conn: Connection, unit: Unit, action: BatchAction, row: Row, judgement: Judgement) -> list[str]:
    """What keeps a draft from being approved among many."""
    blocking = dict.fromkeys(flag.code for flag in judgement.risk.flags if flag.severity == Severity.BLOCK)
    if blocking:
        return [f"a flag blocks it: {', '.join(code.replace('_', ' ') for code in blocking)}"]
    if row["kind"] in NEVER_SAFE or judgement.facts.names_amount:
        return ["what commits to money or changes a contract is approved one by one"]
    if action is BatchAction.APPROVE_SAFE or judgement.verdict.word == "deny":
        return list(judgement.verdict.against)
    if not _would_come_back(unit, judgement):
        return []
    leaving = _mails_leaving(conn, row, judgement)
    if DeliveryState.UNKNOWN in leaving:
        return [_MAY_BE_THERE]
    return [f"another mail to them is on its way, and {_COOLS}"] if leaving else []


def _would_come_back(unit: Unit, judgement: Judgement) -> bool:
    """Whether a mail would be blocked in the moment of sending once another one went to its recipient before it.

    As sending judges it: not a step of a sequence, and not what a person lets out in the middle of a cooldown.
    """
    facts, policy = judgement.facts, unit.policy
    if not policy.cooldown_days or facts.kind in (*policy.sequence_kinds, *CHANNELS):
        return False
    return facts.days_since_last is None or facts.days_since_last >= policy.cooldown_days


def _mails_leaving(conn: Connection, row: Row, judgement: Judgement) -> set[str]:
    """How mails to the same recipient stand that were approved and have not left yet, or may have."""
    if not judgement.facts.is_another_leaving:
        return set()
    person = {"client": row["client_id"], "address": row["recipient"], "itself": row["id"]}
    return set(conn.scalars(_MAIL_LEAVING, person))


def hold_of(unit: Unit) -> timedelta:
    """How long what a batch lets out is held, at least."""
    told = unit.policy.hold_seconds
    return timedelta(seconds=unit.settings.approvals.batch_hold_seconds if told is None else told)


def digest(
    action: BatchAction, reason_code: ReasonCode | None, policy_version: str, items: Iterable[BatchPlanItem | BatchItem]
) -> str:
    """SHA-256 of the RFC 8785 form of what would be done, by whose policy (contract, section 5)."""
    ordered = sorted(items, key=lambda one: one.id)
    document: dict[str, Any] = {
        "action": action.value,
        "reason_code": reason_code.value if reason_code is not None else None,
        "policy_version": policy_version,
        "items": [{"id": one.id, "version": one.version, "payload_sha256": one.payload_sha256} for one in ordered],
    }
    return hashlib.sha256(rfc8785.dumps(document)).hexdigest()


def _rows(conn: Connection, actor: Actor, asked: Asked) -> list[Row]:
    if asked.selection is not None:
        return list(conn.execute(listing.first_of(actor, asked.selection, MOST_ITEMS)).mappings())
    ids = list(dict.fromkeys(asked.ids or ()))
    query = narrowed(selected(), approvals.c.client_id, actor.visible).where(approvals.c.id.in_(ids))
    found = {row["id"]: row for row in conn.execute(query).mappings()}
    return [found[one] for one in ids if one in found]


def _total(conn: Connection, actor: Actor, selection: Selection) -> int:
    matching = listing.matching(select(func.count()).select_from(approvals), actor, selection.filter)
    return int(conn.execute(matching).scalar_one())


def _one_after_another(unit: Unit, action: BatchAction, judged: Sequence[tuple[Row, Would]]) -> list[BatchPlanItem]:
    """What alone would be done is not beside its like: the commit goes from first to last, and so is it told here."""
    items: list[BatchPlanItem] = []
    leaving: set[tuple[str, str]] = set()
    let_out = 0
    for row, alone in judged:
        person = row["client_id"], row["recipient"]
        among = _beside(unit, action, alone, is_second=person in leaving, let_out=let_out)
        if among.is_ok and (action is BatchAction.APPROVE_SAFE or row["kind"] not in CHANNELS):
            leaving.add(person)
        let_out += among.is_ok
        items.append(_item(row, among))
    return items


def _beside(unit: Unit, action: BatchAction, alone: Would, *, is_second: bool, let_out: int) -> Would:
    """What an item would be beside those of this batch that leave before it."""
    if not alone.is_ok or alone.judgement is None:
        return alone
    if action is BatchAction.APPROVE:
        comes_back = is_second and _would_come_back(unit, alone.judgement)
        return Would(False, f"{_SECOND}, and {_COOLS}", alone.judgement) if comes_back else alone
    cap = unit.policy.daily_cap
    if is_second:
        return Would(False, _SECOND, alone.judgement)
    if cap is not None and (alone.judgement.facts.sent_today or 0) + let_out >= cap:
        return Would(False, f"it would pass the policy's cap of {cap} a day", alone.judgement)
    return alone


def _item(row: Row, found: Would) -> BatchPlanItem:
    return BatchPlanItem(
        id=row["id"], version=row["version"], payload_sha256=row["payload_sha256"], why=found.why,
        would=BatchWould.OK if found.is_ok else BatchWould.REFUSED, kind=row["kind"], to_email=row["to_email"],
        subject=row["subject"], risk=found.judgement.risk.score if found.judgement is not None else row["risk_score"],
    )  # fmt: skip


def _missing(approval_id: str) -> BatchPlanItem:
    return BatchPlanItem(id=approval_id, version=0, payload_sha256="", would=BatchWould.REFUSED, why=NOT_THERE)


def _is_ok(item: BatchPlanItem) -> bool:
    return item.would == BatchWould.OK
