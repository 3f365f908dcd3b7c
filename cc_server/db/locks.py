"""Locks by name that end with the transaction: what one writer orders on SQLite, PostgreSQL orders by these.

Take a lock before the first read that it protects. A unit that takes several takes them in the order of their names.
On SQLite all of this does nothing: writers never run side by side.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import BigInteger, Connection, bindparam, text

_EXCLUSIVE = text("SELECT pg_advisory_xact_lock(:key)").bindparams(bindparam("key", type_=BigInteger))
_SHARED = text("SELECT pg_advisory_xact_lock_shared(:key)").bindparams(bindparam("key", type_=BigInteger))

CONTROLS = "controls"
"""Kill switch, suppression, policy, budgets: shared by who judges by them, exclusive for who changes them."""


def exclusive(conn: Connection, name: str) -> None:
    """Hold `name` alone until the transaction ends."""
    if conn.dialect.name == "postgresql":
        conn.execute(_EXCLUSIVE, {"key": key_of(name)})


def shared(conn: Connection, name: str) -> None:
    """Hold `name` together with others who share it, until the transaction ends."""
    if conn.dialect.name == "postgresql":
        conn.execute(_SHARED, {"key": key_of(name)})


def key_of(name: str) -> int:
    """PostgreSQL names advisory locks by 64 bits."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
