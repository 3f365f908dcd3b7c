"""A batch that is done: each item by itself, with its result written beside it, so that a cut batch can be resumed.

`begin` writes down what is to be done; `decide` does one item, or says why not; `result` tells what became of all. An
item that has a result is never done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select

from cc_api_client.models.outbox.batches import BatchAction, BatchItem, BatchResult, BatchResultItem, BatchStatus
from cc_server.db.portable.changing import Changing
from cc_server.db.portable.prepared import Prepared
from cc_server.db.portable.upsert import insert_new
from cc_server.db.tables import approvals, batch_items, batches
from cc_server.db.transaction import locks
from cc_server.domain.base import audit
from cc_server.domain.base.actors import Actor
from cc_server.domain.base.refusals import DomainRefusal, not_found
from cc_server.domain.base.unit import Unit
from cc_server.domain.outbox import decisions
from cc_server.domain.outbox.decisions import Seen
from cc_server.domain.outbox.rows import Row, find, listed, model_of
from cc_server.domain.policy.default import pin_of
from cc_server.domain.review.planning import hold_of, would

CONFLICTS = frozenset({"already_decided", "expired", "cancelled", "version_conflict", "not_found"})
"""Refusals that tell of somebody or something that was first."""
_NEW = insert_new(batches, ["intent"], returning=[batches.c.id])
_BY_INTENT = Prepared(select(batches).where(batches.c.intent == bindparam("wanted")))
_BY_ID = Prepared(select(batches).where(batches.c.id == bindparam("wanted")))
_ITEMS = Prepared(select(batch_items).where(batch_items.c.batch_id == bindparam("batch")).order_by(batch_items.c.place))
_OPEN = (
    select(batch_items.c.place, approvals.c.client_id, approvals.c.recipient)
    .join_from(batch_items, approvals, approvals.c.id == batch_items.c.approval_id, isouter=True)
    .where(batch_items.c.batch_id == bindparam("batch"), batch_items.c.status.is_(None))
    .order_by(batch_items.c.place)
)
_ITEM = Prepared(
    select(batch_items)
    .where(batch_items.c.batch_id == bindparam("batch"), batch_items.c.place == bindparam("at"))
    .with_for_update(of=batch_items)
)
_ENDING = Changing(
    batch_items,
    batch_items.c.batch_id == bindparam("batch"),
    batch_items.c.place == bindparam("at"),
    always={},
)


@dataclass(frozen=True, slots=True)
class Commit:
    """What is to be done: exactly what a dry run listed."""

    action: BatchAction
    items: Sequence[BatchItem]
    policy_version: str
    selection_sha256: str
    reason_code: str | None = None
    reason: str | None = None


def begin(conn: Connection, unit: Unit, commit: Commit, intent: str | None) -> str:
    """Write down a batch that is to be done, or find the one that the same request began; returns its id.

    Raises:
        DomainRefusal: another policy is in force than at the dry run (`policy_changed`), or the key began another
            batch (`idempotency_mismatch`); nothing is done.
    """
    if intent is not None and (known := _BY_INTENT.first_mapping(conn, {"wanted": intent})):
        return _same(known, commit)
    if commit.policy_version != pin_of(unit.policy):
        detail = f"the policy is {pin_of(unit.policy)} now, not {commit.policy_version}: nothing was done; look again"
        raise DomainRefusal("policy_changed", detail)
    ids = [one.id for one in commit.items]
    clients = conn.execute(select(approvals.c.client_id).where(approvals.c.id.in_(ids)).distinct()).scalars()
    batch = {
        "id": unit.ids.new(), "action": commit.action.value, "reason_code": commit.reason_code,
        "reason": commit.reason, "policy_version": commit.policy_version,
        "selection_sha256": commit.selection_sha256, "made_by_key": unit.actor.key_id, "intent": intent,
        "client_ids": sorted(clients), "created_at": unit.now,
    }  # fmt: skip
    if _NEW.first(conn, batch) is None:
        return _same(_BY_INTENT.one_mapping(conn, {"wanted": intent}), commit)
    conn.execute(insert(batch_items), [_row(str(batch["id"]), place, one) for place, one in enumerate(commit.items)])
    audit.record(
        conn, unit, f"batch.{commit.action.value}", "batch", str(batch["id"]), None, reason=commit.reason,
        after={"items": len(ids), "policy_version": commit.policy_version, "selection_sha256": commit.selection_sha256},
    )  # fmt: skip
    return str(batch["id"])


def open_places(conn: Connection, batch_id: str) -> list[list[int]]:
    """The places of items that have no result yet, those of one recipient in a row: the dry run judged them so."""
    rows: dict[tuple[str, str], list[int]] = {}
    for place, client_id, recipient in conn.execute(_OPEN, {"batch": batch_id}):
        rows.setdefault((client_id, recipient), []).append(place)
    return list(rows.values())


def decide(conn: Connection, unit: Unit, batch_id: str, place: int) -> None:
    """Decide one item at the version that the dry run showed, and write its result beside it.

    Raises:
        DomainRefusal: it can't be done; `refuse` is to write that down.
    """
    batch, item = _batch(conn, batch_id), _item(conn, batch_id, place)
    if item["status"] is not None:
        return
    row = find(conn, unit.actor, item["approval_id"])
    action = BatchAction(batch["action"])
    locks.exclusive(conn, locks.of_recipient(row["client_id"], row["recipient"]))
    if action is BatchAction.APPROVE_SAFE and unit.policy.daily_cap is not None:
        locks.exclusive(conn, locks.DAILY_CAP)
    seen = Seen(item["version"], item["payload_sha256"])
    if action is BatchAction.REJECT:
        code, words = batch["reason_code"], batch["reason"]
        answer = decisions.reject(conn, unit, row["id"], seen, code, words)
    else:
        found = would(conn, unit, action, row) if seen.fits(row) and row["status"] == "pending" else None
        if found is not None and not found.is_ok and found.judgement is not None:
            raise DomainRefusal("not_safe", found.why or "the policy asks", model_of(row))
        answer = decisions.approve(conn, unit, row["id"], seen, None, hold=hold_of(unit))
    _write(conn, batch_id, place, {"status": BatchStatus.DONE.value, "decided_version": answer.item.version})


def refuse(conn: Connection, batch_id: str, place: int, code: str) -> None:
    """Write down that an item was not done; one that has a result keeps it."""
    if _item(conn, batch_id, place)["status"] is None:
        status = BatchStatus.CONFLICT if code in CONFLICTS else BatchStatus.REFUSED
        _write(conn, batch_id, place, {"status": status.value, "code": code})


def undo_places(conn: Connection, batch_id: str) -> list[list[int]]:
    """The places of what the batch did and nobody took back through it, each by itself."""
    rows = _ITEMS.mappings(conn, {"batch": batch_id})
    done = BatchStatus.DONE.value
    return [[row["place"]] for row in rows if row["status"] == done and row["undo_status"] != done]


def undo(conn: Connection, unit: Unit, batch_id: str, place: int) -> None:
    """Take one decision of a batch back, if it is still the batch's own.

    Raises:
        DomainRefusal: it can't be taken back; `refuse_undo` is to write that down.
    """
    item = _item(conn, batch_id, place)
    if item["undo_status"] == BatchStatus.DONE.value:
        return
    decisions.undo(conn, unit, item["approval_id"], Seen(item["decided_version"]))
    _write(conn, batch_id, place, {"undo_status": BatchStatus.DONE.value, "undo_code": None})


def refuse_undo(conn: Connection, batch_id: str, place: int, code: str) -> None:
    """Write down that an item could not be taken back."""
    status = BatchStatus.CONFLICT if code in CONFLICTS else BatchStatus.REFUSED
    _write(conn, batch_id, place, {"undo_status": status.value, "undo_code": code})


def require(conn: Connection, actor: Actor, batch_id: str) -> None:
    """Make sure that there is such a batch, and that all of it is the actor's to see.

    Raises:
        DomainRefusal: there is none (`not_found`).
    """
    batch = _BY_ID.first_mapping(conn, {"wanted": batch_id})
    if batch is None or not all(actor.sees(client_id) for client_id in batch["client_ids"]):
        raise not_found("batch")


def result(conn: Connection, actor: Actor, batch_id: str, *, of_undo: bool = False) -> BatchResult:
    """What became of a batch's items, or of taking them back, in the order in which they were sent."""
    prefix = "undo_" if of_undo else ""
    rows = _ITEMS.mappings(conn, {"batch": batch_id})
    ended = [row for row in rows if row[f"{prefix}status"] is not None]
    found = listed(conn, actor, [row["approval_id"] for row in ended])
    return BatchResult(batch_id=batch_id, items=[_told(found.get(row["approval_id"]), row, prefix) for row in ended])


