"""A page of a list is found in its order: it costs the same, however many rows there are."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite

from cc_server.domain.base.actors import Actor
from cc_server.domain.outbox import listing
from cc_server.domain.outbox.listing import Filter, Selection
from rig.house import ANA, House

BOUND = Actor("Bea", "key of Bea", "operator", frozenset({"a client"}))
WAITS = Filter()
REJECTED = Filter(status=frozenset({"rejected"}))
SENT = Filter(status=frozenset(), delivery=frozenset({"sent"}))


def steps(house: House, actor: Actor, wanted: Selection) -> list[str]:
    """How SQLite finds the first page."""
    query = listing.first_of(actor, wanted, wanted.limit)
    asked = str(query.compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True}))

    def plan(conn: Connection) -> list[str]:
        rows = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", ("x",) * asked.count("?"))
        return [str(row[3]) for row in rows]

    return house.db.read_sync(plan)


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("actor", "asked", "sort", "index"),
    [
        *((ANA, WAITS, sort, f"pending_{sort}") for sort in ("created", "risk", "expires", "kind", "agent")),
        (BOUND, WAITS, "created", "pending_client"),
        (ANA, REJECTED, "decided", "decided"),
        (BOUND, REJECTED, "decided", "client_decided"),
        (ANA, SENT, "decided", "delivery"),
    ],
)
def test_a_page_is_found_by_the_index_of_its_order(
    house: House, actor: Actor, asked: Filter, sort: str, index: str, *, descending: bool
) -> None:
    found = steps(house, actor, Selection(filter=asked, sort=sort, descending=descending))
    assert f" ix_approvals_{index}" in found[0]
    assert not [step for step in found if "ORDER BY" in step]
