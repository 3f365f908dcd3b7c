"""One approval as a list needs it: a compact row, its view, and what the operator here did to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from sys import intern
from typing import TYPE_CHECKING

from cc_api_client.models.outbox.delivery_states import LEAVING, PROBLEMS

if TYPE_CHECKING:
    from cc_api_client.models.outbox.approvals import Approval, Delivery


class View(StrEnum):
    """The views of the Approvals tab, in order."""

    PENDING = "pending"
    LEAVING = "leaving"
    PROBLEMS = "problems"
    SENT = "sent"
    REJECTED = "rejected"
    EXPIRED = "expired"


GROWING: frozenset[View | None] = frozenset({View.SENT, View.REJECTED, View.EXPIRED, None})
"""Views that only grow; None: what was cancelled, which none shows."""


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
class RowDelivery:
    """The newest delivery of an approval; `trouble` is why it failed or waits, in the server's words."""

    id: str
    state: str
    version: int
    not_before: float
    trouble: str


NO_DELIVERY = RowDelivery("", "", 0, 0.0, "")


@dataclass(frozen=True, slots=True)
class RowWord:
    """A person's word on an approval: who decided and when, and why it came back to be decided again."""

    by: str
    at: float | None
    returned_why: str


NO_WORD = RowWord("", None, "")


@dataclass(frozen=True, slots=True)
class RowLikeness:
    """What an approval has alike with many others: one object for all of them (`alike`)."""

    client_id: str
    kind: str
    agent: str
    status: str
    risk: int
    weight: Weight
    flags: tuple[str, ...]
    safe: bool
    lives_seconds: float | None
    word: RowWord
    delivery: RowDelivery
    version: int


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """An approval without its body; times are seconds since the epoch by the server's clock.

    There may be 100,000 of them: a row holds what is its own, and refers to what many have `alike`.
    """

    id: str
    to_email: str
    to_name: str
    subject: str
    created_at: float
    hash: bytes | str
    """As `packed_hash` makes it; `payload_sha256` is the server's own text."""
    alike: RowLikeness

    @property
    def client_id(self) -> str:
        """Whose it is."""
        return self.alike.client_id

    @property
    def kind(self) -> str:
        """What it is: email, follow_up …"""
        return self.alike.kind

    @property
    def agent(self) -> str:
        """Who drafted it."""
        return self.alike.agent

    @property
    def status(self) -> str:
        """What was decided, by the server's word."""
        return self.alike.status

    @property
    def risk(self) -> int:
        """Its score, from 0 to 100."""
        return self.alike.risk

    @property
    def weight(self) -> Weight:
        """Its heaviest flag."""
        return self.alike.weight

    @property
    def flags(self) -> tuple[str, ...]:
        """The codes of its flags."""
        return self.alike.flags

    @property
    def safe(self) -> bool:
        """Whether the policy lets it out with all that are safe."""
        return self.alike.safe

    @property
    def word(self) -> RowWord:
        """A person's word on it."""
        return self.alike.word

    @property
    def delivery(self) -> RowDelivery:
        """Its newest delivery."""
        return self.alike.delivery

    @property
    def version(self) -> int:
        """It counts up with every change."""
        return self.alike.version

    @property
    def expires_at(self) -> float | None:
        """When nobody may decide it any more, to the millisecond."""
        lives_seconds = self.alike.lives_seconds
        return None if lives_seconds is None else self.created_at + lives_seconds

    @property
    def payload_sha256(self) -> str:
        """The hash of what would go out, as the server tells it."""
        return self.hash.hex() if isinstance(self.hash, bytes) else self.hash

    @property
    def is_decided(self) -> bool:
        """Whether a person or time has decided it."""
        return self.status != "pending"

    @property
    def view(self) -> View | None:
        """The view it belongs to by the server's word; None for cancelled and unknown states."""
        if self.status == "pending":
            return View.PROBLEMS if self.word.returned_why == "blocked" else View.PENDING
        if self.status in (View.REJECTED, View.EXPIRED):
            return View(self.status)
        if self.status != "approved":
            return None
        if self.delivery.state in LEAVING:
            return View.LEAVING
        if self.delivery.state in PROBLEMS:
            return View.PROBLEMS
        return View.SENT if self.delivery.state == "sent" else None

    def is_newer_than(self, other: ApprovalRow) -> bool:
        """Whether it tells something later than `other` (of the same approval).

        Of the same version it does where it was judged again: whether it is safe follows the policy, not the text.
        """
        mine, theirs = (self.version, self.delivery.version), (other.version, other.delivery.version)
        return mine > theirs or (mine == theirs and self.safe is not other.safe)

    def with_delivery(self, delivery: RowDelivery) -> ApprovalRow:
        """The same approval, delivered otherwise."""
        return replace(self, alike=replace(self.alike, delivery=delivery))


