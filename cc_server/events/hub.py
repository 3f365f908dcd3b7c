"""The hub: hands events to everyone who follows, in order and filtered; a slow reader is told, never silently cut.

The table is the truth: the hub reads on from the last event that it handed out, woken by commits, its own and those of
other processes, and now and then by itself. On SQLite, where this process writes every event, a commit carries them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from datetime import datetime

from cc_api_client.models.events import (
    HEARTBEAT_SECONDS,
    EventPosition,
    GoingAway,
    Heartbeat,
    Hello,
    ResyncRequired,
)
from cc_server.db.database import Database
from cc_server.db.errors import DatabaseUnavailable
from cc_server.db.transaction.notices import Woken
from cc_server.events.coalescing import Coalescer
from cc_server.events.log import Head, KeyRevoked, Recorded, Volatile, after, head, page, revoked
from cc_server.events.revocations import Revocations
from cc_server.events.subscription import FRAMES_AT_ONCE, Subscription

PAGE = 500
LOOK_SECONDS = 2.0
"""How often it looks by itself: a wake-up may get lost with its connection."""
KEYS_SECONDS = 0.2
"""How often at most it asks which keys were revoked."""
PATIENCE_SECONDS = 5.0

_log = logging.getLogger("cc_server.events")


class Hub:
    """All readers of one process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._subscriptions: set[Subscription] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: Callable[[], None] | None = None
        self._tail: asyncio.Task[None] | None = None
        self._at = 0
        """The last event that was handed out."""
        self._is_at_head = asyncio.Event()
        """Set once `_at` is known."""
        self._wake = asyncio.Event()
        self._asked_keys_at = 0.0
        self._coalescer = Coalescer(self._hand_out_one)
        self.keys = Revocations()
        self.is_closing = False

    @property
    def followers(self) -> int:
        """How many read along."""
        return len(self._subscriptions)

    def start(self) -> None:
        """Follow the commits, from the running loop on."""
        self._loop = asyncio.get_running_loop()
        self._end = self._db.on_commit(self._committed)
        self._tail = asyncio.create_task(self._keep_looking())

    async def stop(self, retry_after_ms: int = 1_000) -> None:
        """Tell every reader that the server goes."""
        self.is_closing = True
        if self._end is not None:
            self._end()
        for subscription in self._subscriptions:
            subscription.leave(retry_after_ms)
        if self._tail is not None:
            self._tail.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._tail
            self._tail = None
        await asyncio.sleep(0)

    def _committed(self, announcements: Sequence[object]) -> None:
        """In a thread of the database: pass on what it announces."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hear, announcements)

    def _hear(self, announcements: Sequence[object]) -> None:
        events: list[Recorded] = []
        for one in announcements:
            match one:
                case Recorded():
                    events.append(one)
                case Volatile():
                    self._coalescer.offer(one)
                case KeyRevoked(key_id):
                    self.keys.end({key_id})
                case Woken():
                    self._wake.set()
        if events:
            self._take(events)

    def _take(self, events: list[Recorded]) -> None:
        """Hand out events that follow on what was handed out; where some are missing, read them first."""
        if self._is_at_head.is_set() and events[0].seq == self._at + 1:
            self._hand_out(events)
        elif events[-1].seq > self._at:
            self._wake.set()

    def _hand_out(self, events: Sequence[Recorded]) -> None:
        new = [event for event in events if event.seq > self._at]
        if not new:
            return
        self._at = new[-1].seq
        for subscription in self._subscriptions:
            subscription.offer(new)

    def _hand_out_one(self, event: Volatile) -> None:
        for subscription in self._subscriptions:
            subscription.offer([event])

    async def _keep_looking(self) -> None:
        """Read on whenever something wakes, outliving a database that goes away."""
        while True:
            self._wake.clear()
            try:
                await self._look()
            except DatabaseUnavailable as error:
                _log.warning("events wait: %s", error)
                await asyncio.sleep(LOOK_SECONDS)
            except Exception:  # noqa: BLE001 - streams that go silent are worse than a look that is tried again
                _log.exception("events could not be read; they will be in %.0f s", LOOK_SECONDS)
                await asyncio.sleep(LOOK_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()

    async def _look(self) -> None:
        if not self._subscriptions:
            at = await self._db.read(head)
            if not self._subscriptions:  # else somebody counts on what lies between
                self._at = max(self._at, at.seq)
                self._is_at_head.set()
        while self._subscriptions and (events := await self._db.read(after, self._at, PAGE)):
            self._hand_out(events)
        now = asyncio.get_running_loop().time()
        if self.keys.held_now and now - self._asked_keys_at >= KEYS_SECONDS:
            self._asked_keys_at = now
            self.keys.end(await self._db.read(revoked, self.keys.held_now))

    async def follow(
        self,
        since: EventPosition | None,
        topics: frozenset[str] | None,
        sees: Callable[[str | None], bool],
        now: Callable[[], datetime],
    ) -> AsyncGenerator[list[str]]:
        """Frames as JSON, at most 64 at a time: hello, what was missed, then what happens, with heartbeats.

        After what was missed comes an empty list once: who only wants what is there already need not wait.

        Raises:
            DatabaseUnavailable: the table can't be read.
        """
        await self._wait_for_head()
        subscription = Subscription(topics, sees)
        self._subscriptions.add(subscription)
        try:
            at = await self._db.read(head)
            problem = _why_not_resumed(since, at)
            resumed = since is not None and problem is None
            start = since.seq if since is not None and resumed else at.seq
            subscription.last_sent = subscription.looked = start
            yield [_hello(at, now(), resumed=resumed)]
            if problem is not None:
                yield [ResyncRequired(reason=problem, head_seq=at.seq).model_dump_json()]
            if resumed:
                async for frames in self._replay(subscription, start, at.seq):
                    yield frames
                yield []
            async for frames in self._live(subscription, now):
                yield frames
        finally:
            self._subscriptions.discard(subscription)

    async def _wait_for_head(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._is_at_head.wait()
        except TimeoutError:
            raise DatabaseUnavailable("The events can't be read yet; ask again.") from None

    async def _replay(self, subscription: Subscription, start: int, until: int) -> AsyncIterator[list[str]]:
        """What was missed, page by page; told to fetch anew when it is forgotten meanwhile."""
        at = start
        while at < until and subscription.going_away is None:
            there, events = await self._db.read(page, at, PAGE)
            if at < there.retain_from - 1:
                subscription.last_sent = subscription.looked = there.seq
                yield [ResyncRequired(reason="too_old", head_seq=there.seq).model_dump_json()]
                return
            at = events[-1].seq if events else until
            frames = [frame for one in events if subscription.wants(one) and (frame := subscription.frame(one))]
            subscription.looked = max(subscription.looked, at)
            for first in range(0, len(frames), FRAMES_AT_ONCE):
                yield frames[first : first + FRAMES_AT_ONCE]

    async def _live(self, subscription: Subscription, now: Callable[[], datetime]) -> AsyncIterator[list[str]]:
        while True:
            await subscription.wait(HEARTBEAT_SECONDS)
            if subscription.going_away is not None:
                yield [GoingAway(retry_after_ms=subscription.going_away).model_dump_json()]
                return
            if subscription.overflowed:
                subscription.overflowed = False
                at = await self._db.read(head)
                subscription.last_sent = subscription.looked = at.seq
                yield [ResyncRequired(reason="slow_consumer", head_seq=at.seq).model_dump_json()]
                continue
            frames = subscription.take()
            if not frames:
                beat = Heartbeat(last_sent_seq=subscription.last_sent, head_seq=subscription.looked, at=now())
                frames = [beat.model_dump_json()]
            yield frames


def _why_not_resumed(since: EventPosition | None, at: Head) -> str | None:
    if since is None:
        return None
    if since.epoch != at.epoch or since.seq > at.seq:
        return "epoch_changed"
    return "too_old" if since.seq < at.retain_from - 1 else None


def _hello(at: Head, server_time: datetime, *, resumed: bool) -> str:
    hello = Hello(
        epoch=at.epoch, head_seq=at.seq, retain_from_seq=at.retain_from, server_time=server_time, resumed=resumed
    )
    return hello.model_dump_json()
