"""Who uses the database: servers hold a lock together, and a command that needs it for itself holds the lock alone.

The lock is the session's that listens: it ends with the connection, so that a process that dies leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from cc_server.db.errors import DatabaseInUse
from cc_server.db.postgres.connect import APPLICATION
from cc_server.db.schema import Use
from cc_server.db.transaction.locks import key_of

PRESENCE = "presence"
GOING_SECONDS = 3.0
LOOK_SECONDS = 0.05
_TOGETHER = "SELECT pg_try_advisory_lock_shared($1)"
_ALONE = "SELECT pg_try_advisory_lock($1)"
_OTHERS = """
    SELECT coalesce(host(client_addr), 'this machine') AS place, count(*) AS connections, min(backend_start) AS since
    FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = $1 AND pid <> pg_backend_pid()
    GROUP BY place ORDER BY place
"""


async def claim(conn: Any, use: Use) -> None:
    """Take the lock on a connection of asyncpg, for as long as that connection lives.

    Who is just going is waited for: the database takes a moment to let a closed connection go.

    Raises:
        DatabaseInUse: others use it; the end of a sentence says who, and what to do.
    """
    given_up_at = time.monotonic() + GOING_SECONDS
    is_ours, others = await _looked(conn, use)
    while others or not is_ours:
        if time.monotonic() >= given_up_at:
            raise DatabaseInUse(_refusal(use, others))
        await asyncio.sleep(LOOK_SECONDS)
        is_ours, others = await _looked(conn, use)


async def _looked(conn: Any, use: Use) -> tuple[bool, list[Any]]:
    """Whether the lock is had, and who is in the way."""
    is_ours = await conn.fetchval(_ALONE if use is Use.ALONE else _TOGETHER, key_of(PRESENCE))
    return is_ours, await conn.fetch(_OTHERS, APPLICATION) if use is Use.ALONE or not is_ours else []


def _refusal(use: Use, others: list[Any]) -> str:
    told = "; ".join(_one(other) for other in others)
    if use is Use.ALONE:
        return f"is in use: {told}. Stop every server first, on every machine."
    return f"is had by a command alone: {told}. Start again when it has ended."


def _one(other: Any) -> str:
    """Who is connected from one machine."""
    since = f", since {other['since']:%Y-%m-%d %H:%M:%S %Z}" if other["since"] else ""
    return f"connections from {other['place']}: {other['connections']}{since}"
