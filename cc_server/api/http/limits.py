"""How often a key may ask, and that one intent runs once at a time.

In memory, for this process: a restart forgets it, and nothing is lost by that.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from cc_server.api.http.problems import RequestProblem

IN_FLIGHT_WAIT_SECONDS = 2.0
REMEMBERED_MOST = 10_000


class RateLimit:
    """A token bucket for each caller: `per_second` on average, and as many at once.

    What it remembers is bounded: callers that have not asked for a second are forgotten.

    Args:
        per_second: requests a second and the size of a burst.
        monotonic: seconds that only grow.
    """

    def __init__(self, per_second: int, monotonic: Callable[[], float]) -> None:
        self._per_second = per_second
        self._monotonic = monotonic
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, caller: str) -> int:
        """Count one request; 0, or how many whole seconds to wait when the caller asks too often."""
        now = self._monotonic()
        if len(self._buckets) >= REMEMBERED_MOST and caller not in self._buckets:
            self._forget(now)
        tokens, at = self._buckets.get(caller, (float(self._per_second), now))
        tokens = min(float(self._per_second), tokens + (now - at) * self._per_second)
        if tokens < 1.0:
            self._buckets[caller] = (tokens, now)
            return max(1, math.ceil((1.0 - tokens) / self._per_second))
        self._buckets[caller] = (tokens - 1.0, now)
        return 0

    def _forget(self, now: float) -> None:
        """Drop whose bucket is full again; where all ask at once, everybody begins anew."""
        self._buckets = {caller: held for caller, held in self._buckets.items() if now - held[1] < 1.0}
        if len(self._buckets) >= REMEMBERED_MOST:
            self._buckets.clear()


class InFlight:
    """Which intents run now: a second request of the same intent waits for the first (contract, section 1)."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, ...], asyncio.Event | None] = {}
        """By intent what ends with it, where somebody waits for that."""

    def one_at_a_time(self, intent: tuple[str, ...]) -> AbstractAsyncContextManager[None]:
        """Run the block while no other with the same intent runs.

        Raises:
            RequestProblem: the first has not ended after 2 seconds (`idempotency_in_flight`).
        """
        return _Turn(self, intent)

    async def begin(self, intent: tuple[str, ...]) -> None:
        """It runs, as soon as no other with the same intent does."""
        if intent in self._running:
            await self._wait_for_turn(intent)
        self._running[intent] = None

    def end(self, intent: tuple[str, ...]) -> None:
        """It runs no more."""
        if (ended := self._running.pop(intent)) is not None:
            ended.set()

    async def _wait_for_turn(self, intent: tuple[str, ...]) -> None:
        try:
            async with asyncio.timeout(IN_FLIGHT_WAIT_SECONDS):
                while intent in self._running:
                    ended = self._running[intent] = self._running[intent] or asyncio.Event()
                    await ended.wait()
        except TimeoutError:
            raise in_flight() from None


class _Turn(AbstractAsyncContextManager[None]):
    """One intent while it runs."""

    def __init__(self, among: InFlight, intent: tuple[str, ...]) -> None:
        self._among = among
        self._intent = intent

    async def __aenter__(self) -> None:
        await self._among.begin(self._intent)

    async def __aexit__(self, *_error: object) -> None:
        self._among.end(self._intent)


def in_flight() -> RequestProblem:
    """The first request of an intent still runs, here or in another process."""
    return RequestProblem(
        "idempotency_in_flight",
        "the first request with this Idempotency-Key still runs; ask again with the same key",
        retry_after=1,
    )
