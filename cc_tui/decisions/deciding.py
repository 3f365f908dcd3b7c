"""Decisions one by one and in batches, as one: what waits, what is sent on a word, and which is undone next.

Before the operator is asked about what an earlier start left behind, the server is asked how those drafts are: what
arrived and lost only its answer waits for nobody's word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cc_api_client.errors import CommandCenterError
from cc_tui.decisions.batches import Batch
from cc_tui.decisions.delivery.batch_sender import BatchPort, BatchSender
from cc_tui.decisions.delivery.dispatcher import DecisionPort, Dispatcher
from cc_tui.decisions.delivery.recall import PASSING
from cc_tui.decisions.journal import Decision, Destination

if TYPE_CHECKING:
    from cc_api_client.models.outbox.approvals import Approval

ASKED_AT_ONCE = 8
_STATUS = {"approve": "approved", "reject": "rejected"}


class Deciding:
    """Both senders of one session.

    Args:
        singles: sends decisions one by one.
        batches: sends batches.
        offer: called when something waits for the operator's word that was not offered before.
    """

    def __init__(self, singles: Dispatcher, batches: BatchSender, offer: Callable[[], None]) -> None:
        self.singles = singles
        self.batches = batches
        self._offer = offer
        self._port: DecisionPort | None = None
        self._look = asyncio.Event()
        self._told: set[str] = set()
        singles.when_offered = batches.when_offered = self._look.set

    @property
    def destination(self) -> Destination | None:
        """Where decisions go; None until the server has told who it is."""
        return self.singles.destination

    def connect(self, singles: DecisionPort, batches: BatchPort, destination: Destination) -> None:
        """The server is known."""
        self._port = singles
        self.singles.connect(singles, destination)
        self.batches.connect(batches, destination)
        self._look.set()

    def reached(self) -> None:
        """The server can be reached (again)."""
        self.singles.reached()
        self.batches.reached()
        self._look.set()

    async def run(self) -> None:
        """Until cancelled: whenever the server is reached, find out what had arrived, and offer the rest."""
        while True:
            await self._look.wait()
            self._look.clear()
            if self._port is None:
                continue
            try:
                await self._settle_arrived(self._port)
            finally:
                self._offer_rest()

    async def _settle_arrived(self, port: DecisionPort) -> None:
        """Settle what the server has; a server that can't be asked now is asked when it is reached again."""
        try:
            for decision in self.singles.offered():
                item = await _item(port, decision.approval_id)
                if item is not None and _is_by(item, decision.destination, decision.verb, decision.seen.version):
                    self.singles.had_arrived(decision, item)
            for batch in self.batches.offered():
                await self._settle_batch(port, batch)
        except PASSING:
            return

    async def _settle_batch(self, port: DecisionPort, batch: Batch) -> None:
        """Fetch the answer of a batch that the server did; show of one that it began what it did."""
        items = await _items(port, batch.approval_ids)
        found = [(item, one.version) for one, item in zip(batch.items, items, strict=True)]
        done = [item for item, seen in found if item and _is_by(item, batch.destination, batch.verb, seen)]
        if done and not any(_may_wait(item, seen) for item, seen in found):
            self.batches.send([batch.key])  # under its key that decides nothing any more
            return
        for item in self.batches.had_arrived(batch, done):
            self.singles.had_arrived_in(batch, item)

    def _offer_rest(self) -> None:
        keys = {one.key for one in self.singles.offered()} | {one.key for one in self.batches.offered()}
        if keys - self._told:
            self._offer()
        self._told = keys

    def waiting_count(self) -> int:
        """How many decisions the server has not answered for."""
        return len(self.singles.waiting()) + sum(len(batch.left) for batch in self.batches.waiting())

    async def flush(self, seconds: float) -> int:
        """Wait until everything is delivered, at most so long; returns how many decisions are not."""
        return sum(await asyncio.gather(self.singles.flush(seconds), self.batches.flush(seconds)))

    def send(self, keys: list[str]) -> None:
        """The operator's word: send these."""
        self.singles.send(keys)
        self.singles.forget_parts(keys)
        self.batches.send(keys)

    def drop(self, keys: list[str]) -> None:
        """The operator's word: forget these."""
        self.singles.drop(keys)
        self.batches.drop(keys)

    @property
    def newest(self) -> Decision | Batch | None:
        """What `u` would take back; None when there is nothing."""
        single, batch = self.singles.newest, self.batches.newest
        if single is None or batch is None:
            return single or batch
        return batch if batch.decided_at > single.decided_at else single

    async def undo_newest(self) -> bool:
        """Take back the newest decision that still can be, a batch as a whole; False when there is none.

        Raises:
            CommandCenterError: one of `PASSING`: the server can't be asked now; it can be tried again.
        """
        if isinstance(self.newest, Batch):
            return await self.batches.undo_newest() or await self.singles.undo_newest()
        return await self.singles.undo_newest() or await self.batches.undo_newest()


async def _item(port: DecisionPort, approval_id: str) -> Approval | None:
    """An approval as the server has it; None where this key may not see it, or it is gone.

    Raises:
        CommandCenterError: one of `PASSING`: the server can't be asked now.
    """
    try:
        return (await port.get(approval_id)).value
    except PASSING:
        raise
    except CommandCenterError:
        return None


async def _items(port: DecisionPort, approval_ids: Sequence[str]) -> list[Approval | None]:
    """Approvals as the server has them, in this order; asked for a few at once.

    Raises:
        CommandCenterError: one of `PASSING`: the server can't be asked now.
    """
    found: list[Approval | None] = []
    for at in range(0, len(approval_ids), ASKED_AT_ONCE):
        found += await asyncio.gather(*(_item(port, one) for one in approval_ids[at : at + ASKED_AT_ONCE]))
    return found


def _is_by(item: Approval, destination: Destination, verb: str, seen_version: int) -> bool:
    """Whether this key decided so what was seen: the very next version tells it."""
    is_next = item.version == seen_version + 1
    return is_next and item.status == _STATUS[verb] and item.decided_by == destination.key_name


def _may_wait(item: Approval | None, seen_version: int) -> bool:
    """Whether a draft still waits as it was seen, or nobody knows: sending the batch again could decide it."""
    return item is None or (item.status == "pending" and item.version == seen_version)
