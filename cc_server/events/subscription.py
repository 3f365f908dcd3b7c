"""One reader of events: what it asked for, a queue of what is to be sent, and where it stands."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from cc_server.events.log import Recorded, Volatile

QUEUE_MOST = 10_000
QUEUE_BYTES = 5 * 1024 * 1024
FRAMES_AT_ONCE = 64


class Subscription:
    """One reader: a queue of what is to be sent, and where it stands."""

    def __init__(self, topics: frozenset[str] | None, sees: Callable[[str | None], bool]) -> None:
        self._topics = topics
        self._sees = sees
        self._queue: deque[Recorded | Volatile] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self.last_sent = 0
        self.looked = 0
        self.overflowed = False
        self.going_away: int | None = None

    def wants(self, event: Recorded | Volatile) -> bool:
        """Whether it asked for this, and may see it."""
        if self._topics is not None and event.topic not in self._topics:
            return False
        return event.is_for_all or self._sees(event.client_id)

    def offer(self, events: Sequence[Recorded | Volatile]) -> None:
        """Queue what it wants; called in the event loop."""
        for event in events:
            if self.wants(event):
                self._queue.append(event)
                self._bytes += len(event.body)
                self._wake.set()
            elif isinstance(event, Recorded) and not self._queue:
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

    def frame(self, event: Recorded | Volatile) -> str | None:
        """An event's JSON with its `prev_seq`; None for one that was sent already."""
        if isinstance(event, Volatile):
            return event.body
        if event.seq <= self.last_sent:
            return None
        previous, self.last_sent = self.last_sent, event.seq
        self.looked = event.seq
        return f'{{"prev_seq":{previous},{event.body[1:]}'
