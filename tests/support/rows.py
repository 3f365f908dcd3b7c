"""Builders of what the wire tells, for tests of the state and the screen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cc_api_client.models.outbox.approvals import Approval, ApprovalDetail
from cc_tui.state.approvals.rows import ApprovalRow, row_of

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def wire_approval(number: int = 1, **changes: Any) -> dict[str, Any]:
    """An approval as JSON; `number` makes it distinct, later numbers are younger by a minute."""
    approval: dict[str, Any] = {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "client_id": "c1",
        "kind": "email",
        "agent_name": "email-draft",
        "to_email": f"person{number}@clinic{number}.example",
        "to_name": f"Person {number}",
        "subject": f"Subject {number}",
        "body": f"Hi Person {number},\n\na short text.\n\nBest,\nAnna",
        "status": "pending",
        "risk": {"score": 10, "parts": [], "flags": []},
        "created_at": (NOON - timedelta(hours=2) + timedelta(minutes=number)).isoformat(),
        "expires_at": (NOON + timedelta(hours=22)).isoformat(),
        "version": 1,
        "payload_sha256": f"{number:064x}",
    }
    return approval | changes


def wire_delivery(number: int = 1, **changes: Any) -> dict[str, Any]:
    """The delivery of `wire_approval(number)`, held."""
    return {
        "id": f"d{number}",
        "approval_id": wire_approval(number)["id"],
        "client_id": "c1",
        "channel": "email",
        "state": "held",
        "not_before": (NOON + timedelta(seconds=10)).isoformat(),
        "version": 1,
    } | changes


def approval(number: int = 1, **changes: Any) -> Approval:
    """An approval as the client hands it out."""
    return Approval.model_validate(wire_approval(number, **changes))


def detail(number: int = 1, **changes: Any) -> ApprovalDetail:
    """A whole item as the client hands it out."""
    return ApprovalDetail.model_validate(wire_approval(number, **changes))


def row(number: int = 1, **changes: Any) -> ApprovalRow:
    """A row as the store holds it."""
    return row_of(approval(number, **changes))


def flag(code: str = "placeholder", severity: str = "block", **changes: Any) -> dict[str, Any]:
    """A flag as JSON."""
    return {"code": code, "severity": severity, "message": f"{code} found", "span": None} | changes
