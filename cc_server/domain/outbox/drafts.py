"""An agent hands in a draft: it is judged, hashed and waits for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from cc_api_client.models.approvals import Approval, Severity
from cc_api_client.models.events import EventType
from cc_api_client.models.risk_levels import HIGH_FROM
from cc_server.db.tables import approvals
from cc_server.domain.hashing import payload_sha256, text_sha256
from cc_server.domain.outbox.rows import tell
from cc_server.domain.risk.draft import Draft
from cc_server.domain.risk.judging import is_deliverable, judge
from cc_server.domain.unit import Unit

PREVIEW_LONGEST = 120
NO_POLICY = "no policy yet"
TWIN_DAYS = 30

_INSERT = insert(approvals)
_TWIN = (
    select(approvals.c.id)
    .where(
        approvals.c.client_id == bindparam("client"),
        approvals.c.to_email == bindparam("recipient"),
        approvals.c.created_at >= bindparam("since"),
        approvals.c.body_sha256 == bindparam("text"),
        approvals.c.id != bindparam("itself"),
        approvals.c.status.in_(("pending", "approved")),
    )
    .limit(1)
)
_NOTHING_DECIDED: dict[str, Any] = dict.fromkeys(
    ("returned", "returned_why", "decided_by", "decided_by_key", "decided_at", "reason_code", "reason", "edited_by",
     "edited_at", "original", "undo_until", "delivery_id", "delivery_state")
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
    """Store a draft as a pending approval."""
    approval_id = unit.ids.new()
    texts: dict[str, Any] = {
        "client_id": draft.client_id, "kind": draft.kind, "to_email": draft.to_email, "to_name": draft.to_name,
        "subject": draft.subject, "body": draft.body, "payload": dict(draft.payload) if draft.payload else None,
    }  # fmt: skip
    stack = text_sha256(f"{draft.agent_name}\x1f{draft.template}")[:16] if draft.template else None
    row: dict[str, Any] = (
        texts
        | judged(conn, approval_id, texts, unit.now)
        | _NOTHING_DECIDED
        | {
            "id": approval_id, "agent_name": draft.agent_name, "lead_id": draft.lead_id, "run_id": draft.run_id,
            "status": "pending", "stack_key": stack, "created_at": unit.now, "decision_order": unit.now,
            "expires_at": unit.now + timedelta(hours=unit.settings.approvals.expire_hours), "version": 1,
        }
    )  # fmt: skip
    conn.execute(_INSERT, row)
    return tell(conn, unit, None, row, EventType.APPROVAL_CREATED, "approval.create")


def judged(conn: Connection, approval_id: str, texts: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """All columns that follow from the texts of a draft: risk, safety, hashes, preview."""
    text = text_sha256(str(texts["body"]))
    twin = {
        "client": texts["client_id"], "recipient": texts["to_email"], "text": text, "itself": approval_id,
        "since": now - timedelta(days=TWIN_DAYS),
    }  # fmt: skip
    risk = judge(
        Draft(
            kind=texts["kind"], to_email=texts["to_email"], to_name=texts["to_name"], subject=texts["subject"],
            body=texts["body"], payload=texts["payload"], has_twin=conn.execute(_TWIN, twin).first() is not None,
        )
    )  # fmt: skip
    return {
        "risk_score": risk.score,
        "risk_parts": [part.model_dump() for part in risk.parts],
        "risk_flags": [flag.model_dump(mode="json") for flag in risk.flags],
        "high_risk": risk.score >= HIGH_FROM or any(flag.severity == Severity.BLOCK for flag in risk.flags),
        "deliverable": is_deliverable(risk),
        "safe": False,
        "safe_reasons": [],
        "unsafe_reasons": [NO_POLICY],
        "body_sha256": text,
        "preview": " ".join(str(texts["body"])[: 4 * PREVIEW_LONGEST].split())[:PREVIEW_LONGEST],
        "payload_sha256": payload_sha256(texts),
    }
