"""Polls and the stream, run as one thing: the stream carries changes, polls are the fallback and the slow check.

Everything that arrives is written to the stores from here, also the answers to commands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING

from cc_tui.state.approvals.rows import View
from cc_tui.state.clock import Clock
from cc_tui.state.known import Known
from cc_tui.state.signal import Signal
from cc_tui.sync.feeds import IDENTITY, Feeds, name_of
from cc_tui.sync.intake import Intake
from cc_tui.sync.link_machine import LinkMachine
from cc_tui.sync.poller import Poller
from cc_tui.sync.readiness import get_ready
from cc_tui.sync.schedule import Schedule
from cc_tui.sync.streamer import Streamer
from cc_tui.sync.views import ViewLoader
from cc_tui.sync.watch import Watch

if TYPE_CHECKING:
    from cc_api_client.client import CommandCenterClient
    from cc_api_client.models.events import EventPosition

COALESCED_SECONDS = 0.5
"""How long an event waits for others that want the same fetched."""
FIGURES = frozenset({"dashboard", "agents"})
FIGURES_COALESCED_SECONDS = 2.0
"""How long it waits where that is sums and counts: while much happens they are another with nearly every event."""
LOOKED_AT = 5
"""The weight of a view that the operator opened."""
STREAM_AGAIN_SECONDS = 300.0
"""How long a server that had no stream for this key is left in peace: a role, or what stands before it, may change."""


class Sync:
    """Keeps `known` true for as long as `run` runs.

    Args:
        client: the server.
        known: the stores, which are written.
        clock: time.
        rng: jitter.
        poll_seconds: the period of polls without a stream.
        on_reached: called when the server can be reached again.
    """

    def __init__(
        self,
        client: CommandCenterClient,
        known: Known,
        clock: Clock,
        rng: Random,
        *,
        poll_seconds: float = 5.0,
        on_reached: Callable[[], None] = lambda: None,
    ) -> None:
        self._known = known
        self._first_position: EventPosition | None = None
        self._first_answer = asyncio.Event()
        self._stream_wanted = asyncio.Event()
        self._schedule = Schedule(rng)
        machine = LinkMachine(known.link, poll_seconds)
        self._on_reached = on_reached
        self._poller = Poller(self._schedule, machine, known, clock, self._reached)
        self.intake = Intake(known, self._ask_soon)
        """Takes over events, and the answers to commands."""
        self._streamer = Streamer(client, self.intake, machine, clock)
        self.watch = Watch(client, known, clock, self._poller.ask)
        views = ViewLoader(client, known, lambda: known.link.server_time(clock.wall()), self._snapshot)
        feeds = Feeds(client, known, machine, self._schedule, views, clock.wall)
        for feed in (*feeds.of_all(poll_seconds), *feeds.of_watch(self.watch, poll_seconds)):
            self._schedule.add(feed)

    @property
    def broke(self) -> Signal[BaseException]:
        """Something ended in a way that nobody foresaw."""
        return self._poller.broke

    # What the screen asks for

    def want_view(self, view: View) -> None:
        """The operator opened a view: fill it, and keep it true from now on."""
        feed = self._schedule.feed(name_of(view))
        feed.weight = LOOKED_AT
        if not self._known.approvals.loads[view].has_rows and not feed.in_flight:
            self._poller.ask(feed.name)

    def refresh(self) -> None:
        """Fetch everything again now, and ask for the stream again if the server had none for this key."""
        self._poller.ask_all()
        self._stream_wanted.set()

    def _reached(self) -> None:
        """The server answers; where it takes a key again that it had refused, it has a stream for it, too."""
        if self._streamer.is_locked_out:
            self._stream_wanted.set()
        self._on_reached()

    def _ask_soon(self, feed: str) -> None:
        self._poller.ask(feed, FIGURES_COALESCED_SECONDS if feed in FIGURES else COALESCED_SECONDS)

    # Running

    async def run(self) -> None:
        """Run until cancelled."""
        beside = [asyncio.create_task(work) for work in (self._stream(), self._get_ready())]
        for task in beside:
            task.add_done_callback(self._ended)
        try:
            await self._poller.run()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Polls go on without it."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.broke.emit(error)

    async def _get_ready(self) -> None:
        """What reads events is built once the first answer is here."""
        await self._first_answer.wait()
        await get_ready()

    async def _stream(self) -> None:
        """Follow the stream from a snapshot on; where the server has none for this key, ask for it now and then."""
        missed_events = False
        while True:
            await self._first_answer.wait()
            if self._first_position is not None:
                await self._follow(self._first_position, missed_events)
            with suppress(TimeoutError):
                async with asyncio.timeout(STREAM_AGAIN_SECONDS):
                    await self._stream_wanted.wait()
            self._stream_wanted.clear()
            self._first_answer.clear()
            missed_events = True

    async def _follow(self, since: EventPosition, missed_events: bool) -> None:
        """Follow the stream from `since` on, for as long as the server has one."""
        async for resync in self._streamer.follow(since):
            is_up = self._streamer.is_up
            self._schedule.is_live = is_up
            if resync or (missed_events and is_up):
                missed_events = False
                self._known.approvals.forget_wholes(list(self._known.approvals.rows))
                self._poller.ask_all()
            elif not is_up:
                self._poller.ask(IDENTITY)
            else:
                self._poller.look()
        self._schedule.is_live = False

    def _snapshot(self, position: EventPosition | None) -> None:
        """An answer stands for this place in the stream: the first one is where the stream is followed from."""
        if position is not None:
            self.intake.counts_at = position.seq
        if not self._first_answer.is_set():
            self._first_position = position
            self._first_answer.set()
