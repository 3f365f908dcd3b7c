"""Delivers what waits, oldest first, again and again until the server answers: the same for decisions and batches."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any, Generic, Protocol, TypeVar

from cc_api_client.backoff import BackOff
from cc_api_client.errors import CommandCenterError, RateLimited, Unauthorized, Unavailable, Unreachable
from cc_tui.decisions.delivery.recall import PASSING, Kept, Recall
from cc_tui.state.clock import Clock

log = logging.getLogger(__name__)

RETRY_MOST_SECONDS = 15.0

K = TypeVar("K", bound=Kept)


class Deliveries(Protocol[K]):
    """What one kind has to deliver, and how."""

    def sendable(self) -> list[K]:
        """What waits for nothing but the server, oldest first."""

    def offer_stale(self) -> None:
        """What waited for too long waits for the operator's word from now on."""

    async def deliver(self, kept: K) -> None:
        """Send it as it was made, and act on the answer; what is in `PASSING` is raised: it is sent again."""


class DeliveryLoop(Generic[K]):
    """Sends at most `at_once` at a time, and nothing while the server asks to be left alone.

    Args:
        deliveries: what there is, and how it is sent.
        recall: is told what is under way and what stayed without an answer.
        clock: time.
        rng: jitter.
        at_once: how many requests may be under way.
        drawn_within: seconds until what woke it is on the screen: a request, which takes as long to write as a frame to
            draw, begins after that.
    """

    def __init__(
        self,
        deliveries: Deliveries[K],
        recall: Recall[K, Any],
        clock: Clock,
        rng: Random,
        *,
        at_once: int,
        drawn_within: float = 0.0,
    ) -> None:
        self._deliveries = deliveries
        self._recall = recall
        self._clock = clock
        self._at_once = at_once
        self._drawn_within = drawn_within
        self._in_flight: dict[str, asyncio.Task[None]] = {}
        self._back_off = BackOff(rng, most_seconds=RETRY_MOST_SECONDS)
        self._wake = asyncio.Event()
        self._nothing_left = asyncio.Event()

    @property
    def is_idle(self) -> bool:
        """Whether no request is under way."""
        return not self._in_flight

    def look(self) -> None:
        """What waits may have changed."""
        self._wake.set()

    def reached(self) -> None:
        """The server can be reached (again): there is reason to try at once."""
        self._back_off.forget()
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled; what is in flight then is sent again at the next start, under the same key."""
        try:
            while True:
                self._wake.clear()
                if not self._deliveries.sendable():
                    self._nothing_left.set()
                left = self._back_off.left_seconds(self._clock.monotonic())
                if not left:
                    self._start()
                with suppress(TimeoutError):
                    async with asyncio.timeout(left or None):
                        await self._wake.wait()
                if self._drawn_within:
                    await asyncio.sleep(self._drawn_within)
        finally:
            for task in self._in_flight.values():
                task.cancel()
            await asyncio.gather(*self._in_flight.values(), return_exceptions=True)

    async def flush(self, seconds: float) -> None:
        """Wait until everything is delivered, at most `seconds`."""
        if self._deliveries.sendable():
            self._nothing_left.clear()
            self._wake.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._nothing_left.wait()

    def _start(self) -> None:
        if self._back_off.is_failing:  # this try may be the first to find the server, hours later
            self._deliveries.offer_stale()
        for kept in self._deliveries.sendable():
            if len(self._in_flight) >= self._at_once:
                return
            if kept.key not in self._in_flight:
                task = asyncio.create_task(self._deliver(kept))
                self._in_flight[kept.key] = task
                self._recall.began(kept.key)
                task.add_done_callback(partial(self._landed, kept.key))

    async def _deliver(self, kept: K) -> None:
        try:
            await self._deliveries.deliver(kept)
        except PASSING as error:
            log.info("%s waits: %s", kept.key, error)
            self._recall.unanswered(kept.key, may_have_arrived=_may_have_arrived(error))
            named = error.retry_after_seconds if isinstance(error, Unavailable | RateLimited) else None
            self._back_off.failed(self._clock.monotonic(), named)
        else:
            self._back_off.succeeded()

    def _landed(self, key: str, task: asyncio.Task[None]) -> None:
        self._in_flight.pop(key, None)
        if self._recall.is_under_way(key):  # it was cut short: nobody knows how far it came
            self._recall.unanswered(key, may_have_arrived=True)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("delivering a decision failed in a way nobody foresaw", exc_info=error)
            self._back_off.failed(self._clock.monotonic())
        self._wake.set()


def _may_have_arrived(error: CommandCenterError) -> bool:
    """Whether the server may have done what it gave no answer for."""
    if isinstance(error, Unreachable):
        return error.in_doubt or error.sent
    return error.in_doubt or not isinstance(error, Unauthorized)
