"""Decisions one by one and in batches, as one: what waits, what is sent on a word, and which is undone next."""

from __future__ import annotations

import asyncio

from cc_tui.decisions.batch_sender import BatchPort, BatchSender
from cc_tui.decisions.dispatcher import DecisionPort, Dispatcher
from cc_tui.decisions.journal import Destination


class Deciding:
    """Both senders of one session."""

    def __init__(self, singles: Dispatcher, batches: BatchSender) -> None:
        self.singles = singles
        self.batches = batches

    @property
    def destination(self) -> Destination | None:
        """Where decisions go; None until the server has told who it is."""
        return self.singles.destination

    def connect(self, singles: DecisionPort, batches: BatchPort, destination: Destination) -> None:
        """The server is known."""
        self.singles.connect(singles, destination)
        self.batches.connect(batches, destination)

    def reached(self) -> None:
        """The server can be reached (again)."""
        self.singles.reached()
        self.batches.reached()

    def waiting_count(self) -> int:
        """How many decisions the server has not answered for."""
        return len(self.singles.waiting()) + sum(len(batch.items) for batch in self.batches.waiting())

    async def flush(self, seconds: float) -> int:
        """Wait until everything is delivered, at most so long; returns how many decisions are not."""
        return sum(await asyncio.gather(self.singles.flush(seconds), self.batches.flush(seconds)))

    def send(self, keys: list[str]) -> None:
        """The operator's word: send these."""
        self.singles.send(keys)
        self.batches.send(keys)

    def drop(self, keys: list[str]) -> None:
        """The operator's word: forget these."""
        self.singles.drop(keys)
        self.batches.drop(keys)

    async def undo_newest(self) -> bool:
        """Take back the newest decision that still can be, a batch as a whole; False when there is none.

        Raises:
            Unreachable, Unavailable, RateLimited, ServerFault: the server can't be asked now; it can be tried again.
        """
        if self.batches.newest_at > self.singles.newest_at:
            return await self.batches.undo_newest() or await self.singles.undo_newest()
        return await self.singles.undo_newest() or await self.batches.undo_newest()
