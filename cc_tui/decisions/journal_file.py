"""A journal's file: its tables by schema version, its lock, and which failures mean that it is damaged.

The version stands in `PRAGMA user_version`. Files from before versions were written down (0) and older ones are brought
up step by step; one of a newer program is left as it is.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

_FIRST = (
    """CREATE TABLE IF NOT EXISTS decisions (
    key TEXT PRIMARY KEY, approval_id TEXT NOT NULL, verb TEXT NOT NULL, version INTEGER NOT NULL,
    payload_sha256 TEXT NOT NULL, reason_code TEXT, reason TEXT, decided_at REAL NOT NULL,
    server_id TEXT NOT NULL, key_name TEXT NOT NULL, recipient TEXT NOT NULL, subject TEXT NOT NULL,
    is_offered INTEGER NOT NULL DEFAULT 0, trouble TEXT, trouble_kind TEXT)""",
    """CREATE UNIQUE INDEX IF NOT EXISTS one_open_decision
    ON decisions (server_id, key_name, approval_id) WHERE trouble_kind IS NULL""",
    """CREATE TABLE IF NOT EXISTS drafts (
    server_id TEXT NOT NULL, approval_id TEXT NOT NULL, version INTEGER NOT NULL, fields TEXT NOT NULL,
    saved_at REAL NOT NULL, PRIMARY KEY (server_id, approval_id))""",
)
_BATCHES = (
    """CREATE TABLE IF NOT EXISTS batches (
    key TEXT PRIMARY KEY, action TEXT NOT NULL, items TEXT NOT NULL, selection_sha256 TEXT NOT NULL,
    policy_version TEXT NOT NULL, reason_code TEXT, reason TEXT, decided_at REAL NOT NULL, server_id TEXT NOT NULL,
    key_name TEXT NOT NULL, is_offered INTEGER NOT NULL DEFAULT 0, trouble TEXT)""",
)
STEPS: tuple[tuple[str, ...], ...] = (_FIRST, _BATCHES)
"""The statements that lead from each version to the next."""
VERSION = len(STEPS)
PAGE_BYTES = 1024
"""A decision touches three pages, and all of them are written and synced before it is shown."""

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_SCHEMA})
"""SQLite's codes for a file that is no journal; SQLITE_ERROR is a table or column that is missing."""


class TooNew(Exception):
    """The file was written by a newer program."""

    def __init__(self, path: Path, version: int) -> None:
        super().__init__(
            f"{path} was written by a newer cc-tui (format {version}, this one reads up to {VERSION}); "
            "it is kept as it is: start the newer one to send what is in it"
        )


def open_file(path: Path) -> sqlite3.Connection:
    """Open a journal, at the present version, with every commit synced to the disk.

    Raises:
        TooNew: a newer program wrote it; nothing was changed.
        OSError, sqlite3.Error: it can't be opened; `is_damaged` tells whether it ever will.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        db.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a new file; one that exists keeps its own
        db.execute("PRAGMA synchronous = EXTRA")
        _bring_up(db, path)
    except (sqlite3.Error, TooNew):
        db.close()
        raise
    return db


def _bring_up(db: sqlite3.Connection, path: Path) -> None:
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise TooNew(path, version)
    db.execute("PRAGMA journal_mode = WAL")  # one sync a commit; where a file system has none, it stays as it was
    for number in range(version, VERSION):
        db.execute("BEGIN IMMEDIATE")
        for statement in STEPS[number]:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {number + 1}")
        db.execute("COMMIT")


def is_damaged(error: sqlite3.Error) -> bool:
    """Whether the file itself is at fault: not a busy file, a full disk, a missing right or a failing read."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGED


def lock(path: Path) -> int | None:
    """Hold the lock beside a journal; None when another process has it. A lock dies with its process.

    Raises:
        OSError: the lock can't be made.
    """
    descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def remove(path: Path) -> None:
    """Remove a journal, with what stands beside it."""
    for file in (path, *_beside(path), path.with_suffix(".lock")):
        file.unlink(missing_ok=True)


def set_aside(path: Path) -> Path:
    """Give a damaged journal another name, and what stands beside it too; returns it.

    Raises:
        OSError: it can't be renamed.
    """
    aside = path.with_suffix(".damaged")
    path.rename(aside)
    for file, name in zip(_beside(path), _beside(aside), strict=True):
        with suppress(FileNotFoundError):
            file.rename(name)
    return aside


def _beside(path: Path) -> tuple[Path, Path]:
    """SQLite's own files of a journal that was not closed: what was written last, and its index."""
    return Path(f"{path}-wal"), Path(f"{path}-shm")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
