"""Delivers decisions: from the journal to the server, again and again until it answers, each exactly as it was made.

A decision is in the journal before this knows of it, and leaves it only when the server has confirmed it or the
operator has taken it back. Knows the client by a small protocol; knows no Textual.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Protocol

from cc_api_client.errors import CommandCenterError, Conflict, Unauthorized, VersionConflict
from cc_tui.decisions.delivery.freshness import Freshness
from cc_tui.decisions.delivery.loop import DeliveryLoop
from cc_tui.decisions.delivery.recall import PASSING, Recall
from cc_tui.decisions.journal import Decision, Destination, Journal, Seen, TroubleKind, Verb
from cc_tui.state.clock import Clock

if TYPE_CHECKING:
    from cc_api_client.models.outbox.approvals import Approval, ApprovalDetail
    from cc_api_client.resources.answers import Acted, Snapshot
    from cc_tui.decisions.batches import Batch

AT_ONCE = 4
UNDO_REMEMBERED = 200
_PART = ": "
"""Between a batch's key and the approval that is a part of it; no key has it."""


class DecisionPort(Protocol):
    """The server's part: `client.approvals`."""

    async def approve(
        self, approval_id: str, *, version: int, payload_sha256: str, idempotency_key: str, note: str | None = None
    ) -> Acted[Approval]:
        """Approve what was seen."""

    async def reject(
        self,
        approval_id: str,
        *,
        version: int,
        payload_sha256: str,
        idempotency_key: str,
        reason_code: str,
        reason: str | None = None,
    ) -> Acted[Approval]:
        """Reject what was seen."""

    async def undo(self, approval_id: str, *, version: int, idempotency_key: str) -> Acted[Approval]:
        """Take a decision back."""

    async def get(self, approval_id: str) -> Snapshot[ApprovalDetail]:
        """The approval as it is."""


class DecisionSink(Protocol):
    """Where outcomes go: the state, and the message line."""

    def undelivered(self, decision: Decision) -> None:
        """It is on disk and waits for the server."""

    def locked_out(self, decision: Decision, sentence: str) -> None:
        """The server does not take the key: it waits until it does."""

    def offered(self, decision: Decision) -> None:
        """It waits for the operator's word."""

    def confirmed(self, decision: Decision, approval: Approval) -> None:
        """The server has it."""

    def conflict(self, decision: Decision, sentence: str, approval: Approval | None) -> None:
        """Someone was first, or the draft changed since it was seen."""

    def refused(self, decision: Decision, sentence: str) -> None:
        """The server will not take it."""

    def dropped(self, decision: Decision) -> None:
        """The operator took it back before it was delivered."""

    def undo_asked(self, decision: Decision) -> None:
        """The server is asked to take it back."""

    def undo_waits(self, decision: Decision) -> None:
        """It is taken back as soon as the server has answered for it."""

    def undone(self, decision: Decision, approval: Approval) -> None:
        """The server took it back."""

    def undo_failed(self, decision: Decision, sentence: str, approval: Approval | None) -> None:
        """Too late, or the server can't be asked."""


