"""An agent hands in a draft: it is judged, hashed and waits for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from cc_server.domain.judgement.judging import Judgement, judge_arrivals
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
    return create_many(conn, [(unit, draft)])[0]


def create_many(conn: Connection, handed_in: Sequence[tuple[Unit, NewDraft]]) -> list[Approval]:
    """Store drafts that come one after the other, each in its own unit of work, as `create` would store each.

    What is around them is read in one go, and what they make is written together.
    """
    drafts = [(unit, unit.ids.new(), _columns(draft)) for unit, draft in handed_in]
    judgements = judge_arrivals(conn, drafts)
    rows = [_row(*draft, judgement) for draft, judgement in zip(drafts, judgements, strict=True)]
    _INSERT.run_many(conn, rows)
    return [_told(conn, unit, row) for (unit, _, _), row in zip(drafts, rows, strict=True)]


def _columns(draft: NewDraft) -> dict[str, Any]:
    """What an agent hands in, as it is stored."""
    stack = text_sha256(f"{draft.agent_name}\x1f{draft.template}")[:16] if draft.template else None
    return {
        "client_id": draft.client_id, "kind": draft.kind, "to_email": draft.to_email, "to_name": draft.to_name,
        "subject": draft.subject, "body": draft.body, "payload": dict(draft.payload) if draft.payload else None,
        "agent_name": draft.agent_name, "lead_id": draft.lead_id, "run_id": draft.run_id, "stack_key": stack,
    }  # fmt: skip


def _row(unit: Unit, approval_id: str, handed_in: Mapping[str, Any], judgement: Judgement) -> dict[str, Any]:
    """A new approval, as it is stored."""
    return {
        **handed_in,
        **follows_from(handed_in),
        **judgement.columns(),
        **_NOTHING_DECIDED,
        "recipient": suppression.address_of(handed_in["to_email"]),
        "id": approval_id, "status": "cancelled" if judgement.facts.is_suppressed else "pending",
        "created_at": unit.now, "decision_order": unit.now, "version": 1,
        "expires_at": unit.now + timedelta(hours=unit.settings.approvals.expire_hours),
    }  # fmt: skip


def _told(conn: Connection, unit: Unit, row: Mapping[str, Any]) -> Approval:
    why = NEVER_WRITE if row["status"] == "cancelled" else None
    return tell(conn, unit, None, row, EventType.APPROVAL_CREATED, "approval.create", why)


def follows_from(texts: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that follow from the texts of a draft alone: hashes and preview."""
    return {
        "body_sha256": text_sha256(str(texts["body"])),
        "preview": " ".join(str(texts["body"])[: 4 * PREVIEW_LONGEST].split())[:PREVIEW_LONGEST],
        "payload_sha256": payload_sha256(texts),
    }
