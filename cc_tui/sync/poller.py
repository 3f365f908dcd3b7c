"""Asks for what is due, a few at once; what comes of it becomes the link's word.

Never two of the same poll are in flight, and what the operator looks at goes first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from cc_api_client.errors import (
    CommandCenterError,
    Forbidden,
    NotFound,
    RateLimited,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from cc_tui.state.clock import Clock
from cc_tui.state.known import Known
from cc_tui.state.signal import Signal
from cc_tui.sync.feeds import IDENTITY
from cc_tui.sync.link_machine import LinkMachine
from cc_tui.sync.schedule import Feed, Schedule

log = logging.getLogger(__name__)

FETCHES_AT_ONCE = 3
REFUSED_SECONDS = 30.0
"""How long a server that refuses the key is left in peace."""


class Poller:
    """Polls for as long as `run` runs.

    Args:
        schedule: what is asked for, and when.
        machine: is told whether the server answers.
        known: the link as it is, and whether the key was ever known.
        clock: time.
        on_reached: called when the server can be reached again.
    """

    def __init__(
        self, schedule: Schedule, machine: LinkMachine, known: Known, clock: Clock, on_reached: Callable[[], None]
    ) -> None:
        self._schedule = schedule
        self._machine = machine
        self._known = known
        self._clock = clock
        self._on_reached = on_reached
        self._wake = asyncio.Event()
        self._fetches: set[asyncio.Task[None]] = set()
        self.broke: Signal[BaseException] = Signal()
        """A fetch ended in a way that nobody foresaw."""

    def ask(self, feed: str, after_seconds: float = 0.0) -> None:
        """Have a feed fetched in so many seconds, or earlier where it is due earlier anyway."""
        if self._schedule.ask(feed, self._clock.monotonic() + after_seconds):
            self._wake.set()

    def ask_all(self) -> None:
        """Have everything fetched now."""
        self._schedule.ask_all()
        self._wake.set()

    def look(self) -> None:
        """What is due may have changed."""
        self._wake.set()

    async def run(self) -> None:
        """Poll until cancelled."""
        try:
            while True:
                self._wake.clear()
                self._start_due()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._wait_seconds()):
                        await self._wake.wait()
        finally:
            for fetch in self._fetches:
                fetch.cancel()
            await asyncio.gather(*self._fetches, return_exceptions=True)

    def _wait_seconds(self) -> float:
        if len(self._fetches) >= FETCHES_AT_ONCE:
            return 60.0
        return self._schedule.wait_seconds(self._clock.monotonic())

    def _start_due(self) -> None:
        while len(self._fetches) < FETCHES_AT_ONCE:
            feed = self._schedule.take(self._clock.monotonic())
            if feed is None:
                return
            fetch = asyncio.create_task(self._fetch(feed))
            self._fetches.add(fetch)
            fetch.add_done_callback(self._done)

    def _done(self, fetch: asyncio.Task[None]) -> None:
        self._fetches.discard(fetch)
        self._wake.set()
        if not fetch.cancelled() and (error := fetch.exception()) is not None:
            self.broke.emit(error)

    async def _fetch(self, feed: Feed) -> None:
        try:
            await feed.fetch()
        except (Unreachable, Unavailable) as error:
            self._unreachable(feed, error)
        except Unauthorized as error:
            self._machine.refused(self._clock.wall(), str(error), is_key_refused=True)
            again_at = self._schedule.failed(feed, self._clock.monotonic(), REFUSED_SECONDS)
            self._schedule.hold(again_at, str(error))
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
        self._schedule.hold(retry_at, str(error))
        wall = self._clock.wall()
        self._machine.unreachable(wall, wall + retry_at - now, str(error))

    def _not_answered(self, feed: Feed, error: CommandCenterError) -> None:
        named = error.retry_after_seconds if isinstance(error, RateLimited) else None
        self._schedule.failed(feed, self._clock.monotonic(), named)
        if self._known.identity.identity is None and feed.name == IDENTITY:
            self._machine.refused(self._clock.wall(), str(error), is_key_refused=False)
            return
        if isinstance(error, Forbidden | NotFound):
            feed.refused = True
        log.warning("%s was not answered: %s", feed.name, error)
        feed.mark_failed(self._known.identity.client_trouble or str(error))
