"""What can go wrong with the store, and how the business says no; each kind of database has its own sentences."""

from __future__ import annotations

from sqlalchemy import Connection


class DatabaseUnavailable(Exception):
    """The store can't be used now; the sentence says why and what to do."""


class DatabaseInUse(DatabaseUnavailable):
    """Another server already serves this file."""


class Refused(Exception):
    """The business says no: what was changed is taken back, what must stay is recorded, and the caller is told."""

    def record(self, conn: Connection) -> None:
        """Write what must stay although the change was refused: an audit row, an expiry."""


class ForeignDatabase(DatabaseUnavailable):
    """It holds tables that are not ours, or is of another version than this program."""
