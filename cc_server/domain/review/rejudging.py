"""Judges again what waits: under another policy than the one that judged it, or when its time has come.

A few at a time, each slice a transaction of its own, so that a changed policy and 100,000 drafts hold up nobody. Until
its turn comes a draft tells the older judgement; batches judge anew by themselves.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, bindparam, or_

from cc_api_client.models.events import EventType
from cc_server.db.portable.changing import Changing
from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import IS_PENDING, approvals
from cc_server.domain.base.unit import Unit
from cc_server.domain.judgement.judging import judge_draft
from cc_server.domain.outbox.rows import Row, announce, find, selected
from cc_server.domain.policy.default import pin_of

SLICE = 25
"""About 25 ms of the one writer."""
_SHOWN_RISK = ("risk_score", "risk_parts", "risk_flags")
_TOLD = (*_SHOWN_RISK, "safe", "safe_reasons", "unsafe_reasons")


def _first(is_due: ColumnElement[bool], by: Column[Any]) -> Prepared:
    """The first of what is due."""
    due = selected().where(is_due, IS_PENDING).order_by(by, approvals.c.id).limit(SLICE)
    return Prepared(due.with_for_update(of=approvals, skip_locked=True))


_OTHER_POLICY = _first(
    or_(approvals.c.policy_pin < bindparam("pin"), approvals.c.policy_pin > bindparam("pin")), approvals.c.policy_pin
)
_ITS_TIME = _first(approvals.c.judge_again_at <= bindparam("now"), approvals.c.judge_again_at)
_JUDGING = Changing(
    approvals,
    approvals.c.id == bindparam("wanted"),
    IS_PENDING,
    approvals.c.version == bindparam("from_version"),
    always={},
)


def rejudge_some(conn: Connection, unit: Unit) -> int:
    """Judge a slice of what waits again; returns how many were due, `SLICE` when there may be more."""
    due = _OTHER_POLICY.mappings(conn, {"pin": pin_of(unit.policy)})
    if not due:
        due = _ITS_TIME.mappings(conn, {"now": unit.now})
    for row in due:
        _rejudge(conn, unit, row)
    return len(due)


def _rejudge(conn: Connection, unit: Unit, row: Row) -> None:
    """Write a new judgement; the version grows only where what a person looks at is another: the risk."""
    found: dict[str, Any] = judge_draft(conn, unit, row["id"], row).columns()
    is_other_risk = any(found[name] != row[name] for name in _SHOWN_RISK)
    place = {"wanted": row["id"], "from_version": row["version"]}
    version = row["version"] + (1 if is_other_risk else 0)
    if not _JUDGING.succeeds(conn, {**found, "version": version}, place):
        return
    if any(found[name] != row[name] for name in _TOLD):
        announce(conn, unit, row, find(conn, unit.actor, row["id"]), EventType.APPROVAL_UPDATED)
