"""How the business says no: a stable code, a sentence, and the object as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from cc_server.db.errors import DatabaseUnavailable, Refused

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["DatabaseUnavailable", "DomainRefusal", "already_decided", "not_found", "version_conflict"]


class DomainRefusal(Refused):
    """What was asked is not done; what must stay all the same is recorded.

    Args:
        code: the problem's code (contract, section 1).
        detail: what happened, to which object, and what to do.
        item: the object as it is.
    """

    def __init__(self, code: str, detail: str, item: BaseModel | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.item = item
        self._keep: Callable[[Connection], None] | None = None

    def keep(self, keep: Callable[[Connection], None]) -> None:
        """Have `keep` write what stays although the change is taken back."""
        self._keep = keep

    def record(self, conn: Connection) -> None:
        """Write what stays."""
        if self._keep is not None:
            self._keep(conn)


def not_found(what: str) -> DomainRefusal:
    """There is none, or the key may not see it: the two are told alike."""
    return DomainRefusal("not_found", f"there is no such {what}, or this key may not see it")


def already_decided(detail: str, item: BaseModel) -> DomainRefusal:
    """Somebody was first."""
    return DomainRefusal("already_decided", detail, item)


def version_conflict(item: BaseModel) -> DomainRefusal:
    """It changed since it was looked at."""
    return DomainRefusal("version_conflict", "it changed since you looked; the item is what it is now", item)
