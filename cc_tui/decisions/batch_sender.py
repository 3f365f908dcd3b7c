"""Delivers batches, one after the other: each as its dry run listed it, under its own key, until the server answers."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Protocol

from cc_api_client.backoff import BackOff
from cc_api_client.errors import CommandCenterError, RateLimited, ServerFault, Unavailable, Unreachable
from cc_tui.decisions.batches import Batch, BatchJournal
from cc_tui.decisions.journal import Destination
from cc_tui.state.clock import Clock

if TYPE_CHECKING:
    from cc_api_client.models.outbox.batches import BatchResult

log = logging.getLogger(__name__)

RETRY_MOST_SECONDS = 15.0
UNDO_REMEMBERED = 20
_PASSING = (Unreachable, Unavailable, RateLimited, ServerFault)


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

    def batch_done(self, batch: Batch, result: BatchResult) -> None:
        """The server answered for each item."""

    def batch_refused(self, batch: Batch, sentence: str) -> None:
        """Nothing of it was done, and nothing will be."""

    def batch_dropped(self, batch: Batch) -> None:
        """The operator took it back before it was delivered."""

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
    ) -> None:
        self._journal = journal
        self._sink = sink
        self._clock = clock
        self._new_key = new_key
        self._deliver_within = deliver_within_seconds
        self._port: BatchPort | None = None
        self._destination: Destination | None = None
        self._back_off = BackOff(rng, most_seconds=RETRY_MOST_SECONDS)
        self._wake = asyncio.Event()
        self._nothing_left = asyncio.Event()
        self._under_way: str | None = None
        self._one_at_a_time = asyncio.Lock()
        self._perhaps_there: set[str] = set()
        """Keys of batches whose request may have arrived although no answer came."""
        self._recallable: OrderedDict[str, tuple[Batch, str | None]] = OrderedDict()
        """Batches of this run, newest last, with the server's id once they are delivered."""

    def connect(self, port: BatchPort, destination: Destination) -> None:
        """The server is known: what was made for it can go there."""
        self._port, self._destination = port, destination
        for batch in self.waiting():
            self._sink.batch_kept(batch)
        self.reached()

    def reached(self) -> None:
        """The server can be reached (again): send what waits, offer what is too old."""
        self._back_off.forget()
        oldest = self._clock.wall() - self._deliver_within
        for batch in self._sendable():
            if batch.decided_at < oldest:
                self._sink.batch_kept(self._journal.offer(batch))
        self._wake.set()

    def decide(self, batch: Batch) -> None:
        """Keep a batch and have it delivered.

        Raises:
            JournalUnavailable: it was not kept; nothing may be shown as decided.
        """
        self._journal.record(batch)
        self._recallable[batch.key] = (batch, None)
        while len(self._recallable) > UNDO_REMEMBERED:
            self._recallable.popitem(last=False)
        self._sink.batch_kept(batch)
        self._wake.set()

    def waiting(self) -> list[Batch]:
        """Batches that the server has not answered for, oldest first."""
        return self._journal.batches(self._destination) if self._destination is not None else []

    def offered(self) -> list[Batch]:
        """Batches that wait for the operator's word."""
        return [one for one in self.waiting() if one.is_offered and one.trouble is None]

    def send(self, keys: list[str]) -> None:
        """The operator's word: send these."""
        chosen = [replace(one, is_offered=False) for one in self.waiting() if one.key in keys]
        self._journal.change(chosen)
        for batch in chosen:
            self._sink.batch_kept(batch)
        self._wake.set()

    def drop(self, keys: list[str]) -> None:
        """The operator's word: forget these."""
        for batch in self.waiting():
            if batch.key in keys and batch.key != self._under_way:
                self._journal.settle(batch.key)
                self._recallable.pop(batch.key, None)
                self._sink.batch_dropped(batch)
        self._wake.set()

    # Undo

    @property
    def newest_at(self) -> float:
        """When the newest batch that can be taken back was decided; long ago when there is none."""
        return next(reversed(self._recallable.values()))[0].decided_at if self._recallable else float("-inf")

    async def undo_newest(self) -> bool:
        """Take the newest batch back as a whole; False when there is none.

        Raises:
            Unreachable, Unavailable, RateLimited, ServerFault: the server can't be asked now; it can be tried again.
        """
        while self._recallable:
            key, (batch, batch_id) = next(reversed(self._recallable.items()))
            if batch_id is not None:
                await self._undo_delivered(batch, batch_id)
                return True
            if key == self._under_way:
                async with self._one_at_a_time:
                    continue
            if key not in self._perhaps_there:
                del self._recallable[key]
                self._journal.settle(key)
                self._sink.batch_dropped(batch)
                self._wake.set()
                return True
            if not await self._deliver(batch):
                raise Unreachable("it may have arrived already, and the server can't be asked now")
        return False

    async def _undo_delivered(self, batch: Batch, batch_id: str) -> None:
        if self._port is None:
            return
        try:
            result = await self._port.undo(batch_id, self._new_key())
        except _PASSING:
            raise
        except CommandCenterError as error:
            self._sink.batch_undo_failed(batch, str(error))
        else:
            self._sink.batch_undone(batch, result)
        self._recallable.pop(batch.key, None)

    # Delivering

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then is sent again at the next start, under the same key."""
        while True:
            self._wake.clear()
            batch = next(iter(self._sendable()), None)
            if batch is None:
                self._nothing_left.set()
            left = self._back_off.left_seconds(self._clock.monotonic())
            if batch is None or self._port is None or left:
                with suppress(TimeoutError):
                    async with asyncio.timeout(left or None):
                        await self._wake.wait()
            else:
                await self._deliver(batch)

    async def flush(self, seconds: float) -> int:
        """Wait until everything is delivered, at most `seconds`; returns how many items are not."""
        if self._sendable():
            self._nothing_left.clear()
            self._wake.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._nothing_left.wait()
        return sum(len(batch.items) for batch in self.waiting())

    def _sendable(self) -> list[Batch]:
        return [one for one in self.waiting() if not one.is_offered and one.trouble is None]

    async def _deliver(self, batch: Batch) -> bool:
        """Send once; False when it has to be sent again."""
        if self._port is None:
            return False
        async with self._one_at_a_time:
            self._under_way = batch.key
            try:
                return await self._commit(self._port, batch)
            finally:
                self._under_way = None

    async def _commit(self, port: BatchPort, batch: Batch) -> bool:
        if all(waiting.key != batch.key for waiting in self._sendable()):
            return True
        try:
            result = await port.commit(batch)
        except _PASSING as error:
            log.info("a batch waits: %s", error)
            if not (isinstance(error, Unreachable) and not error.sent):
                self._perhaps_there.add(batch.key)
            named = error.retry_after_seconds if isinstance(error, Unavailable | RateLimited) else None
            self._back_off.failed(self._clock.monotonic(), named)
            return False
        except CommandCenterError as error:
            self._end(batch.key)
            self._recallable.pop(batch.key, None)
            self._refused(batch, error)
            return True
        self._end(batch.key)
        self._journal.settle(batch.key)
        if batch.key in self._recallable:
            self._recallable[batch.key] = (batch, result.batch_id)
        self._sink.batch_done(batch, result)
        return True

    def _refused(self, batch: Batch, error: CommandCenterError) -> None:
        """A key that may not is kept, with why; a list that is no longer true is forgotten."""
        if error.status in (401, 403):
            troubled = replace(batch, trouble=str(error))
            self._journal.change([troubled])
            self._sink.batch_kept(troubled)
            return
        self._journal.settle(batch.key)
        self._sink.batch_refused(batch, str(error))

    def _end(self, key: str) -> None:
        self._back_off.succeeded()
        self._perhaps_there.discard(key)
