"""One approval with what surrounds it: its lead, its run, earlier messages to the recipient, its audit rows."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from cc_api_client.models.outbox.approvals import ApprovalDetail, HistoryItem
from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import approvals, clients
from cc_server.domain import leads
from cc_server.domain.base import audit
from cc_server.domain.base.actors import Actor
from cc_server.domain.outbox.rows import Row, fields_of, find
from cc_server.domain.work import runs

HISTORY_MOST = 5

_HISTORY = Prepared(
    select(approvals)
    .where(
        approvals.c.client_id == bindparam("client"),
        approvals.c.recipient == bindparam("recipient"),
        approvals.c.id != bindparam("itself"),
        approvals.c.created_at <= bindparam("until"),
    )
    .order_by(approvals.c.created_at.desc())
    .limit(HISTORY_MOST)
)
_CLIENT = Prepared(select(clients.c.name).where(clients.c.id == bindparam("client")))


def detail(conn: Connection, actor: Actor, approval_id: str) -> ApprovalDetail:
    """The whole item.

    Raises:
        DomainRefusal: there is none that the actor sees (`not_found`).
    """
    row = find(conn, actor, approval_id)
    surroundings = {
        "client_name": _CLIENT.scalar(conn, {"client": row["client_id"]}),
        "lead": leads.find(conn, actor, row["lead_id"]) if row["lead_id"] else None,
        "run": runs.find(conn, actor, row["run_id"]) if row["run_id"] else None,
        "history": _history(conn, row),
        "trail": audit.trail(conn, row["id"]),
    }
    return ApprovalDetail.model_validate(fields_of(row) | surroundings)


def _history(conn: Connection, row: Row) -> list[HistoryItem]:
    place = {
        "client": row["client_id"],
        "recipient": row["recipient"],
        "itself": row["id"],
        "until": row["created_at"],
    }
    return [
        HistoryItem(
            at=earlier["decision_order"],
            kind=earlier["kind"],
            subject=earlier["subject"],
            state=earlier["delivery_state"] if earlier["status"] == "approved" else earlier["status"],
            approval_id=earlier["id"],
        )
        for earlier in _HISTORY.mappings(conn, place)
    ]
