"""What is told after a commit and not stored: to this process on SQLite, to every process on PostgreSQL.

A notice may get lost with a connection; what must not get lost is a row in a table, and a notice only says "look".
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import ClassVar

LONGEST_BYTES = 7_900
"""PostgreSQL carries less than 8,000 bytes a notice."""


@dataclass(frozen=True, slots=True)
class Woken:
    """Something was committed, here or elsewhere: whoever follows the tables looks now."""


class Notice:
    """A frozen dataclass whose fields are JSON; it reaches the other processes too."""

    __slots__ = ()
    _kinds: ClassVar[dict[str, type[Notice]]] = {}

    def __init_subclass__(cls) -> None:
        Notice._kinds[cls.__name__] = cls

    def shortened(self) -> Notice:
        """The same in fewer bytes, for where `LONGEST_BYTES` are exceeded."""
        return self


def to_wire(notice: Notice) -> str | None:
    """A notice as text of at most `LONGEST_BYTES`; None where it can't be made that short."""
    for one in (notice, notice.shortened()):
        text = json.dumps([type(one).__name__, asdict(one)], separators=(",", ":"))  # type: ignore[call-overload]
        if len(text) <= LONGEST_BYTES:  # ASCII: a character is a byte
            return text
    return None


def from_wire(text: str) -> Notice | None:
    """The notice that another process sent; None for one that this version does not know."""
    try:
        kind, fields = json.loads(text)
        notice: Notice = Notice._kinds[kind](**fields)
    except (ValueError, TypeError, LookupError):
        return None
    return notice
