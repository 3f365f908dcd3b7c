"""What can go wrong with a file, each in one sentence that says what to do."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.exc import DBAPIError

from cc_server.db.errors import DatabaseUnavailable


def unavailable(path: Path, error: Exception) -> DatabaseUnavailable | None:
    """`error` as a sentence about `path`, or None where it is a mistake of ours and not of the store."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, FileNotFoundError):
        return DatabaseUnavailable(_SENTENCES["SQLITE_CANTOPEN"].format(path=path))
    if isinstance(cause, OSError):
        return DatabaseUnavailable(f"The database {path} can't be used: {cause.strerror or cause}.")
    name = getattr(cause, "sqlite_errorname", "") or ""
    sentence = _SENTENCES.get(name) or _SENTENCES.get("_".join(name.split("_")[:2]))
    return DatabaseUnavailable(sentence.format(path=path)) if sentence else None


_SENTENCES = {
    "SQLITE_FULL": "The disk that holds the database {path} is full; free some space.",
    "SQLITE_CANTOPEN": "The database {path} can't be opened; check that its folder exists and may be written to.",
    "SQLITE_READONLY": "The database {path} may not be written to; check its permissions and those of its folder.",
    "SQLITE_PERM": "The database {path} may not be used; check its permissions.",
    "SQLITE_AUTH": "The database {path} may not be used; check its permissions.",
    "SQLITE_NOTADB": "{path} is not a database of this program; name another file.",
    "SQLITE_CORRUPT": "The database {path} is damaged; restore it from a backup.",
    "SQLITE_BUSY": "The database {path} is locked by another program; close that program and try again.",
    "SQLITE_LOCKED": "The database {path} is locked by another program; close that program and try again.",
    "SQLITE_IOERR": "The disk that holds the database {path} fails; check it.",
}
