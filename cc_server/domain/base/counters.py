"""Counts that are kept, not counted: they cost the same with ten rows and with a million.

What a unit of work adds is written at the end of its transaction; it sees the additions before.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, bindparam, func, select

from cc_server.db.portable.upsert import upsert
from cc_server.db.tables import counters
from cc_server.db.transaction import closing
from cc_server.domain.base.actors import narrowed

_ADD = upsert(
    counters, on=("name", "client_id"), changes=lambda new: {"amount": counters.c.amount + new.amount}
)  # fmt: skip
_READ = (
    select(counters.c.name, func.sum(counters.c.amount))
    .where(counters.c.name >= bindparam("prefix"), counters.c.name < bindparam("beyond"))
    .group_by(counters.c.name)
)
Steps = Counter[tuple[str, str]]
"""By how much each count of each client ('' for none) changes."""


def _write(conn: Connection, steps: Steps) -> None:
    rows = [{"name": name, "client_id": client_id, "amount": step} for (name, client_id), step in steps.items() if step]
    if rows:
        _ADD.run_many(conn, sorted(rows, key=lambda row: (row["client_id"], row["name"])))


_STEPS: closing.Last[Steps] = closing.Last(order=10, make=Counter, join=Counter.update, write=_write)


def move(conn: Connection, client_id: str | None, before: Iterable[str], after: Iterable[str]) -> None:
    """Something left the counts `before` and is in the counts `after`."""
    old, new = set(before), set(after)
    add(conn, client_id, dict.fromkeys(old - new, -1) | dict.fromkeys(new - old, 1))


def add(conn: Connection, client_id: str | None, steps: Mapping[str, int]) -> None:
    """Add to some counts; they are written when the transaction ends."""
    gathered = closing.share(conn, _STEPS)
    for name, step in steps.items():
        gathered[name, client_id or ""] += step


def read(conn: Connection, prefix: str, visible: frozenset[str] | None) -> dict[str, int]:
    """The counts whose names begin with `prefix`, without it, over the visible clients (None: all)."""
    rows = conn.execute(narrowed(_READ, counters.c.client_id, visible), _beginning_with(prefix))
    found = Counter({str(name): int(amount) for name, amount in rows})
    for steps in closing.gathered(conn, _STEPS):
        for (name, client_id), step in steps.items():
            if name.startswith(prefix) and (visible is None or client_id in visible):
                found[name] += step
    return {name.removeprefix(prefix): amount for name, amount in found.items()}


def _beginning_with(prefix: str) -> dict[str, str]:
    """The names between which a prefix lies, in the order of code points."""
    return {"prefix": prefix, "beyond": prefix + chr(sys.maxunicode)}
