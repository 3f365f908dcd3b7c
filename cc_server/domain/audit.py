"""The audit trail: who did or tried what, to which object. Bodies stand in it as hashes only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from cc_api_client.models.operations import AuditRow
from cc_server.db.tables import audit
from cc_server.domain.unit import Unit

_INSERT = insert(audit)
_OF_OBJECT = select(audit).where(audit.c.object_id == bindparam("object_id")).order_by(audit.c.seq).limit(50)


def record(
    conn: Connection,
    unit: Unit,
    action: str,
    object_type: str,
    object_id: str,
    client_id: str | None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Write one line."""
    conn.execute(
        _INSERT,
        {
            "at": unit.now, "actor": unit.actor.name, "action": action, "object_type": object_type,
            "object_id": object_id, "client_id": client_id, "before": dict(before) if before else None,
            "after": dict(after) if after else None, "reason": reason, "request_id": unit.request_id,
        },
    )  # fmt: skip


def trail(conn: Connection, object_id: str) -> list[AuditRow]:
    """The lines about one object, oldest first, fifty at most."""
    return [AuditRow.model_validate(dict(row._mapping)) for row in conn.execute(_OF_OBJECT, {"object_id": object_id})]
