"""An agent hands in a draft: it is judged, hashed and waits for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert

from cc_api_client.models.events import EventType
from cc_api_client.models.outbox.approvals import Approval
from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import approvals
from cc_server.domain.base.hashing import payload_sha256, text_sha256
from cc_server.domain.base.unit import Unit
from cc_server.domain.controls import suppression
from cc_server.domain.judgement.judging import judge_draft
from cc_server.domain.outbox.rows import tell

PREVIEW_LONGEST = 120
NEVER_WRITE = "the recipient must not be written to"

_INSERT = Prepared(insert(approvals))
_NOTHING_DECIDED: dict[str, Any] = dict.fromkeys(
    ("returned", "returned_why", "decided_by", "decided_by_key", "decided_at", "reason_code", "reason", "edited_by",
     "edited_at", "original", "drafted_facts", "undo_until", "delivery_id", "delivery_state")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NewDraft:
    """What an agent wants to send or do. `template` is equal for drafts made alike."""

    client_id: str
    kind: str
    agent_name: str
    to_email: str
    to_name: str | None
    subject: str
    body: str
    payload: Mapping[str, Any] | None = None
    lead_id: str | None = None
    run_id: str | None = None
    template: str | None = None


def create(conn: Connection, unit: Unit, draft: NewDraft) -> Approval:
    """Store a draft as a pending approval; one to an address that must not be written to is born cancelled."""
    approval_id = unit.ids.new()
    texts: dict[str, Any] = {
        "client_id": draft.client_id, "kind": draft.kind, "to_email": draft.to_email, "to_name": draft.to_name,
        "subject": draft.subject, "body": draft.body, "payload": dict(draft.payload) if draft.payload else None,
    }  # fmt: skip
    stack = text_sha256(f"{draft.agent_name}\x1f{draft.template}")[:16] if draft.template else None
    origin = {"agent_name": draft.agent_name, "lead_id": draft.lead_id, "run_id": draft.run_id}
    judgement = judge_draft(conn, unit, approval_id, texts | origin)
    never = bool(judgement.facts.is_suppressed)
    row: dict[str, Any] = (
        texts
        | origin
        | {"recipient": suppression.address_of(draft.to_email)}
        | follows_from(texts)
        | judgement.columns()
        | _NOTHING_DECIDED
        | {
            "id": approval_id, "status": "cancelled" if never else "pending", "stack_key": stack,
            "created_at": unit.now, "decision_order": unit.now, "version": 1,
            "expires_at": unit.now + timedelta(hours=unit.settings.approvals.expire_hours),
        }
    )  # fmt: skip
    _INSERT.run(conn, row)
    return tell(conn, unit, None, row, EventType.APPROVAL_CREATED, "approval.create", NEVER_WRITE if never else None)


def follows_from(texts: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that follow from the texts of a draft alone: hashes and preview."""
    return {
        "body_sha256": text_sha256(str(texts["body"])),
        "preview": " ".join(str(texts["body"])[: 4 * PREVIEW_LONGEST].split())[:PREVIEW_LONGEST],
        "payload_sha256": payload_sha256(texts),
    }
