"""Delivers batches, one after the other: each as its dry run listed it, under its own key, until the server answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Protocol

from cc_api_client.errors import CommandCenterError, Unauthorized
from cc_tui.decisions.batches import Batch, BatchJournal
from cc_tui.decisions.delivery.freshness import Freshness
from cc_tui.decisions.delivery.loop import DeliveryLoop
from cc_tui.decisions.delivery.recall import PASSING, Recall
from cc_tui.decisions.journal import Destination
from cc_tui.state.clock import Clock

if TYPE_CHECKING:
    from cc_api_client.models.outbox.approvals import Approval
    from cc_api_client.models.outbox.batches import BatchResult

UNDO_REMEMBERED = 20


class BatchPort(Protocol):
    """The server's part, in the journal's words."""

    async def commit(self, batch: Batch) -> BatchResult:
        """Do what the batch says."""

    async def undo(self, batch_id: str, idempotency_key: str) -> BatchResult:
        """Take it back."""


class BatchSink(Protocol):
    """Where outcomes go: the state, and the message line."""

    def batch_kept(self, batch: Batch) -> None:
        """It is on disk: it waits for the server, or for the operator's word."""

    def batch_locked_out(self, batch: Batch, sentence: str) -> None:
        """The server does not take the key: it waits until it does."""

    def batch_arrived(self, batch: Batch, items: Sequence[Approval]) -> None:
        """These of it were found decided at the server; the others wait for the operator's word."""

    def batch_done(self, batch: Batch, result: BatchResult) -> None:
        """The server answered for each item."""

    def batch_refused(self, batch: Batch, sentence: str) -> None:
        """Nothing of it was done, and nothing will be."""

    def batch_dropped(self, batch: Batch) -> None:
        """The operator took it back before it was delivered."""

    def batch_undo_asked(self, batch: Batch) -> None:
        """The server is asked to take it back."""

    def batch_undo_waits(self, batch: Batch) -> None:
        """It is taken back as soon as the server has answered for it."""

    def batch_undone(self, batch: Batch, result: BatchResult) -> None:
        """The server took back what it could."""

    def batch_undo_failed(self, batch: Batch, sentence: str) -> None:
        """The server would not."""


