"""Whom never to write to: addresses of one client, or of all. What follows for the outbox is told there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from cc_api_client.models.base import Page
from cc_api_client.models.outbox.suppression import SuppressionEntry
from cc_server.db.portable.prepared import Prepared
from cc_server.db.portable.upsert import insert_new
from cc_server.db.tables import suppression
from cc_server.domain.base import audit
from cc_server.domain.base.actors import Actor, narrowed
from cc_server.domain.base.cursors import Cursors
from cc_server.domain.base.refusals import not_found
from cc_server.domain.base.unit import Unit

ALL_CLIENTS = ""
SUPPRESSED = "suppressed"
"""The code of the flag, and of the reason."""

_INSERT = insert_new(suppression, ["client_id", "email"])
_KNOWN = Prepared(
    select(suppression).where(
        suppression.c.client_id == bindparam("client"), suppression.c.email == bindparam("address")
    )
)
_MET = Prepared(
    select(suppression.c.id)
    .where(suppression.c.client_id.in_((ALL_CLIENTS, bindparam("client"))), suppression.c.email == bindparam("address"))
    .limit(1)
)
_ONE = Prepared(select(suppression).where(suppression.c.id == bindparam("wanted")))
_DELETE = Prepared(delete(suppression).where(suppression.c.id == bindparam("wanted")))


def address_of(email: str) -> str:
    """An address as addresses are compared: without the blanks around it, and without its case."""
    return email.strip().casefold()


def is_suppressed(conn: Connection, client_id: str, email: str) -> bool:
    """Whether an address must not be written to for a client."""
    place = {"client": client_id, "address": address_of(email)}
    return _MET.first(conn, place) is not None


def store(
    conn: Connection, unit: Unit, client_id: str, email: str, reason: str | None
) -> tuple[SuppressionEntry, bool]:
    """Keep an address; returns its entry, and whether it is new."""
    row = {
        "id": unit.ids.new(), "client_id": client_id, "email": address_of(email), "reason": reason,
        "created_at": unit.now,
    }  # fmt: skip
    _INSERT.run(conn, row)
    found = _KNOWN.one_mapping(conn, {"client": client_id, "address": row["email"]})
    is_new = found["id"] == row["id"]
    if is_new:
        audit.record(
            conn, unit, "suppression.add", "suppression", found["id"], client_id or None,
            after={"email": found["email"]}, reason=reason,
        )  # fmt: skip
    return _model(found), is_new


def remove(conn: Connection, unit: Unit, entry_id: str) -> None:
    """Let an address be written to again; what was cancelled because of it stays cancelled.

    Raises:
        DomainRefusal: there is none that the actor sees (`not_found`).
    """
    found = find(conn, unit.actor, entry_id)
    _DELETE.run(conn, {"wanted": entry_id})
    audit.record(
        conn, unit, "suppression.remove", "suppression", entry_id, found.client_id, before={"email": found.email}
    )


def find(conn: Connection, actor: Actor, entry_id: str) -> SuppressionEntry:
    """One entry.

    Raises:
        DomainRefusal: there is none that the actor sees (`not_found`).
    """
    row = _ONE.first_mapping(conn, {"wanted": entry_id})
    if row is None or not actor.sees(row["client_id"] or None):
        raise not_found("suppressed address")
    return _model(row)


def page(
    conn: Connection, actor: Actor, *, email: str | None, limit: int, cursor: str | None
) -> Page[SuppressionEntry]:
    """Entries by address; `email`: only what begins with it.

    Raises:
        DomainRefusal: the cursor is of another list (`invalid_cursor`).
    """
    cursors = Cursors("suppression", sorted(actor.visible or ()), actor.visible is None, email)
    query = narrowed(select(suppression), suppression.c.client_id, actor.visible)
    if email:
        query = query.where(suppression.c.email.startswith(address_of(email), autoescape=True))
    query = cursors.seek(query, suppression.c.email, suppression.c.id, cursor, descending=False)
    rows = conn.execute(query.order_by(suppression.c.email, suppression.c.id).limit(limit + 1)).mappings().all()
    following = cursors.after(rows[limit - 1]["email"], rows[limit - 1]["id"]) if len(rows) > limit else None
    return Page[SuppressionEntry](items=[_model(row) for row in rows[:limit]], next_cursor=following)


def scope_of(actor: Actor) -> str:
    """For whom an address is suppressed: the client that is named, else all, which a bound key can't say.

    Raises:
        DomainRefusal: the key sees some clients, and none is named (`client_required`).
    """
    if actor.client_id is None and actor.visible is None:
        return ALL_CLIENTS
    return actor.require_client()


def _model(row: Any) -> SuppressionEntry:
    return SuppressionEntry.model_validate({**row, "client_id": row["client_id"] or None})
