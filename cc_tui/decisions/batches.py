"""Batches: many decisions that a dry run listed, kept on disk as one until the server has answered for all of them.

A batch is in the journal before the screen changes, with its key, its items and the dry run's digest; it is sent under
that key until the server answers, so that a crash or a dead link neither loses nor doubles it. Knows no Textual.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from cc_tui.decisions.journal import Destination, Journal, Reason

_INSERT = "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_CHANGE = "UPDATE batches SET is_offered = ?, trouble = ? WHERE key = ?"


@dataclass(frozen=True, slots=True)
class BatchedItem:
    """One approval of a batch, as the dry run showed it."""

    approval_id: str
    version: int
    payload_sha256: str
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """One `y` under a dry run's list. `action` is the contract's; `key` is its idempotency key, made once.

    `is_offered` marks one that is sent only on the operator's word; `trouble` says why the server will not take it.
    `arrived` are the approvals that the server was found to have decided by it, though no answer came; it is not kept.
    """

    key: str
    action: str
    items: tuple[BatchedItem, ...]
    selection_sha256: str
    policy_version: str
    decided_at: float
    destination: Destination
    reason: Reason | None = None
    is_offered: bool = False
    trouble: str | None = None
    arrived: frozenset[str] = frozenset()

    @property
    def left(self) -> Sequence[BatchedItem]:
        """What the server has not decided by it, as far as it is known."""
        return [item for item in self.items if item.approval_id not in self.arrived]

    @property
    def approval_ids(self) -> Sequence[str]:
        """What it decides."""
        return [item.approval_id for item in self.items]

    @property
    def verb(self) -> str:
        """`approve` or `reject`."""
        return "reject" if self.action == "reject" else "approve"


class BatchJournal:
    """Batches in a journal, oldest first. What it writes is on disk when it returns.

    Every method raises `JournalUnavailable` when the disk refuses.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def record(self, batch: Batch) -> None:
        """Make a batch durable."""
        with self._journal.writing() as db:
            db.execute(_INSERT, _row(batch))

    def settle(self, key: str) -> None:
        """The server answered for all of it, or the operator took it back: forget it."""
        with self._journal.writing() as db:
            db.execute("DELETE FROM batches WHERE key = ?", (key,))

    def change(self, batches: Iterable[Batch]) -> None:
        """Write down whether batches wait for a word, and what is wrong with them."""
        with self._journal.writing() as db:
            db.executemany(_CHANGE, [(int(one.is_offered), one.trouble, one.key) for one in batches])

    def offer(self, batch: Batch) -> Batch:
        """It is sent only on the operator's word from now on."""
        self.change([offered := replace(batch, is_offered=True)])
        return offered

    def batches(self, destination: Destination) -> list[Batch]:
        """Those for one server and key."""
        return [one for one in self.all() if one.destination == destination]

    def all(self) -> list[Batch]:
        """Also those of other servers and keys."""
        with self._journal.reading() as db:
            rows = db.execute("SELECT * FROM batches ORDER BY decided_at, key").fetchall()
        return [_batch(row) for row in rows]


def _row(batch: Batch) -> tuple[object, ...]:
    reason = batch.reason
    return (
        batch.key, batch.action, json.dumps([asdict(item) for item in batch.items]), batch.selection_sha256,
        batch.policy_version, reason.code if reason else None, reason.words if reason else None, batch.decided_at,
        batch.destination.server_id, batch.destination.key_name, int(batch.is_offered), batch.trouble,
    )  # fmt: skip


def _batch(row: tuple[object, ...]) -> Batch:
    return Batch(
        key=str(row[0]),
        action=str(row[1]),
        items=tuple(BatchedItem(**item) for item in json.loads(str(row[2]))),
        selection_sha256=str(row[3]),
        policy_version=str(row[4]),
        reason=Reason(str(row[5]), str(row[6]) if row[6] is not None else None) if row[5] is not None else None,
        decided_at=float(str(row[7])),
        destination=Destination(str(row[8]), str(row[9])),
        is_offered=bool(row[10]),
        trouble=str(row[11]) if row[11] is not None else None,
    )
