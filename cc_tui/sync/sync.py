"""Polls and the stream, run as one thing: the stream carries changes, polls are the fallback and the slow check.

Everything that arrives is written to the stores here, also the answers to commands. Never two of the same poll are in
flight, and what the operator looks at goes first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from cc_api_client.errors import (
    CommandCenterError,
    Forbidden,
    NotFound,
    RateLimited,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from cc_tui.state.approvals.rows import View, row_of
from cc_tui.state.clock import Clock
from cc_tui.state.identity import Identity
from cc_tui.state.known import Known
from cc_tui.state.signal import Signal
from cc_tui.sync.intake import Intake
from cc_tui.sync.link_machine import LinkMachine
from cc_tui.sync.schedule import Feed, Schedule
from cc_tui.sync.streamer import Streamer
from cc_tui.sync.views import ViewLoader
from cc_tui.sync.watch import Watch

if TYPE_CHECKING:
    from cc_api_client.client import CommandCenterClient
    from cc_api_client.models.events import EventPosition
    from cc_api_client.models.outbox.approvals import Approval, Delivery
    from cc_api_client.models.work.agents import Agent

log = logging.getLogger(__name__)

FETCHES_AT_ONCE = 3
ASSETS_SECONDS = 300.0
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
        self._client = client
        self._known = known
        self._clock = clock
        self._on_reached = on_reached
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.broke: Signal[BaseException] = Signal()
        """Something ended in a way that nobody foresaw."""
        self._first_position: EventPosition | None = None
        self._first_answer = asyncio.Event()
        self._stream_wanted = asyncio.Event()
        self._schedule = Schedule(rng)
        self._machine = LinkMachine(known.link, poll_seconds)
        self._intake = Intake(known, self.want)
        self._views = ViewLoader(client, known, self._server_now, self._snapshot)
        self.watch = Watch(client, known, clock, self._feed_wanted)
        self._add_feeds(poll_seconds)

    # What the screen asks for

    def want(self, feed: str) -> None:
        """Have a feed fetched soon (coalesced: half a second)."""
        self._schedule.ask(feed, self._clock.monotonic() + 0.5)
        self._wake.set()

    def want_view(self, view: View) -> None:
        """The operator opened a view: fill it, and keep it true from now on."""
        self._schedule.feed(f"view:{view}").weight = 5
        if not self._known.approvals.loads[view].has_rows:
            self._schedule.ask(f"view:{view}")
            self._wake.set()

    def refresh(self) -> None:
        """Fetch everything again now, and ask for the stream again if the server had none for this key."""
        self._schedule.ask_all()
        self._stream_wanted.set()
        self._wake.set()

    def take_agent(self, agent: Agent) -> None:
        """The server's answer to a command on an agent."""
        self._known.agents.put(agent)

    def take_approval(self, approval: Approval) -> None:
        """The server's answer to a command on an approval."""
        self._known.approvals.put([row_of(approval)])
        self._known.approvals.forget_wholes([approval.id])
        self._known.approvals.whole_changed.emit(approval.id)

    def take_delivery(self, delivery: Delivery) -> None:
        """The server's answer to a command on a delivery."""
        self._intake.take_delivery(delivery)

    # Running

    async def run(self) -> None:
        """Run until cancelled."""
        streamer = Streamer(self._client, self._intake, self._machine, self._clock)
        try:
            self._spawn(self._stream(streamer))
            while True:
                self._wake.clear()
                self._start_due()
                await _wait(self._wake, self._wait_seconds())
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _add_feeds(self, poll: float) -> None:
        feeds: list[tuple[str, Callable[[], Awaitable[None]], float, float, int]] = [
            ("view:pending", partial(self._view, View.PENDING), 30.0, poll, 9),
            ("identity", self._identity, 30.0, 30.0, 8),
            ("dashboard", self._dashboard, 5.0, poll, 7),
            ("view:leaving", partial(self._view, View.LEAVING), 30.0, poll, 6),
            ("agents", self._agents, 30.0, poll, 6),
            ("view:problems", partial(self._view, View.PROBLEMS), 30.0, poll, 5),
            ("clients", self._clients, ASSETS_SECONDS, ASSETS_SECONDS, 4),
            ("view:sent", partial(self._view, View.SENT), 30.0, 30.0, 3),
            ("view:rejected", partial(self._view, View.REJECTED), 30.0, 30.0, 3),
            ("view:expired", partial(self._view, View.EXPIRED), 30.0, 30.0, 3),
            ("counts", self._counts, ASSETS_SECONDS, ASSETS_SECONDS, 2),
            ("log", self.watch.fetch_log, ASSETS_SECONDS, poll, 8),
            ("agent", self.watch.fetch_agent, 30.0, 30.0, 8),
            ("run", self.watch.fetch_run, 30.0, 30.0, 8),
            ("whole", self.watch.fetch_wholes, ASSETS_SECONDS, ASSETS_SECONDS, 10),
            ("near", self.watch.fetch_near, ASSETS_SECONDS, ASSETS_SECONDS, 1),
        ]
        asked_only = {"view:sent", "view:rejected", "counts", "log", "agent", "run", "whole", "near"}
        for name, fetch, live, polling, weight in feeds:
            self._schedule.add(Feed(name, fetch, live, polling, weight, enabled=name not in asked_only))

    def _feed_wanted(self, name: str, after_seconds: float) -> None:
        self._schedule.ask(name, self._clock.monotonic() + after_seconds)
        self._wake.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self.broke.emit(error)

    def _wait_seconds(self) -> float:
        if len(self._tasks) > FETCHES_AT_ONCE:
            return 60.0
        return self._schedule.wait_seconds(self._clock.monotonic())

    def _start_due(self) -> None:
        while len(self._tasks) <= FETCHES_AT_ONCE:
            feed = self._schedule.take(self._clock.monotonic())
            if feed is None:
                return
            self._spawn(self._fetch(feed))

    async def _stream(self, streamer: Streamer) -> None:
        """Follow the stream from a snapshot on; where the server has none for this key, ask for it now and then."""
        missed_events = False
        while True:
            await self._first_answer.wait()
            if self._first_position is not None:
                await self._follow(streamer, self._first_position, missed_events)
            self._stream_wanted.clear()
            await _wait(self._stream_wanted, STREAM_AGAIN_SECONDS)
            self._first_answer.clear()
            missed_events = True

    async def _follow(self, streamer: Streamer, since: EventPosition, missed_events: bool) -> None:
        """Follow the stream from `since` on, for as long as the server has one."""
        async for resync in streamer.follow(since):
            self._schedule.is_live = streamer.is_up
            if resync or (missed_events and streamer.is_up):
                missed_events = False
                self._known.approvals.forget_wholes(list(self._known.approvals.rows))
                self._schedule.ask_all()
            elif not streamer.is_up:
                self._schedule.ask("identity")
            self._wake.set()
        self._schedule.is_live = False

    # Fetching

    async def _fetch(self, feed: Feed) -> None:
        try:
            await feed.fetch()
        except (Unreachable, Unavailable) as error:
            self._unreachable(feed, error)
        except Unauthorized as error:
            self._machine.refused(self._clock.wall(), str(error))
            self._mark_failed(feed.name, str(error))
            self._schedule.hold(self._schedule.failed(feed, self._clock.monotonic(), 30.0))
        except CommandCenterError as error:
            self._not_answered(feed, error)
        else:
            self._schedule.succeeded(feed, self._clock.monotonic())
            self._reached()
        finally:
            if feed.in_flight:  # something that nobody foresaw: it is asked again all the same
                self._schedule.failed(feed, self._clock.monotonic(), None)

    def _reached(self) -> None:
        was_up = self._known.link.link.is_up
        self._machine.heard(self._clock.wall(), None)
        self._machine.poll_succeeded(self._clock.wall())
        self._schedule.release()
        if not was_up:
            self._on_reached()

    def _unreachable(self, feed: Feed, error: CommandCenterError) -> None:
        now = self._clock.monotonic()
        named = error.retry_after_seconds if isinstance(error, Unavailable) else None
        retry_at = self._schedule.failed(feed, now, named)
        self._schedule.hold(retry_at)
        wall = self._clock.wall()
        self._machine.unreachable(wall, wall + retry_at - now, str(error))
        self._mark_failed(feed.name, str(error))

    def _not_answered(self, feed: Feed, error: CommandCenterError) -> None:
        named = error.retry_after_seconds if isinstance(error, RateLimited) else None
        self._schedule.failed(feed, self._clock.monotonic(), named)
        if self._known.identity.identity is None and feed.name == "identity":
            self._machine.refused(self._clock.wall(), str(error))
            return
        if isinstance(error, Forbidden | NotFound):
            feed.refused = True
        log.warning("%s was not answered: %s", feed.name, error)
        self._mark_failed(feed.name, str(error))

    def _mark_failed(self, name: str, sentence: str) -> None:
        known = self._known
        if name.startswith("view:"):
            view = View(name.removeprefix("view:"))
            known.approvals.set_load(view, known.approvals.loads[view].failed(sentence))
        elif name == "dashboard":
            known.dashboard.set_load(known.dashboard.load.failed(sentence))
        elif name == "agents":
            known.agents.set_load(known.agents.load.failed(sentence))

    async def _view(self, view: View) -> None:
        load = self._known.approvals.loads[view]
        if load.has_rows and self._schedule.is_live and view is View.PENDING and await self._views.counts():
            return
        await self._views.load(view)

    async def _counts(self) -> None:
        if not await self._views.counts():
            self._schedule.ask("view:pending")

    async def _identity(self) -> None:
        me = await self._client.operations.me()
        self._machine.heard(self._clock.wall(), me.server_time.timestamp())
        ids = tuple(me.client_ids) if me.client_ids is not None else None
        identity = Identity(me.name, str(me.role), me.server_id, me.epoch, ids)
        self._known.identity.set(identity, tuple(me.kill_switch))

    async def _dashboard(self) -> None:
        store = self._known.dashboard
        store.set_load(store.load.begun())
        snapshot = await self._client.operations.dashboard()
        store.set(snapshot.value, store.load.answered(self._server_now()))

    async def _agents(self) -> None:
        store = self._known.agents
        store.set_load(store.load.begun())
        snapshot = await self._client.agents.list()
        store.set_all(snapshot.value.items, store.load.answered(self._server_now()))

    async def _clients(self) -> None:
        snapshot = await self._client.clients.list(limit=500)
        self._known.identity.set_client_names({client.id: client.name for client in snapshot.value.items})

    def _server_now(self) -> float:
        return self._known.link.server_time(self._clock.wall())

    def _snapshot(self, position: EventPosition | None) -> None:
        if position is not None:
            self._intake.counts_at = position.seq
        if not self._first_answer.is_set():
            self._first_position = position
            self._first_answer.set()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for `event`, at most `seconds`."""
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await event.wait()
    except TimeoutError:
        return
