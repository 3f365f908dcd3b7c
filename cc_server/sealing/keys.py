"""The audit key: a file of its own, readable by the server's user alone, never in the database.

Its lines are `<first row> <64 hexadecimal digits>`: a new key seals from its first row on, and the older ones still
vouch for what they sealed. Whoever has the file can forge the trail; whoever loses it can no longer verify it.
"""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cc_server.disk import sync

_LINE = re.compile(r"([1-9]\d{0,18}) ([0-9a-f]{64})")
_HEAD = (
    "# Seals the audit trail. Keep it secret, and in your backups, apart from the database.\n"
    "# <first row> <key>\n"
)  # fmt: skip
_READABLE_BY_OTHERS = 0o077


class SealingError(Exception):
    """The audit key or its anchor can't be used; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class AuditKeys:
    """The keys of one trail, oldest first, each with the first row that it seals."""

    file: Path
    keys: tuple[tuple[int, bytes], ...] = field(repr=False)

    @property
    def newest(self) -> bytes:
        """What new rows are sealed with."""
        return self.keys[-1][1]

    def of(self, seq: int) -> bytes | None:
        """What the row at `seq` was sealed with; None where that key is gone."""
        return next((key for first, key in reversed(self.keys) if first <= seq), None)


def default_key_file(database: Path | None) -> Path:
    """Where the key is kept if nobody says: beside the database's file, or in the working directory."""
    return database.with_name(database.name + ".audit-key") if database else Path("command-center.audit-key")


def read_keys(file: Path) -> AuditKeys | None:
    """The keys in `file`; None where there is no such file.

    Raises:
        SealingError: it can't be read, others may read it, or it holds something else.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(descriptor, encoding="ascii", errors="replace") as opened:
            mode, text = os.fstat(opened.fileno()).st_mode, opened.read(1_000_000)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SealingError(f"The audit key {file} can't be read: {error.strerror}.") from None
    if mode & _READABLE_BY_OTHERS:
        raise SealingError(f"The audit key {file} may be read by others; say: chmod 600 {file}")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found = [_LINE.fullmatch(line.strip()) for line in lines]
    keys = [(int(match[1]), bytes.fromhex(match[2])) for match in found if match is not None]
    firsts = [first for first, _key in keys]
    if not keys or len(keys) != len(found) or firsts != sorted(set(firsts)):
        raise SealingError(f"The audit key {file} is damaged; put it back from a backup.")
    return AuditKeys(file, tuple(keys))


def make_keys(file: Path, first: int = 1) -> AuditKeys:
    """Make a file with a fresh key that seals from `first` on; where another process was faster, its key.

    Raises:
        SealingError: it can't be made.
    """
    try:
        _write_new(file, f"{_HEAD}{first} {secrets.token_hex(32)}\n")
        sync(file.parent)
    except FileExistsError:
        pass  # whoever was faster made it whole
    except OSError as error:
        raise SealingError(f"The audit key {file} can't be made: {error.strerror}.") from None
    made = read_keys(file)
    if made is None:
        raise SealingError(f"The audit key {file} is gone as soon as it was made.")
    return made


def add_key(file: Path, first: int) -> AuditKeys:
    """Add a fresh key that seals from `first` on; the older ones stay.

    Raises:
        SealingError: the file can't be read or written.
    """
    held = read_keys(file)
    if held is None:
        return make_keys(file, first)
    kept = [(seq, key) for seq, key in held.keys if seq < first]
    lines = [f"{seq} {key.hex()}\n" for seq, key in kept] + [f"{first} {secrets.token_hex(32)}\n"]
    replace(file, _HEAD + "".join(lines))
    return read_keys(file) or held


def replace(file: Path, text: str) -> None:
    """Write a file of ours anew, whole or not at all, readable by us alone.

    Raises:
        SealingError: it can't be written.
    """
    fresh = file.with_name(f"{file.name}.{os.getpid()}.new")
    try:
        fresh.unlink(missing_ok=True)
        _write_new(fresh, text)
        fresh.replace(file)
        sync(file.parent)
    except OSError as error:
        raise SealingError(f"{file} can't be written: {error.strerror}.") from None


def _write_new(file: Path, text: str) -> None:
    """Write a file that was not there, whole, and have it on disk; its name is not yet.

    Raises:
        OSError: it can't be done; FileExistsError where it is there already.
    """
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        os.link(draft, file)
    finally:
        draft.unlink(missing_ok=True)
