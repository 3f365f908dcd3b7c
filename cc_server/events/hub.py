"""The hub: hands events to everyone who follows, in order and filtered; a slow reader is told, never silently cut.

Replay comes from the table, what follows from the commits of this process.
"""

from __future__ import annotations

import asyncio
from collections import deque
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
from cc_server.events.log import Head, Recorded, after, head

QUEUE_MOST = 10_000
QUEUE_BYTES = 5 * 1024 * 1024
FRAMES_AT_ONCE = 64
REPLAY_PAGE = 500


class Subscription:
    """One reader: a queue of what is to be sent, and where it stands."""

    def __init__(self, topics: frozenset[str] | None, sees: Callable[[str | None], bool]) -> None:
        self._topics = topics
        self._sees = sees
        self._queue: deque[Recorded] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self.last_sent = 0
        self.looked = 0
        self.overflowed = False
        self.going_away: int | None = None

    def wants(self, event: Recorded) -> bool:
        """Whether it asked for this, and may see it."""
        if self._topics is not None and event.topic not in self._topics:
            return False
        return event.is_for_all or self._sees(event.client_id)

    def offer(self, events: Sequence[Recorded]) -> None:
        """Queue what it wants; called in the event loop."""
        for event in events:
            if self.wants(event):
                self._queue.append(event)
                self._bytes += len(event.body)
                self._wake.set()
            elif event.seq is not None and not self._queue:
                self.looked = max(self.looked, event.seq)
        if len(self._queue) > QUEUE_MOST or self._bytes > QUEUE_BYTES:
            self._queue.clear()
            self._bytes = 0
            self.overflowed = True
            self._wake.set()

    def leave(self, retry_after_ms: int) -> None:
        """The server goes."""
        self.going_away = retry_after_ms
        self._wake.set()

    async def wait(self, seconds: float) -> None:
        """Wait until there is something to send, at most `seconds`."""
        if self._queue or self.overflowed or self.going_away is not None:
            return
        self._wake.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    def take(self) -> list[str]:
        """Up to 64 frames, as JSON."""
        frames: list[str] = []
        while self._queue and len(frames) < FRAMES_AT_ONCE:
            event = self._queue.popleft()
            self._bytes -= len(event.body)
            frame = self.frame(event)
            if frame is not None:
                frames.append(frame)
        return frames

    def frame(self, event: Recorded) -> str | None:
        """An event's JSON with its `prev_seq`; None for one that was sent already."""
        if event.seq is None:
            return event.body
        if event.seq <= self.last_sent:
            return None
        previous, self.last_sent = self.last_sent, event.seq
        self.looked = event.seq
        return f'{{"prev_seq":{previous},{event.body[1:]}'


class Hub:
    """All readers of one process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._subscriptions: set[Subscription] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: Callable[[], None] | None = None
        self.is_closing = False

    def start(self) -> None:
        """Follow the commits, from the running loop on."""
        self._loop = asyncio.get_running_loop()
        self._end = self._db.on_commit(self._committed)

    async def stop(self, retry_after_ms: int = 1_000) -> None:
        """Tell every reader that the server goes."""
        self.is_closing = True
        if self._end is not None:
            self._end()
        for subscription in self._subscriptions:
            subscription.leave(retry_after_ms)
        await asyncio.sleep(0)

    def _committed(self, announcements: Sequence[object]) -> None:
        events = [one for one in announcements if isinstance(one, Recorded)]
        if events and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hand_out, events)

    def _hand_out(self, events: Sequence[Recorded]) -> None:
        for subscription in self._subscriptions:
            subscription.offer(events)

    async def follow(
        self,
        since: EventPosition | None,
        topics: frozenset[str] | None,
        sees: Callable[[str | None], bool],
        now: Callable[[], datetime],
    ) -> AsyncGenerator[list[str]]:
        """Frames as JSON, at most 64 at a time: hello, what was missed, then what happens, with heartbeats."""
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
            async for frames in self._live(subscription, now):
                yield frames
        finally:
            self._subscriptions.discard(subscription)

    async def _replay(self, subscription: Subscription, start: int, until: int) -> AsyncIterator[list[str]]:
        at = start
        while at < until:
            events = await self._db.read(after, at, REPLAY_PAGE)
            if not events:
                return
            at = events[-1].seq or until
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
