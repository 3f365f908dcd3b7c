"""The queries around drafts: what is on record about the recipient and the agent, of one draft or of several hundred.

The two are one query, asked with the values of one draft or from a table of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, Text, and_, bindparam, func, literal_column, or_, select

from cc_api_client.models.outbox.delivery_states import MAY_LEAVE
from cc_server.db.portable import handed
from cc_server.db.portable.prepared import Prepared
from cc_server.db.portable.types import UtcDateTime
from cc_server.db.tables import IS_PENDING, agents, approvals, email_history, leads, suppression

Asked = Mapping[str, ColumnElement[Any]]
"""What is asked about a draft, by name: values, or the columns that hold them."""

_ASKED: handed.Columns = {
    "client": Text(), "recipient": Text(), "address": Text(), "itself": Text(), "text": Text(), "agent": Text(),
    "twins_since": UtcDateTime(), "now": UtcDateTime(), "came_at": UtcDateTime(),
}  # fmt: skip


def _spelled(*words: str) -> list[ColumnElement[str]]:
    """Words of ours as they stand in the statement: bound, a list of them is spelled anew each time it runs."""
    return [literal_column(f"'{word}'") for word in words]


def _to_them(asked: Asked) -> tuple[ColumnElement[bool], ...]:
    is_another = approvals.c.id != asked["itself"]
    return approvals.c.client_id == asked["client"], approvals.c.recipient == asked["address"], is_another


def _twin(asked: Asked) -> Select[Any]:
    """Of two that wait only the later one repeats the other; once one was approved, the other does in any case."""
    came_before = or_(
        approvals.c.created_at < asked["came_at"],
        and_(approvals.c.created_at == asked["came_at"], approvals.c.id < asked["itself"]),
    )
    return (
        select(approvals.c.id)
        .where(
            *_to_them(asked),
            approvals.c.created_at >= asked["twins_since"],
            approvals.c.body_sha256 == asked["text"],
            or_(
                approvals.c.status == literal_column("'approved'"),
                and_(IS_PENDING, came_before),
            ),
        )
        .limit(1)
    )


def _another_leaving(asked: Asked) -> Select[Any]:
    return select(approvals.c.id).where(*_to_them(asked), approvals.c.delivery_state.in_(_spelled(*MAY_LEAVE))).limit(1)


def _last(asked: Asked) -> Select[Any]:
    return select(func.max(email_history.c.sent_at)).where(
        email_history.c.client_id == asked["client"],
        email_history.c.recipient == asked["address"],
        email_history.c.sent_at <= asked["now"],
    )


def _suppressed(asked: Asked) -> Select[Any]:
    whose = suppression.c.client_id.in_((literal_column("''"), asked["client"]))
    return select(suppression.c.id).where(whose, suppression.c.email == asked["address"]).limit(1)


def _lead(asked: Asked) -> Select[Any]:
    theirs = leads.c.email.in_((asked["recipient"], asked["address"]))
    return select(leads.c.id).where(leads.c.client_id == asked["client"], theirs).limit(1)


def _found(asked: Asked) -> list[ColumnElement[Any]]:
    """Everything that is found out, each where there is any."""
    queries = {
        "twin": _twin(asked),
        "leaving": _another_leaving(asked),
        "last_sent_at": _last(asked),
        "suppressed": _suppressed(asked),
        "lead": _lead(asked),
        "agent_status": select(agents.c.status).where(agents.c.id == asked["agent"]),
        "agent_heard_at": select(agents.c.last_heartbeat_at).where(agents.c.id == asked["agent"]),
    }
    return [query.scalar_subquery().label(name) for name, query in queries.items()]


def _of_each(drafts: CTE) -> Select[Any]:
    return select(*_found(dict(drafts.c.items()))).select_from(drafts).order_by(drafts.c[handed.PLACE])


AROUND_ONE = Prepared(select(*_found({name: bindparam(name, type_=kind) for name, kind in _ASKED.items()})))
"""Around the draft that the values speak of."""
AROUND_EACH = Prepared(_of_each(handed.on_sqlite(_ASKED)), _of_each(handed.on_postgres(_ASKED)))
"""Around each of the drafts that it is handed, in their order."""
