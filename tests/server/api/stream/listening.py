"""Readers of events, over WebSockets and plain HTTP."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from cc_server.domain import installation
from tests.server.serving import Served
from tests.support.patience import PATIENCE_SECONDS

NOBODY = "00000000-0000-4000-8000-000000000000"
CLOSE_FRAME = bytes((0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8))
"""A reader's goodbye, masked, with the code 1000 (RFC 6455, 5.5.1)."""
Frame = dict[str, Any]


class Listener:
    """Reads frames one by one, whether they come alone or in arrays."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._waiting: deque[Frame] = deque()
        self.sizes: list[int] = []

    async def frame(self) -> Frame:
        async with asyncio.timeout(PATIENCE_SECONDS):
            if not self._waiting:
                told = json.loads(await self.socket.recv())
                self._waiting.extend(told if isinstance(told, list) else [told])
                self.sizes.append(len(self._waiting))
            return self._waiting.popleft()

    async def event(self) -> Frame:
        """The next event that is on record."""
        while True:
            frame = await self.frame()
            if frame["frame"] == "event" and frame.get("seq") is not None:
                return frame

    async def events(self, count: int) -> list[Frame]:
        return [await self.event() for _ in range(count)]

    async def code(self) -> int | None:
        """The code that the server closes with."""
        try:
            while True:
                await self.frame()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


@asynccontextmanager
async def listening(
    server: Served,
    key: str | None = "ana",
    *,
    headers: dict[str, str] | None = None,
    since: str | None = None,
    topics: str | None = None,
) -> AsyncIterator[Listener]:
    given = {**({"X-API-Key": server.house.tokens[key]} if key else {}), **(headers or {})}
    query = {name: text for name, text in (("since", since), ("topics", topics)) if text is not None}
    url = f"{server.socket_url}?{httpx.QueryParams(query)}"
    async with connect(
        url, additional_headers=given, proxy=None, max_size=None, open_timeout=PATIENCE_SECONDS
    ) as socket:
        yield Listener(socket)


def poll(server: Served, key: str = "ana", *, headers: dict[str, str] | None = None, **query: str | int) -> Frame:
    """`GET /api/events`."""
    given = {"X-API-Key": server.house.tokens[key], **(headers or {})}
    answer = httpx.get(
        f"{server.url}/api/events", params=query, headers=given, timeout=PATIENCE_SECONDS, trust_env=False
    )
    assert answer.status_code == 200, answer.text
    found: Frame = answer.json()
    return found


def events_of(page: Frame) -> list[Frame]:
    return [frame for frame in page["frames"] if frame["frame"] == "event" and frame.get("seq") is not None]


def epoch_of(server: Served) -> str:
    return server.house.db.read_sync(installation.identity).epoch


def chain(frames: list[Frame]) -> list[tuple[int, int]]:
    return [(frame["prev_seq"], frame["seq"]) for frame in frames]
