"""The audit keys at hand of whoever writes: the connection of a unit of work carries them."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text

from cc_server.sealing.keys import AuditKeys, SealingError, add_key, make_keys, read_keys

_CARRIED = "cc_server.seals"
_LAST = text("SELECT max(seq) FROM audit")
_ANY_SEAL = text("SELECT 1 FROM audit WHERE seal IS NOT NULL LIMIT 1")


class Seals:
    """The keys of one database's audit trail.

    Args:
        file: where they are kept; made when the trail has no seal yet.
        begins_anew: make a new key for the rows to come; older keys that are there stay.
    """

    def __init__(self, file: Path, *, begins_anew: bool = False) -> None:
        self.file = file
        self.begins_anew = begins_anew
        self._keys: AuditKeys | None = None

    @property
    def keys(self) -> AuditKeys:
        """The keys.

        Raises:
            SealingError: they were not read yet.
        """
        if self._keys is None:
            raise SealingError(f"The audit key {self.file} was not read.")
        return self._keys

    def carry(self, conn: Connection) -> None:
        """Have `conn` carry the keys: what it writes is sealed with the newest."""
        conn.info[_CARRIED] = self

    def prepare(self, conn: Connection) -> None:
        """Read the keys; make one for a trail that has none yet, or where a new one is wanted.

        Raises:
            SealingError: the key of a sealed trail is gone, damaged or open to others.
        """
        if self.begins_anew:
            self._keys = add_key(self.file, (conn.execute(_LAST).scalar() or 0) + 1)
            return
        self._keys = read_keys(self.file)
        if self._keys is None and conn.execute(_ANY_SEAL).first() is not None:
            raise SealingError(
                f"The audit key {self.file} is missing, and the audit trail is sealed with it; put it back from a "
                "backup. Where it is lost, begin with a new one: cc-server audit new-key"
            )
        if self._keys is None:
            self._keys = make_keys(self.file)


def newest_key(conn: Connection) -> bytes:
    """What a row that is written on `conn` is sealed with."""
    seals: Seals = conn.info[_CARRIED]
    return seals.keys.newest
