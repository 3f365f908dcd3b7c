"""A person decides: approve, reject, undo. Each is one compare-and-set; who comes second is told who was first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

from sqlalchemy import Connection, bindparam

from cc_api_client.models.base import ActionAnswer
from cc_api_client.models.events import EventType
from cc_api_client.models.outbox.approvals import Approval, Channel
from cc_api_client.models.outbox.delivery_states import WAITING
from cc_server.db.portable.changing import Changing
from cc_server.db.tables import approvals
from cc_server.domain.base import audit
from cc_server.domain.base.refusals import DomainRefusal, already_decided, version_conflict
from cc_server.domain.base.unit import Unit
from cc_server.domain.outbox import deliveries
from cc_server.domain.outbox.lapses import expire_one, is_overdue
from cc_server.domain.outbox.rows import PREFIX, Row, find, find_to_change, model_of, tell

RETURNED_HOURS = 24
_Answer = ActionAnswer[Approval]
CHANNELS = {"call_script": Channel.TASK, "contract_change": Channel.CONTRACT}
"""By which way a kind leaves; as mail where it is not named."""
_FINAL = {"expired": "it expired before anybody decided", "cancelled": "it was cancelled"}

_DECIDING = Changing(
    approvals,
    approvals.c.id == bindparam("wanted"),
    approvals.c.status == bindparam("from_status"),
    approvals.c.version == bindparam("from_version"),
    always={"version": approvals.c.version + 1},
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the decider looked at; None where a caller does not say."""

    version: int | None = None
    payload_sha256: str | None = None

    @property
    def is_unpinned(self) -> bool:
        """Whether it names neither a version nor a hash."""
        return self.version is None and self.payload_sha256 is None

    def fits(self, row: Row) -> bool:
        """Whether the stored approval is what was looked at."""
        return self.version in (None, row["version"]) and self.payload_sha256 in (None, row["payload_sha256"])


def approve(
    conn: Connection, unit: Unit, approval_id: str, seen: Seen, note: str | None, *, hold: timedelta = timedelta()
) -> ActionAnswer[Approval]:
    """Let it out: its delivery is held as its risk asks for, and at least for `hold`; then it leaves.

    Raises:
        DomainRefusal: `already_decided`, `expired`, `cancelled`, `version_conflict`, `not_deliverable`,
            `self_approval` (four eyes are asked for, and it is the editor who approves).
    """
    row = find_to_change(conn, unit.actor, approval_id)
    if (same := _decided_before(unit, row, "approved", seen)) is not None:
        return same
    _require_open(conn, unit, row, seen, "approval.approve_refused")
    if not row["deliverable"]:
        detail = "its subject, name or address can't stand in a mail's header; edit or reject it"
        raise _refused(unit, row, "approval.approve_refused", DomainRefusal("not_deliverable", detail, model_of(row)))
    if unit.settings.approvals.four_eyes and row["edited_by"] == unit.actor.name:
        detail = f"{unit.actor.name} edited it, and four eyes are asked for; somebody else has to approve it"
        raise _refused(unit, row, "approval.approve_refused", DomainRefusal("self_approval", detail, model_of(row)))
    not_before = unit.now + max(hold, deliveries.hold_for(unit.settings, row["risk_score"]))
    channel = CHANNELS.get(row["kind"], Channel.EMAIL)
    held = deliveries.hold(conn, unit, row, channel, not_before)
    changes = _decision(unit, "approved") | {
        "undo_until": not_before, "delivery_id": held["id"], "delivery_state": held["state"],
    }  # fmt: skip
    return _done(conn, unit, row, changes, EventType.APPROVAL_DECIDED, "approval.approve", note, seen, held)


def reject(
    conn: Connection, unit: Unit, approval_id: str, seen: Seen, reason_code: str, reason: str | None
) -> ActionAnswer[Approval]:
    """Stop it, with a reason.

    Raises:
        DomainRefusal: `already_decided`, `expired`, `cancelled`, `version_conflict`.
    """
    row = find_to_change(conn, unit.actor, approval_id)
    if (same := _decided_before(unit, row, "rejected", seen)) is not None:
        return same
    _require_open(conn, unit, row, seen, "approval.reject_refused")
    until = unit.now + timedelta(seconds=unit.settings.approvals.reject_undo_seconds)
    changes = _decision(unit, "rejected") | {"reason_code": reason_code, "reason": reason, "undo_until": until}
    words = reason or reason_code
    return _done(conn, unit, row, changes, EventType.APPROVAL_DECIDED, "approval.reject", words, seen)


def undo(conn: Connection, unit: Unit, approval_id: str, seen: Seen) -> ActionAnswer[Approval]:
    """Take a decision back, while nothing has left.

    Raises:
        DomainRefusal: `expired`, `cancelled`, `undo_window_closed`, `version_conflict`.
    """
    row = find_to_change(conn, unit.actor, approval_id)
    if row["status"] == "pending":
        return _Answer(status="pending", changed=False, item=model_of(row))
    if row["status"] in _FINAL:
        raise DomainRefusal(row["status"], f"{_FINAL[row['status']]}; there is no decision to undo", model_of(row))
    if not _may_be_undone(unit, row):
        raise _too_late(unit, row)
    if not seen.fits(row):
        raise _refused(unit, row, "approval.undo_refused", version_conflict(model_of(row)))
    changes: dict[str, Any] = back_to_pending(unit, row, "undone", [])
    recalled = deliveries.recall(conn, row) if row["status"] == "approved" else None
    if recalled is not None:
        changes["delivery_state"] = recalled["state"]
    return _done(conn, unit, row, changes, EventType.APPROVAL_UPDATED, "approval.undo", None, seen, recalled)


