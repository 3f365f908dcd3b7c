"""The chain: each row of the audit trail carries a seal over itself and over the seal before it.

A seal is HMAC-SHA256 under a key that is not in the database, so that whoever can write to the database can still
neither change a row, nor take one out, nor put one in, without it being seen. Each row also holds the seal it follows:
so a row can be judged although the one before it is gone. Pure: knows neither files nor databases.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

FIRST = "0" * 64
"""What the first row follows."""
SEALED_FIELDS = (
    "actor", "action", "object_type", "object_id", "client_id", "before", "after", "reason", "request_id",
)  # fmt: skip
_canonical = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Sealed:
    """A row that was written: its place, and its seal."""

    seq: int
    seal: str


def seal_of(key: bytes, seq: int, follows: str, row: Mapping[Any, Any]) -> str:
    """The seal of a row, as 64 hexadecimal digits.

    Args:
        key: the audit key.
        seq: the row's place in the trail.
        follows: the seal of the row before it.
        row: the row's fields, as they are stored: `at` and `SEALED_FIELDS`.
    """
    at: datetime = row["at"]
    told = [seq, follows, at.astimezone(UTC).isoformat(timespec="microseconds"), *(row[name] for name in SEALED_FIELDS)]
    seal = _begun(key).copy()
    seal.update(_canonical(told).encode("ascii"))
    return seal.hexdigest()


@lru_cache(maxsize=8)
def _begun(key: bytes) -> hmac.HMAC:
    """A seal under `key` over nothing yet; to begin one takes three times as long as to go on from it."""
    return hmac.new(key, digestmod="sha256")