class Dispatcher:
    """Sends what waits, oldest first, a few at once, one at a time an approval.

    Args:
        journal: where decisions are.
        sink: told of every outcome.
        clock: time.
        rng: jitter.
        new_key: makes idempotency keys.
        deliver_within_seconds: a decision older than this when the server takes it is sent only on the operator's word.
        drawn_within: as the `DeliveryLoop` takes it.
    """

    def __init__(
        self,
        journal: Journal,
        sink: DecisionSink,
        clock: Clock,
        rng: Random,
        new_key: Callable[[], str],
        *,
        deliver_within_seconds: float = 900.0,
        drawn_within: float = 0.0,
    ) -> None:
        self._journal = journal
        self._sink = sink
        self._new_key = new_key
        self._freshness = Freshness(clock, deliver_within_seconds)
        self.when_offered: Callable[[], None] = lambda: None
        """Called when something waits for the operator's word that went out by itself before."""
        self._port: DecisionPort | None = None
        self._destination: Destination | None = None
        self._recall: Recall[Decision, int] = Recall(self, UNDO_REMEMBERED)
        """What can be taken back, with the approval's version once it is delivered."""
        self.loop: DeliveryLoop[Decision] = DeliveryLoop(
            self, self._recall, clock, rng, at_once=AT_ONCE, drawn_within=drawn_within
        )

    # What the session tells

    def connect(self, port: DecisionPort, destination: Destination) -> None:
        """The server is known: what was made for it can go there. Older decisions are offered."""
        self._port, self._destination = port, destination
        for decision in self._journal.decisions():
            if decision.destination != destination:
                continue
            self._show(decision)
        self.reached()

    def reached(self) -> None:
        """The server can be reached (again): send what waits, offer what is too old and what others left behind."""
        self._take_over()
        self.offer_stale()
        self.loop.reached()

    def _take_over(self) -> None:
        """Journals that could not be taken over before, or whose app ended meanwhile."""
        known = {decision.key for decision in self._journal.decisions()}
        if not self._journal.adopt_orphans():
            return
        for decision in self._journal.decisions():
            if decision.key not in known and decision.destination == self._destination:
                self._show(decision)

    def decide(self, decision: Decision) -> None:
        """Keep a decision and have it delivered.

        Raises:
            AlreadyDecided, JournalUnavailable: it was not kept; nothing may be shown as decided.
        """
        self._journal.record(decision)
        self._recall.remember(decision)
        self._sink.undelivered(decision)
        self.loop.look()

    @property
    def destination(self) -> Destination | None:
        """Where decisions go; None until the server has told who it is."""
        return self._destination

    def waiting(self) -> list[Decision]:
        """Decisions that the server has not confirmed, oldest first; with those that wait for a word."""
        return self._journal.undelivered(self._destination) if self._destination is not None else []

    def offered(self) -> list[Decision]:
        """Decisions that wait for the operator's word, oldest first."""
        return [decision for decision in self.waiting() if decision.is_offered]

    def send(self, keys: list[str]) -> None:
        """The operator's word: send these."""
        self._freshness.renew(keys)
        self._journal.send_after_all(keys)
        for decision in self.waiting():
            if decision.key in keys:
                self._recall.remember(decision)
                self._sink.undelivered(decision)
        self.loop.look()

    def had_arrived(self, decision: Decision, approval: Approval) -> None:
        """The server has it, only its answer was lost: it waits for nobody's word, and can be taken back."""
        if any(one.key == decision.key for one in self.offered()):
            self._recall.remember(decision)
            self._confirmed(decision, approval)

    def had_arrived_in(self, batch: Batch, approval: Approval) -> None:
        """The server did this part of a batch that it did not finish: it can be taken back by itself."""
        item = next(one for one in batch.items if one.approval_id == approval.id)
        part = Decision(
            key=f"{batch.key}{_PART}{item.approval_id}", approval_id=item.approval_id, verb=Verb(batch.verb),
            seen=Seen(item.version, item.payload_sha256), decided_at=batch.decided_at, destination=batch.destination,
            recipient=item.recipient, subject="",
        )  # fmt: skip
        self._recall.remember(part, approval.version)

    def forget_parts(self, batch_keys: list[str]) -> None:
        """These batches are sent again, and taken back as a whole from now on."""
        self._recall.forget_all(lambda key: key.partition(_PART)[0] in batch_keys and _PART in key)

    def drop(self, keys: list[str]) -> None:
        """The operator's word: forget these, undelivered or in trouble."""
        for decision in self._journal.decisions():
            if decision.key in keys and not self._recall.is_under_way(decision.key):
                self._journal.settle(decision.key)
                self._recall.forget(decision.key)
                self._sink.dropped(decision)
        self.loop.look()

    # Undo

    @property
    def newest(self) -> Decision | None:
        """The newest decision that can be taken back."""
        return self._recall.newest

    async def undo_newest(self) -> bool:
        """Take back the newest decision that still can be; False when there is none. The sink tells what came of it.

        Raises:
            CommandCenterError: one of `PASSING`: it is delivered, and the server can't be asked now; try again.
        """
        return await self._recall.take_back_newest()

    def undo_waits(self, kept: Decision) -> None:
        """Say that it is taken back as soon as the server has answered for it."""
        self._sink.undo_waits(kept)

    def drop_unsent(self, kept: Decision) -> bool:
        """It never left: forget it; False when it is not waiting any more."""
        if all(waiting.key != kept.key for waiting in self._journal.undelivered(kept.destination)):
            return False
        self._journal.settle(kept.key)
        self._sink.dropped(kept)
        self.loop.look()
        return True

    async def undo_delivered(self, kept: Decision, handle: int) -> None:
        """Ask the server to take it back; `handle` is the approval's version."""
        if self._port is None:
            return
        self._sink.undo_asked(kept)
        try:
            answer = await self._port.undo(kept.approval_id, version=handle, idempotency_key=self._new_key())
        except PASSING:
            raise
        except (Conflict, VersionConflict) as error:
            self._sink.undo_failed(kept, str(error), error.item)
        except CommandCenterError as error:
            self._sink.undo_failed(kept, str(error), None)
        else:
            self._sink.undone(kept, answer.item)

    # Delivering

    async def run(self) -> None:
        """Deliver until cancelled; what is in flight then is sent again at the next start, under the same key."""
        await self.loop.run()

    async def flush(self, seconds: float) -> int:
        """Wait until everything is delivered, at most `seconds`; returns how many decisions are not."""
        await self.loop.flush(seconds)
        return len(self.waiting())

    def sendable(self) -> list[Decision]:
        """What waits for nothing but the server, oldest first."""
        return [one for one in self.waiting() if not one.is_offered]

    def offer_stale(self) -> None:
        """What waited for too long, and is not under way, waits for the operator's word from now on."""
        stale = [one for one in self.sendable() if self._is_stale(one)]
        if not stale:
            return
        self._journal.offer([decision.key for decision in stale])
        for decision in stale:
            self._recall.forget(decision.key)
            self._sink.offered(decision)
        self.when_offered()

    def _is_stale(self, decision: Decision) -> bool:
        return self._freshness.is_stale(decision) and not self._recall.is_under_way(decision.key)

    async def deliver(self, kept: Decision) -> None:
        """Send it as it was made, and act on the answer."""
        if self._port is None:
            return
        try:
            answer = await _send(self._port, kept)
        except Unauthorized as error:
            self._sink.locked_out(kept, str(error))
            raise
        except PASSING:
            raise
        except (Conflict, VersionConflict) as error:
            self._in_trouble(kept, TroubleKind.CONFLICT, str(error))
            self._sink.conflict(kept, str(error), error.item)
        except CommandCenterError as error:
            self._in_trouble(kept, TroubleKind.REFUSED, str(error))
            self._sink.refused(kept, str(error))
        else:
            self._confirmed(kept, answer.item)

    def _confirmed(self, decision: Decision, approval: Approval) -> None:
        self._journal.settle(decision.key)
        self._sink.confirmed(decision, approval)
        self._recall.delivered(decision.key, approval.version)

    def _in_trouble(self, decision: Decision, kind: TroubleKind, sentence: str) -> None:
        self._journal.trouble(decision.key, kind, sentence)
        self._recall.forget(decision.key)

    def _show(self, decision: Decision) -> None:
        if decision.trouble_kind is TroubleKind.CONFLICT:
            self._sink.conflict(decision, decision.trouble or "", None)
        elif decision.trouble_kind is TroubleKind.REFUSED:
            self._sink.refused(decision, decision.trouble or "")
        elif decision.is_offered:
            self._sink.offered(decision)
        else:
            self._sink.undelivered(decision)


async def _send(port: DecisionPort, decision: Decision) -> Acted[Approval]:
    """One request, exactly as the decision was made."""
    if decision.verb is Verb.APPROVE:
        return await port.approve(
            decision.approval_id,
            version=decision.seen.version,
            payload_sha256=decision.seen.payload_sha256,
            idempotency_key=decision.key,
        )
    reason = decision.reason
    return await port.reject(
        decision.approval_id,
        version=decision.seen.version,
        payload_sha256=decision.seen.payload_sha256,
        idempotency_key=decision.key,
        reason_code=reason.code if reason is not None else "other",
        reason=reason.words if reason is not None else None,
    )
