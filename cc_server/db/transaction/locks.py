"""Locks by name that end with the transaction: what one writer orders on SQLite, PostgreSQL orders by these.

Take a lock before the first read that it protects. A unit that takes several takes that of its key first, then the
controls, then that of a recipient, then that of the day's cap.
On SQLite all of this does nothing: writers never run side by side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, bindparam, text

_EXCLUSIVE = text("SELECT pg_advisory_xact_lock(:key)").bindparams(bindparam("key", type_=BigInteger))
_SHARED = text("SELECT pg_advisory_xact_lock_shared(:key)").bindparams(bindparam("key", type_=BigInteger))

_ATTEMPT = text("SELECT pg_try_advisory_xact_lock(:key)").bindparams(bindparam("key", type_=BigInteger))
_PAUSE = text("SELECT pg_sleep(0.05)")
_PAUSES_A_SECOND = 20

CONTROLS = "controls"
"""Kill switch, suppression, policy, budgets: shared by who judges by them, exclusive for who changes them."""
DAILY_CAP = "daily cap"
"""Of who counts what leaves on a day, to stop at a cap: two who count side by side would pass it together."""


def of_recipient(client_id: str, address: str) -> str:
    """The lock of whom a message goes to: held by who decides or claims one, so that two never pass each other."""
    return f"recipient:{client_id}:{address}"


def of_key(key_id: str) -> str:
    """The lock of an API key: shared by what it changes, exclusive for who revokes it."""
    return f"key:{key_id}"


def exclusive(conn: Connection, name: str) -> None:
    """Hold `name` alone until the transaction ends."""
    if conn.dialect.name == "postgresql":
        conn.execute(_EXCLUSIVE, {"key": key_of(name)})


def shared(conn: Connection, name: str) -> None:
    """Hold `name` together with others who share it, until the transaction ends."""
    if conn.dialect.name == "postgresql":
        conn.execute(_SHARED, {"key": key_of(name)})


def attempt(conn: Connection, name: str, *, seconds: float = 0) -> bool:
    """Hold `name` alone until the transaction ends, if nobody holds it (any more) within so many seconds."""
    if conn.dialect.name != "postgresql":
        return True
    for _ in range(int(seconds * _PAUSES_A_SECOND)):
        if conn.execute(_ATTEMPT, {"key": key_of(name)}).scalar_one():
            return True
        conn.execute(_PAUSE)
    return bool(conn.execute(_ATTEMPT, {"key": key_of(name)}).scalar_one())


def rows(conn: Connection, query: Select[Any], values: Mapping[str, Any]) -> None:
    """Have nobody else change the rows that `query` (`FOR UPDATE`) finds until the transaction ends."""
    if conn.dialect.name == "postgresql":
        conn.execute(query, values)


def key_of(name: str) -> int:
    """PostgreSQL names advisory locks by 64 bits."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
