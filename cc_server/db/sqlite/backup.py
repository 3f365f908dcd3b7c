"""Copies a SQLite file while a server writes to it: one consistent state, compact, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from cc_server.db.errors import DatabaseUnavailable
from cc_server.db.sqlite.errors import unavailable
from cc_server.disk import sync


def copy_to(source: Path, target: Path) -> None:
    """Write a copy of `source` that nobody else can read.

    Raises:
        DatabaseUnavailable: `target` exists, or one of the two can't be used.
    """
    if target.exists():
        raise DatabaseUnavailable(f"{target} exists already; a backup overwrites nothing.")
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileNotFoundError:
        raise DatabaseUnavailable(f"{target} can't be written: there is no folder {target.parent}; make it.") from None
    except OSError as error:
        raise DatabaseUnavailable(f"{target} can't be written: {error.strerror}.") from None
    try:
        _copy(source, draft)
        draft.rename(target)
        sync(target.parent)
    except (sqlite3.Error, OSError) as error:
        raise unavailable(source, error) or DatabaseUnavailable(f"{source} can't be copied: {error}") from error
    finally:
        draft.unlink(missing_ok=True)


def _copy(source: Path, draft: Path) -> None:
    """`VACUUM INTO` reads one snapshot, so that it never has to begin again, however much is written meanwhile."""
    with contextlib.closing(sqlite3.connect(source.absolute().as_uri() + "?mode=ro", uri=True)) as conn:
        conn.execute("VACUUM INTO ?", (str(draft),))
    with contextlib.closing(sqlite3.connect(draft)) as conn:
        found = conn.execute("PRAGMA quick_check").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(f"the copy is damaged: {found}")
    sync(draft)