class BatchSender:
    """Sends what waits, oldest first; what is too old or was left by another run only on the operator's word.

    Args:
        journal: where batches are.
        sink: told of every outcome.
        clock: time.
        rng: jitter.
        new_key: makes idempotency keys.
        deliver_within_seconds: an older batch is sent only on the operator's word.
        drawn_within: as the `DeliveryLoop` takes it.
    """

    def __init__(
        self,
        journal: BatchJournal,
        sink: BatchSink,
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
        self._port: BatchPort | None = None
        self._destination: Destination | None = None
        self._arrived: dict[str, frozenset[str]] = {}
        """Of batches that wait: the approvals that were found decided."""
        self._recall: Recall[Batch, str] = Recall(self, UNDO_REMEMBERED)
        """What can be taken back, with the server's id of the batch once it is delivered."""
        self.loop: DeliveryLoop[Batch] = DeliveryLoop(
            self, self._recall, clock, rng, at_once=1, drawn_within=drawn_within
        )

    def connect(self, port: BatchPort, destination: Destination) -> None:
        """The server is known: what was made for it can go there."""
        self._port, self._destination = port, destination
        for batch in self.waiting():
            self._sink.batch_kept(batch)
        self.reached()

    def reached(self) -> None:
        """The server can be reached (again): send what waits, offer what is too old."""
        self.offer_stale()
        self.loop.reached()

    def decide(self, batch: Batch) -> None:
        """Keep a batch and have it delivered.

        Raises:
            JournalUnavailable: it was not kept; nothing may be shown as decided.
        """
        self._journal.record(batch)
        self._recall.remember(batch)
        self._sink.batch_kept(batch)
        self.loop.look()

    def waiting(self) -> list[Batch]:
        """Batches that the server has not answered for, oldest first."""
        kept = self._journal.batches(self._destination) if self._destination is not None else []
        return [replace(one, arrived=self._arrived.get(one.key, one.arrived)) for one in kept]

    def offered(self) -> list[Batch]:
        """Batches that wait for the operator's word."""
        return [one for one in self.waiting() if one.is_offered and one.trouble is None]

    def had_arrived(self, batch: Batch, items: Sequence[Approval]) -> list[Approval]:
        """A part of a batch was found decided; returns what of it was not known yet."""
        known = self._arrived.get(batch.key, frozenset())
        fresh = [item for item in items if item.id not in known]
        if fresh:
            self._arrived[batch.key] = known | {item.id for item in fresh}
            self._sink.batch_arrived(replace(batch, arrived=self._arrived[batch.key]), fresh)
        return fresh

    def send(self, keys: list[str]) -> None:
        """The operator's word: send these."""
        chosen = [replace(one, is_offered=False) for one in self.waiting() if one.key in keys]
        self._freshness.renew(keys)
        self._journal.change(chosen)
        for batch in chosen:
            self._recall.remember(batch)
            self._sink.batch_kept(batch)
        self.loop.look()

    def drop(self, keys: list[str]) -> None:
        """The operator's word: forget these."""
        for batch in self.waiting():
            if batch.key in keys and not self._recall.is_under_way(batch.key):
                self._journal.settle(batch.key)
                self._recall.forget(batch.key)
                self._sink.batch_dropped(batch)
        self.loop.look()

    # Undo

    @property
    def newest(self) -> Batch | None:
        """The newest batch that can be taken back."""
        return self._recall.newest

    async def undo_newest(self) -> bool:
        """Take the newest batch back as a whole; False when there is none.

        Raises:
            CommandCenterError: one of `PASSING`: the server can't be asked now; it can be tried again.
        """
        return await self._recall.take_back_newest()

    def undo_waits(self, kept: Batch) -> None:
        """Say that it is taken back as soon as the server has answered for it."""
        self._sink.batch_undo_waits(kept)

    def drop_unsent(self, kept: Batch) -> bool:
        """It never left: forget it; False when it is not waiting any more."""
        if all(waiting.key != kept.key for waiting in self._journal.batches(kept.destination)):
            return False
        self._journal.settle(kept.key)
        self._sink.batch_dropped(kept)
        self.loop.look()
        return True

    async def undo_delivered(self, kept: Batch, handle: str) -> None:
        """Ask the server to take it back; `handle` is its id of the batch."""
        if self._port is None:
            return
        self._sink.batch_undo_asked(kept)
        try:
            result = await self._port.undo(handle, self._new_key())
        except PASSING:
            raise
        except CommandCenterError as error:
            self._sink.batch_undo_failed(kept, str(error))
        else:
            self._sink.batch_undone(kept, result)

    # Delivering

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then is sent again at the next start, under the same key."""
        await self.loop.run()

    async def flush(self, seconds: float) -> int:
        """Wait until everything is delivered, at most `seconds`; returns how many items are not."""
        await self.loop.flush(seconds)
        return sum(len(batch.left) for batch in self.waiting())

    def sendable(self) -> list[Batch]:
        """What waits for nothing but the server, oldest first."""
        return [one for one in self.waiting() if not one.is_offered and one.trouble is None]

    def offer_stale(self) -> None:
        """What waited for too long, and is not under way, waits for the operator's word from now on."""
        stale = [one for one in self.sendable() if self._is_stale(one)]
        for batch in stale:
            self._recall.forget(batch.key)
            self._sink.batch_kept(self._journal.offer(batch))
        if stale:
            self.when_offered()

    def _is_stale(self, batch: Batch) -> bool:
        return self._freshness.is_stale(batch) and not self._recall.is_under_way(batch.key)

    async def deliver(self, kept: Batch) -> None:
        """Send it as its dry run listed it, and act on the answer."""
        if self._port is None:
            return
        try:
            result = await self._port.commit(kept)
        except Unauthorized as error:
            self._sink.batch_locked_out(kept, str(error))
            raise
        except PASSING:
            raise
        except CommandCenterError as error:
            self._recall.forget(kept.key)
            self._refused(kept, error)
        else:
            self._journal.settle(kept.key)
            self._sink.batch_done(kept, result)
            self._recall.delivered(kept.key, result.batch_id)

    def _refused(self, batch: Batch, error: CommandCenterError) -> None:
        """A key that may not is kept, with why; a list that is no longer true is forgotten."""
        if error.status == 403:
            troubled = replace(batch, trouble=str(error))
            self._journal.change([troubled])
            self._sink.batch_kept(troubled)
            return
        self._journal.settle(batch.key)
        self._sink.batch_refused(batch, str(error))
