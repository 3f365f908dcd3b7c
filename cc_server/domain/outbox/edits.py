"""A person edits a draft before it is sent; the agent's own stays beside it, and risk is judged anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from cc_api_client.models.events import EventType
from cc_api_client.models.outbox.approvals import Approval
from cc_server.domain.base.patches import merged
from cc_server.domain.base.refusals import already_decided, version_conflict
from cc_server.domain.base.unit import Unit
from cc_server.domain.judgement.judging import judge_draft
from cc_server.domain.outbox.decisions import compare_and_set
from cc_server.domain.outbox.drafts import follows_from
from cc_server.domain.outbox.rows import find_to_change, model_of, tell

_KEPT = ("subject", "body", "payload")


def edit(conn: Connection, unit: Unit, approval_id: str, changes: Mapping[str, Any], version: int | None) -> Approval:
    """Change a pending draft that was read at `version`.

    Args:
        conn: the transaction.
        unit: who, when.
        approval_id: which.
        changes: `subject`, `body`, `to_name`, `payload` (a merge patch, RFC 7396); what is left out stays.
        version: what the editor started from; None: any.

    Raises:
        DomainRefusal: `already_decided`, `version_conflict`.
    """
    row = find_to_change(conn, unit.actor, approval_id)
    if row["status"] != "pending":
        raise already_decided(f"it is {row['status']}; only what is pending is edited", model_of(row))
    if version not in (None, row["version"]):
        raise version_conflict(model_of(row))
    texts = {name: row[name] for name in ("client_id", "kind", "to_email", "to_name", *_KEPT)}
    texts |= {name: value for name, value in changes.items() if name != "payload"}
    if "payload" in changes:
        texts["payload"] = merged(texts["payload"], changes["payload"])
    judgement = judge_draft(conn, unit, row["id"], {**row, **texts})
    written: dict[str, Any] = texts | follows_from(texts) | judgement.columns()
    written |= {"edited_by": unit.actor.name, "edited_at": unit.now}
    if row["original"] is None:
        written |= {"original": {name: row[name] for name in _KEPT}, "drafted_facts": row["facts"]}
    after = compare_and_set(conn, unit, row, written)
    return tell(conn, unit, row, after, EventType.APPROVAL_UPDATED, "approval.edit")