def _told(approval: Row | None, row: Row, prefix: str) -> BatchResultItem:
    status, code = row[f"{prefix}status"], row[f"{prefix}code"]
    item = model_of(approval, whole=False) if approval is not None and code != "not_found" else None
    return BatchResultItem(id=row["approval_id"], status=status, code=code, item=item)


def _same(known: Row, commit: Commit) -> str:
    """The id of a batch that the same key began, if it was to do the same."""
    was = known["action"], known["selection_sha256"], known["reason"]
    if was != (commit.action.value, commit.selection_sha256, commit.reason):
        raise DomainRefusal("idempotency_mismatch", "this Idempotency-Key began another batch; make a new one")
    return str(known["id"])


def _batch(conn: Connection, batch_id: str) -> Row:
    return _BY_ID.one_mapping(conn, {"wanted": batch_id})


def _item(conn: Connection, batch_id: str, place: int) -> Row:
    return _ITEM.one_mapping(conn, {"batch": batch_id, "at": place})


def _write(conn: Connection, batch_id: str, place: int, values: dict[str, object]) -> None:
    _ENDING.succeeds(conn, values, {"batch": batch_id, "at": place})


def _row(batch_id: str, place: int, item: BatchItem) -> dict[str, object]:
    return {
        "batch_id": batch_id, "place": place, "approval_id": item.id, "version": item.version,
        "payload_sha256": item.payload_sha256, "status": None, "code": None, "decided_version": None,
        "undo_status": None, "undo_code": None,
    }  # fmt: skip
