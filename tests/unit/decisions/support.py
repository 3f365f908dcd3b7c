"""What the tests of decisions share: a decision, a clock that stands, a server's part and a sink that remember."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cc_api_client.models.outbox.approvals import Approval, ApprovalDetail
from cc_api_client.resources.answers import Acted, Snapshot
from cc_tui.decisions.journal import Decision, Destination, Reason, Seen, Verb

HERE = Destination("server-1", "ana")
ELSEWHERE = Destination("server-2", "ana")


def decision(key: str = "k1", approval: str = "one", **changes: Any) -> Decision:
    """A decision to approve."""
    fields: dict[str, Any] = {
        "key": key, "approval_id": approval, "verb": Verb.APPROVE, "seen": Seen(3, "ab" * 32), "decided_at": 1_000.0,
        "destination": HERE, "recipient": f"{approval}@acme.example", "subject": "Hello",
    }  # fmt: skip
    return Decision(**(fields | changes))


def rejection(key: str = "k2", approval: str = "two") -> Decision:
    """A decision to reject, with words."""
    return decision(key, approval, verb=Verb.REJECT, reason=Reason("other", "not ours"))


def approval(approval_id: str, status: str = "approved", version: int = 4, **told: Any) -> Approval:
    """The server's item after a decision."""
    return Approval(
        id=approval_id, client_id="c", kind="email", status=status, version=version, created_at=datetime.now(UTC),
        **told,
    )  # fmt: skip


class StandingClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def wall(self) -> float:
        """Seconds since the epoch."""
        return self.seconds

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self.seconds


@dataclass
class FakePort:
    """The server's part: answers what the test says, and remembers what it was sent."""

    answer: Callable[[str], Approval | Exception] = approval
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    gate: asyncio.Event | None = None
    kept: Callable[[str], Approval | Exception] = lambda approval_id: approval(approval_id, "pending", 3)
    asked: list[str] = field(default_factory=list)

    async def approve(
        self, approval_id: str, *, version: int, payload_sha256: str, idempotency_key: str, note: str | None = None
    ) -> Acted[Approval]:
        """Approve."""
        del version, payload_sha256, note
        return await self._answer("approve", approval_id, idempotency_key)

    async def reject(
        self, approval_id: str, *, version: int, payload_sha256: str, idempotency_key: str, reason_code: str,
        reason: str | None = None,
    ) -> Acted[Approval]:  # fmt: skip
        """Reject."""
        del version, payload_sha256, reason_code, reason
        return await self._answer("reject", approval_id, idempotency_key)

    async def undo(self, approval_id: str, *, version: int, idempotency_key: str) -> Acted[Approval]:
        """Undo."""
        del version
        return await self._answer("undo", approval_id, idempotency_key)

    async def get(self, approval_id: str) -> Snapshot[ApprovalDetail]:
        """How it is: `kept` tells, else it waits as it was seen."""
        self.asked.append(approval_id)
        found = self.kept(approval_id)
        if isinstance(found, Exception):
            raise found
        return Snapshot(ApprovalDetail.model_validate(found.model_dump()))

    async def _answer(self, verb: str, approval_id: str, key: str) -> Acted[Approval]:
        self.calls.append((verb, approval_id, key))
        if self.gate is not None:
            await self.gate.wait()
        found = self.answer(approval_id)
        if isinstance(found, Exception):
            raise found
        return Acted(status=str(found.status), changed=True, item=found, replayed=False)


class FakeSink:
    """Remembers what it was told, in order."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def undelivered(self, decision: Decision) -> None:
        """It waits for the server."""
        self.told.append(("undelivered", decision.key))

    def locked_out(self, decision: Decision, sentence: str) -> None:
        """It waits for the key."""
        del sentence
        self.told.append(("locked out", decision.key))

    def offered(self, decision: Decision) -> None:
        """It waits for a word."""
        self.told.append(("offered", decision.key))

    def confirmed(self, decision: Decision, approval: Approval) -> None:
        """The server has it."""
        del approval
        self.told.append(("confirmed", decision.key))

    def conflict(self, decision: Decision, sentence: str, approval: Approval | None) -> None:
        """Someone was first."""
        del sentence, approval
        self.told.append(("conflict", decision.key))

    def refused(self, decision: Decision, sentence: str) -> None:
        """The server will not take it."""
        del sentence
        self.told.append(("refused", decision.key))

    def dropped(self, decision: Decision) -> None:
        """Taken back."""
        self.told.append(("dropped", decision.key))

    def undo_asked(self, decision: Decision) -> None:
        """The server is asked."""
        del decision

    def undo_waits(self, decision: Decision) -> None:
        """No answer came yet."""
        self.told.append(("undo_waits", decision.key))

    def undone(self, decision: Decision, approval: Approval) -> None:
        """The server took it back."""
        del approval
        self.told.append(("undone", decision.key))

    def undo_failed(self, decision: Decision, sentence: str, approval: Approval | None) -> None:
        """Too late."""
        del sentence, approval
        self.told.append(("undo_failed", decision.key))

    def words(self, key: str) -> list[str]:
        """What was told of one decision."""
        return [word for word, of in self.told if of == key]


def journal_files(folder: Path) -> list[str]:
    """The journals in a folder."""
    return sorted(path.name for path in folder.glob("journal-*.db"))