def back_to_pending(unit: Unit, row: Row, why: str, reasons: list[str]) -> dict[str, Any]:
    """What changes when an approval waits for a person again; edits are kept."""
    return {
        "status": "pending", "decided_by": None, "decided_by_key": None, "decided_at": None, "reason_code": None,
        "reason": None, "undo_until": None, "decision_order": row["created_at"], "returned_why": why,
        "returned": {"why": why, "reasons": reasons, "at": unit.now.isoformat(), "decided_by": row["decided_by"]},
        "expires_at": max(row["expires_at"], unit.now + timedelta(hours=RETURNED_HOURS)),
    }  # fmt: skip


def compare_and_set(
    conn: Connection, unit: Unit, row: Row, changes: Mapping[str, Any], delivery: Mapping[Any, Any] | None = None
) -> Row:
    """Change an approval that is still as `row` says; its version grows by one.

    Args:
        conn: the transaction.
        unit: who, when.
        row: as it was found in this transaction.
        changes: columns of the approval.
        delivery: columns of its newest delivery that were changed before, or all of a new one.

    Returns:
        The approval as it is now; nothing else can have changed it, so it is not read again.

    Raises:
        DomainRefusal: somebody changed it meanwhile (`version_conflict`).
    """
    place = {"wanted": row["id"], "from_status": row["status"], "from_version": row["version"]}
    if not _DECIDING.succeeds(conn, changes, place):
        raise version_conflict(model_of(find(conn, unit.actor, row["id"])))
    carried = {PREFIX + name: value for name, value in (delivery or {}).items()}
    return {**row, **changes, **carried, "version": row["version"] + 1}


def _decision(unit: Unit, status: str) -> dict[str, Any]:
    return {
        "status": status, "decided_by": unit.actor.name, "decided_by_key": unit.actor.key_id, "decided_at": unit.now,
        "decision_order": unit.now, "returned": None, "returned_why": None,
    }  # fmt: skip


def _decided_before(unit: Unit, row: Row, status: str, seen: Seen) -> ActionAnswer[Approval] | None:
    """The same person, the same decision, the same text: it is so already."""
    is_own = row["status"] == status and row["decided_by_key"] == unit.actor.key_id
    if is_own and seen.payload_sha256 in (None, row["payload_sha256"]):
        return _Answer(status=status, changed=False, item=model_of(row))
    return None


def _require_open(conn: Connection, unit: Unit, row: Row, seen: Seen, action: str) -> None:
    """Refuse what can't be decided any more, state before version."""
    if row["status"] in _FINAL:
        raise _refused(unit, row, action, DomainRefusal(row["status"], _FINAL[row["status"]], model_of(row)))
    if row["status"] != "pending":
        detail = f"{row['decided_by']} {row['status']} it at {row['decided_at']:%Y-%m-%d %H:%M:%S} UTC"
        raise _refused(unit, row, action, already_decided(detail, model_of(row)))
    if is_overdue(unit, row):
        _refuse_overdue(unit, row)
    if not seen.fits(row):
        raise _refused(unit, row, action, version_conflict(model_of(row)))


def _refuse_overdue(unit: Unit, row: Row) -> NoReturn:
    """Expiry is judged at the moment of the decision too: it stays, though the decision is taken back."""
    refusal = DomainRefusal("expired", _FINAL["expired"], model_of(row))

    def keep(conn: Connection) -> None:
        refusal.item = expire_one(conn, unit, row)

    refusal.keep(keep)
    raise refusal


def _may_be_undone(unit: Unit, row: Row) -> bool:
    if row["status"] == "rejected":
        return bool(unit.now <= row["decided_at"] + timedelta(seconds=unit.settings.approvals.reject_undo_seconds))
    return row["delivery_state"] in WAITING and row["delivery__lease_until"] is None


def _too_late(unit: Unit, row: Row) -> DomainRefusal:
    detail = (
        f"it is {row['delivery_state']}, too late to take it back"
        if row["status"] == "approved"
        else f"it was rejected more than {unit.settings.approvals.reject_undo_seconds} s ago"
    )
    return _refused(unit, row, "approval.undo_refused", DomainRefusal("undo_window_closed", detail, model_of(row)))


def _refused(unit: Unit, row: Row, action: str, refusal: DomainRefusal) -> DomainRefusal:
    """`refusal`, with a line in the audit trail that stays."""

    def keep(conn: Connection) -> None:
        audit.record(
            conn, unit, action, "approval", row["id"], row["client_id"], reason=refusal.detail,
            after={"code": refusal.code, "status": row["status"], "version": row["version"]},
        )  # fmt: skip

    refusal.keep(keep)
    return refusal


def _done(
    conn: Connection,
    unit: Unit,
    row: Row,
    changes: dict[str, Any],
    type: EventType,  # noqa: A002  (the contract's word)
    action: str,
    reason: str | None,
    seen: Seen,
    delivery: Mapping[Any, Any] | None = None,
) -> ActionAnswer[Approval]:
    after = compare_and_set(conn, unit, row, changes, delivery)
    facts = {"unpinned": True} if seen.is_unpinned else None
    approval = tell(conn, unit, row, after, type, action, reason, facts)
    return _Answer(status=str(approval.status), changed=True, item=approval)
