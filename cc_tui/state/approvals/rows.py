"""One approval as a list needs it: a compact row, its view, and what the operator here did to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from sys import intern
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cc_api_client.models.approvals import Approval, Delivery

LEAVING_STATES = frozenset({"held", "ready", "dispatching", "retry_wait"})
PROBLEM_STATES = frozenset({"failed", "unknown"})


class View(StrEnum):
    """The views of the Approvals tab, in order."""

    PENDING = "pending"
    LEAVING = "leaving"
    PROBLEMS = "problems"
    SENT = "sent"
    REJECTED = "rejected"
    EXPIRED = "expired"


class Weight(StrEnum):
    """The heaviest flag of a draft."""

    NONE = ""
    INFO = "info"
    WARN = "warn"
    BLOCK = "block"


class LocalPhase(StrEnum):
    """Where a decision that was made here is."""

    UNDELIVERED = "undelivered"
    OFFERED = "offered"
    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LocalDecision:
    """What the operator here decided about an approval.

    `verb` is `approve` or `reject`; `at` is the local time in seconds; `sentence` says what went wrong.
    """

    verb: str
    phase: LocalPhase
    at: float
    key: str
    reason: str | None = None
    sentence: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the server has not answered for it yet."""
        return self.phase in (LocalPhase.UNDELIVERED, LocalPhase.OFFERED)


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """An approval without its body; times are seconds since the epoch by the server's clock."""

    id: str
    client_id: str
    kind: str
    agent: str
    to_email: str
    to_name: str
    subject: str
    status: str
    risk: int
    weight: Weight
    flags: tuple[str, ...]
    safe: bool
    created_at: float
    expires_at: float | None
    decided_by: str
    decided_at: float | None
    reason_code: str
    returned_why: str
    delivery_id: str
    delivery: str
    delivery_version: int
    not_before: float
    trouble: str
    version: int
    payload_sha256: str

    @property
    def is_decided(self) -> bool:
        """Whether a person or time has decided it."""
        return self.status != "pending"

    @property
    def view(self) -> View | None:
        """The view it belongs to by the server's word; None for cancelled and unknown states."""
        if self.status == "pending":
            return View.PROBLEMS if self.returned_why == "blocked" else View.PENDING
        if self.status in (View.REJECTED, View.EXPIRED):
            return View(self.status)
        if self.status != "approved":
            return None
        if self.delivery in LEAVING_STATES:
            return View.LEAVING
        if self.delivery in PROBLEM_STATES:
            return View.PROBLEMS
        return View.SENT if self.delivery == "sent" else None

    def is_newer_than(self, other: ApprovalRow) -> bool:
        """Whether it tells something later than `other` (of the same approval).

        Of the same version it does where it was judged again: whether it is safe follows the policy, not the text.
        """
        mine, theirs = (self.version, self.delivery_version), (other.version, other.delivery_version)
        return mine > theirs or (mine == theirs and self.safe is not other.safe)


def row_of(approval: Approval) -> ApprovalRow:
    """The row of an approval as the wire has it."""
    delivery = approval.delivery
    return ApprovalRow(
        id=approval.id,
        client_id=intern(approval.client_id),
        kind=intern(str(approval.kind)),
        agent=intern(approval.agent_name or ""),
        to_email=approval.to_email,
        to_name=approval.to_name or "",
        subject=approval.subject,
        status=intern(str(approval.status)),
        risk=approval.risk.score,
        weight=heaviest(str(flag.severity) for flag in approval.risk.flags),
        flags=tuple(intern(flag.code) for flag in approval.risk.flags),
        safe=approval.safe,
        created_at=approval.created_at.timestamp(),
        expires_at=_seconds(approval.expires_at),
        decided_by=intern(approval.decided_by or ""),
        decided_at=_seconds(approval.decided_at),
        reason_code=intern(str(approval.reason_code or "")),
        returned_why=intern(approval.returned.why if approval.returned else ""),
        delivery_id=delivery.id if delivery else "",
        delivery=intern(str(delivery.state)) if delivery else "",
        delivery_version=delivery.version if delivery else 0,
        not_before=delivery.not_before.timestamp() if delivery else 0.0,
        trouble=_trouble(delivery),
        version=approval.version,
        payload_sha256=approval.payload_sha256,
    )


def heaviest(severities: Iterable[str]) -> Weight:
    """The heaviest of the flags' severities; one we don't know weighs as a warning."""
    order = list(Weight)
    found = Weight.NONE
    for severity in severities:
        weight = Weight(severity) if severity in order else Weight.WARN
        found = max(found, weight, key=order.index)
    return found


def _trouble(delivery: Delivery | None) -> str:
    """Why a delivery failed or waits, in the server's words."""
    if delivery is None:
        return ""
    return delivery.error or delivery.waiting_for or ""


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None