def row_of(approval: Approval) -> ApprovalRow:
    """The row of an approval as the wire has it; words that come again in other rows are kept once."""
    created_at = approval.created_at.timestamp()
    likeness = RowLikeness(
        client_id=intern(approval.client_id),
        kind=intern(str(approval.kind)),
        agent=intern(approval.agent_name or ""),
        status=intern(str(approval.status)),
        risk=approval.risk.score,
        weight=heaviest(str(flag.severity) for flag in approval.risk.flags),
        flags=tuple(intern(flag.code) for flag in approval.risk.flags),
        safe=approval.safe,
        lives_seconds=lives(created_at, _seconds(approval.expires_at)),
        word=word_of(
            approval.decided_by or "", _seconds(approval.decided_at), approval.returned.why if approval.returned else ""
        ),
        delivery=delivery_of(approval.delivery) if approval.delivery else NO_DELIVERY,
        version=approval.version,
    )
    return ApprovalRow(
        id=approval.id,
        to_email=approval.to_email,
        to_name=intern(approval.to_name or ""),
        subject=intern(approval.subject),
        created_at=created_at,
        hash=packed_hash(approval.payload_sha256),
        alike=alike(likeness),
    )


def delivery_of(delivery: Delivery) -> RowDelivery:
    """A delivery as its row has it."""
    return RowDelivery(
        id=delivery.id,
        state=intern(str(delivery.state)),
        version=delivery.version,
        not_before=delivery.not_before.timestamp(),
        trouble=delivery.error or delivery.waiting_for or "",
    )


def word_of(by: str, at: float | None, returned_why: str) -> RowWord:
    """A person's word as a row has it."""
    return RowWord(intern(by), at, intern(returned_why)) if by or at is not None or returned_why else NO_WORD


def lives(created_at: float, expires_at: float | None) -> float | None:
    """How long an approval may be decided, in seconds to the millisecond."""
    return None if expires_at is None else round(expires_at - created_at, 3)


def packed_hash(text: str) -> bytes | str:
    """A hash in a third of the room; one that would not come out again letter by letter stays as it is."""
    try:
        packed = bytes.fromhex(text)
    except ValueError:
        return text
    return packed if packed.hex() == text else text


def alike(likeness: RowLikeness) -> RowLikeness:
    """One object for all that are the same; what was edited, decided or delivered is like few others."""
    is_common = likeness.version == 1 and likeness.delivery is NO_DELIVERY and likeness.word is NO_WORD
    return _shared(likeness) if is_common else likeness


def forget_alike() -> None:
    """Hold on to no likeness that only rows which are gone had; those that are there keep theirs."""
    _shared.cache_clear()


@lru_cache(maxsize=2048)
def _shared(likeness: RowLikeness) -> RowLikeness:
    return likeness


def newest_first(rows: Iterable[ApprovalRow]) -> list[ApprovalRow]:
    """Rows by when they were decided or expired, the newest first."""
    return sorted(rows, key=lambda row: (row.word.at or row.expires_at or row.created_at, row.id), reverse=True)


def heaviest(severities: Iterable[str]) -> Weight:
    """The heaviest of the flags' severities; one we don't know weighs as a warning."""
    order = list(Weight)
    found = Weight.NONE
    for severity in severities:
        weight = Weight(severity) if severity in order else Weight.WARN
        found = max(found, weight, key=order.index)
    return found


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None
