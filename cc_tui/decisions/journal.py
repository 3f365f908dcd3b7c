"""The journal: every decision an operator made that the server has not confirmed yet, and unsaved drafts of edits.

A row is on disk (fsync) before the screen changes, so a crash, a closed laptop or a dead link loses nothing. Each
running app owns a file under a lock; files of apps that are gone are adopted. Knows SQLite; neither HTTP nor Textual.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from uuid import uuid4

from cc_tui.decisions import journal_file

_INSERT = "INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ADOPT = "INSERT OR IGNORE INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

_ADOPT_BATCH = "INSERT OR IGNORE INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)"
_LEFT = """SELECT (SELECT count(*) FROM decisions) + (SELECT count(*) FROM drafts) + (SELECT count(*) FROM batches)"""


class Verb(StrEnum):
    """What was decided."""

    APPROVE = "approve"
    REJECT = "reject"


class TroubleKind(StrEnum):
    """Why a decision will not be delivered by itself."""

    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Destination:
    """The server and the key a decision was made for; it is never sent anywhere else."""

    server_id: str
    key_name: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What was on screen: version and payload hash, as painted."""

    version: int
    payload_sha256: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a draft is rejected: a code of the contract, and words."""

    code: str
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """One keystroke of an operator, bound to what was on screen.

    `key` is its idempotency key, made once; `decided_at` is local time in seconds; `is_offered` marks one that is sent
    only on the operator's word; `trouble` says why it was not accepted.
    """

    key: str
    approval_id: str
    verb: Verb
    seen: Seen
    decided_at: float
    destination: Destination
    recipient: str = ""
    subject: str = ""
    reason: Reason | None = None
    is_offered: bool = False
    trouble: str | None = None
    trouble_kind: TroubleKind | None = None

    @property
    def approval_ids(self) -> Sequence[str]:
        """What it decides."""
        return [self.approval_id]


@dataclass(frozen=True, slots=True)
class EditDraft:
    """An edit that was typed and not saved: the fields as typed, and the version it started from."""

    approval_id: str
    version: int
    fields: dict[str, str]
    saved_at: float


class JournalUnavailable(Exception):
    """The disk refused; nothing may be shown as decided."""


class AlreadyDecided(Exception):
    """Another undelivered decision holds this approval."""


class Journal:
    """Undelivered decisions on disk, oldest first.

    Args:
        folder: where journals live; made (0700) when it is missing.

    Raises:
        JournalUnavailable: the folder or the file can't be made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._notices: dict[Path, str] = {}
        self._told: set[str] = set()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path = folder / f"journal-{os.getpid()}-{uuid4().hex[:8]}.db"
            self._lock = journal_file.lock(self.path)
            if self._lock is None:
                raise JournalUnavailable(f"the journal {self.path} is locked by another program")
            self._db = journal_file.open_file(self.path)
            journal_file.sync_folder(folder)
        except (OSError, sqlite3.Error) as error:
            raise JournalUnavailable(
                f"decisions can't be kept in {folder}: {error}; make it writable or name another with journal_dir"
            ) from error

    # Decisions

    def record(self, decision: Decision) -> None:
        """Make `decision` durable.

        Raises:
            AlreadyDecided: another undelivered decision holds this approval.
            JournalUnavailable: the disk refused; nothing may be shown as decided.
        """
        try:
            with self._told_refusals():  # a statement by itself is a transaction
                self._db.execute(_INSERT, _row(decision))
        except sqlite3.IntegrityError as error:
            raise AlreadyDecided(f"{decision.recipient or decision.approval_id} is decided already") from error

    def settle(self, key: str) -> None:
        """The server confirmed it, or the operator took it back: forget it."""
        with self.writing() as db:
            db.execute("DELETE FROM decisions WHERE key = ?", (key,))

    def offer(self, keys: list[str]) -> None:
        """These are sent only on the operator's word from now on."""
        with self.writing() as db:
            db.executemany("UPDATE decisions SET is_offered = 1 WHERE key = ?", [(key,) for key in keys])

    def send_after_all(self, keys: list[str]) -> None:
        """The operator's word: these are sent."""
        with self.writing() as db:
            db.executemany("UPDATE decisions SET is_offered = 0 WHERE key = ?", [(key,) for key in keys])

    def trouble(self, key: str, kind: TroubleKind, sentence: str) -> None:
        """It was not accepted; it stays, with why, until the operator drops it."""
        with self.writing() as db:
            db.execute("UPDATE decisions SET trouble_kind = ?, trouble = ? WHERE key = ?", (kind, sentence, key))

    def decisions(self) -> list[Decision]:
        """All of them, oldest first, also those of other servers and keys."""
        with self.reading() as db:
            rows = db.execute("SELECT * FROM decisions ORDER BY decided_at, key").fetchall()
        return [_decision(row) for row in rows]

    def undelivered(self, destination: Destination) -> list[Decision]:
        """Those that wait to be sent there, oldest first; not those in trouble."""
        return [one for one in self.decisions() if one.destination == destination and one.trouble_kind is None]

    # Drafts of edits

    def save_draft(self, server_id: str, draft: EditDraft) -> None:
        """Keep what was typed."""
        with self.writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO drafts VALUES (?, ?, ?, ?, ?)",
                (server_id, draft.approval_id, draft.version, json.dumps(draft.fields), draft.saved_at),
            )

    def draft_of(self, server_id: str, approval_id: str) -> EditDraft | None:
        """What was typed and not saved, if anything."""
        with self.reading() as db:
            row = db.execute(
                "SELECT version, fields, saved_at FROM drafts WHERE server_id = ? AND approval_id = ?",
                (server_id, approval_id),
            ).fetchone()
        return EditDraft(approval_id, row[0], json.loads(row[1]), row[2]) if row else None

    def drop_draft(self, server_id: str, approval_id: str) -> None:
        """It was saved, or is not wanted."""
        with self.writing() as db:
            db.execute("DELETE FROM drafts WHERE server_id = ? AND approval_id = ?", (server_id, approval_id))

    # Orphans

    def adopt_orphans(self) -> int:
        """Take over what apps that are gone left behind; returns how many decisions.

        Rows are committed here before the old file goes; killed in between, the next start adopts them again under the
        same keys, so none is lost and none is doubled. A file that is busy or failing stays for the next call, one of a
        newer program stays for that program; only a damaged one is set aside. `fresh_notices` tells of all of them.
        """
        adopted = 0
        for path in sorted(self._folder.glob("journal-*.db")):
            if path == self.path:
                continue
            self._notices.pop(path, None)
            try:
                adopted += self._adopt_locked(path)
            except (OSError, JournalUnavailable, sqlite3.Error, journal_file.TooNew, ValueError) as error:
                self._notices[path] = self._not_adopted(path, error)
        return adopted

    def fresh_notices(self) -> list[str]:
        """Sentences about journals that could not be taken over; each is told once."""
        fresh = [notice for notice in self._notices.values() if notice not in self._told]
        self._told.update(fresh)
        return fresh

    def close(self) -> None:
        """Let go of the file; remove it when nothing is left in it."""
        with self.reading() as db:
            left = db.execute(_LEFT).fetchone()[0]
        self._db.close()
        if not left:
            journal_file.remove(self.path)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _adopt_locked(self, path: Path) -> int:
        held = journal_file.lock(path)
        if held is None:
            return 0
        try:
            return self._adopt(path)
        finally:
            os.close(held)

    def _adopt(self, path: Path) -> int:
        with closing(journal_file.open_file(path)) as orphan:
            orphan.execute("BEGIN IMMEDIATE")  # one that another program has open for writing is left for the next time
            rows = orphan.execute("SELECT * FROM decisions").fetchall()
            drafts = orphan.execute("SELECT * FROM drafts").fetchall()
            batches = orphan.execute("SELECT * FROM batches").fetchall()
        for row in rows:
            _decision(row)
        for row in batches:
            json.loads(row[2])
        with self.writing() as db:
            for row in rows:
                self._adopt_row(db, row)
            db.executemany("INSERT OR REPLACE INTO drafts VALUES (?, ?, ?, ?, ?)", drafts)
            db.executemany(_ADOPT_BATCH, [(*row[:10], row[11]) for row in batches])
        journal_file.remove(path)
        return len(rows) + len(batches)

    @staticmethod
    def _not_adopted(path: Path, error: Exception) -> str:
        """Say why, and set aside what can never be read; anything else stays where it is, for the next try."""
        match error:
            case journal_file.TooNew():
                return str(error)
            case sqlite3.Error() if not journal_file.is_damaged(error):
                return f"decisions of an earlier start can't be read now ({error}); ^r tries {path} again"
            case OSError() | JournalUnavailable():
                return f"decisions of an earlier start can't be taken over now ({error}); ^r tries {path} again"
        try:
            aside = journal_file.set_aside(path)
        except OSError as refused:
            return f"the journal {path} is damaged ({error}), and can't be set aside: {refused}"
        return f"a journal is damaged ({error}); it was set aside as {aside}"

    def _adopt_row(self, db: sqlite3.Connection, row: tuple[object, ...]) -> None:
        """A decision of a gone app is offered, never sent by itself; a second one on its approval is in trouble."""
        values = list(row)
        values[12] = 1
        if db.execute(_ADOPT, values).rowcount == 0:
            known = db.execute("SELECT 1 FROM decisions WHERE key = ?", (values[0],)).fetchone()
            if known is None:
                values[13:15] = ["another undelivered decision holds this approval", TroubleKind.CONFLICT]
                db.execute(_ADOPT, values)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, on disk when the block ends.

        Raises:
            JournalUnavailable: the disk refused; nothing was kept.
        """
        with self._told_refusals():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                if self._db.in_transaction:  # a full disk rolls back by itself
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def _told_refusals(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.rollback()
            raise JournalUnavailable(f"{error}: nothing was decided (the journal is {self.path})") from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The file, to read from.

        Raises:
            JournalUnavailable: it can't be read.
        """
        try:
            yield self._db
        except sqlite3.Error as error:
            raise JournalUnavailable(f"the journal {self.path} can't be read: {error}") from error


def _row(decision: Decision) -> tuple[object, ...]:
    reason = decision.reason
    return (
        decision.key, decision.approval_id, decision.verb, decision.seen.version, decision.seen.payload_sha256,
        reason.code if reason else None, reason.words if reason else None, decision.decided_at,
        decision.destination.server_id, decision.destination.key_name, decision.recipient, decision.subject,
        int(decision.is_offered), decision.trouble, decision.trouble_kind,
    )  # fmt: skip


def _decision(row: tuple[object, ...]) -> Decision:
    return Decision(
        key=str(row[0]),
        approval_id=str(row[1]),
        verb=Verb(str(row[2])),
        seen=Seen(int(str(row[3])), str(row[4])),
        reason=Reason(str(row[5]), str(row[6]) if row[6] is not None else None) if row[5] is not None else None,
        decided_at=float(str(row[7])),
        destination=Destination(str(row[8]), str(row[9])),
        recipient=str(row[10]),
        subject=str(row[11]),
        is_offered=bool(row[12]),
        trouble=str(row[13]) if row[13] is not None else None,
        trouble_kind=TroubleKind(str(row[14])) if row[14] is not None else None,
    )
