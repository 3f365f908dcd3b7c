"""Counts that are kept, not counted: they cost the same with ten rows and with a million."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert

from cc_server.db.tables import counters
from cc_server.domain.actors import narrowed

_UPSERT = insert(counters)
_UPSERT = _UPSERT.on_conflict_do_update(
    index_elements=["name", "client_id"], set_={"amount": counters.c.amount + _UPSERT.excluded.amount}
)


def move(conn: Connection, client_id: str | None, before: Iterable[str], after: Iterable[str]) -> None:
    """Something left the counts `before` and is in the counts `after`."""
    old, new = set(before), set(after)
    add(conn, client_id, dict.fromkeys(old - new, -1) | dict.fromkeys(new - old, 1))


def add(conn: Connection, client_id: str | None, steps: Mapping[str, int]) -> None:
    """Add to some counts; what is 0 is left alone."""
    rows = [{"name": name, "client_id": client_id or "", "amount": step} for name, step in steps.items() if step]
    if rows:
        conn.execute(_UPSERT, rows)


def read(conn: Connection, prefix: str, visible: frozenset[str] | None) -> dict[str, int]:
    """The counts whose names begin with `prefix`, without it, over the visible clients (None: all)."""
    query = (
        select(counters.c.name, func.sum(counters.c.amount))
        .where(counters.c.name.startswith(prefix, autoescape=True))
        .group_by(counters.c.name)
    )
    told = conn.execute(narrowed(query, counters.c.client_id, visible))
    return {str(name).removeprefix(prefix): int(amount) for name, amount in told}
