"""A server whose event stream is ours: everything else passes on to a real one, events come as fast as we say.

What 1,000 events a second cost the app can't be had from a server that makes them: it would be measured as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench.app.happenings import Told
from cc_api_client.models.events import EventPosition
from rig.pty_app import Backend

MESSAGES_PER_SECOND = 20
_STREAM = b"GET /ws/events"
_QUIET_SECONDS = 3_600.0
"""No heartbeat is owed while nothing comes."""


class Flood:
    """The stream of what `happens` (`bench.app.happenings`)."""

    def __init__(self, happens: Iterator[Told], events_per_second: int) -> None:
        self.sent = 0
        self._happens = happens
        self._in_a_message = events_per_second // MESSAGES_PER_SECOND
        self._is_on = threading.Event()

    def until(self, deadline: float) -> None:
        """Let events come until `deadline` (monotonic, seconds)."""
        self._is_on.set()
        time.sleep(max(0.0, deadline - time.monotonic()))
        self._is_on.clear()

    async def speak(self, socket: ServerConnection) -> None:
        """Say hello, then events while they are let come, for as long as the client listens."""
        asked = parse_qs(urlsplit(socket.request.path if socket.request else "").query)
        since = EventPosition.parse(asked["since"][0])
        hello = {
            "frame": "hello", "epoch": since.epoch, "head_seq": since.seq, "resumed": True,
            "heartbeat_seconds": _QUIET_SECONDS, "server_time": _now(),
        }  # fmt: skip
        with contextlib.suppress(ConnectionClosed):
            await socket.send(json.dumps(hello))
            seqs = itertools.count(since.seq + 1)
            due = time.monotonic()
            while True:
                due = max(due + 1 / MESSAGES_PER_SECOND, time.monotonic() - 1.0)
                await asyncio.sleep(due - time.monotonic())
                if self._is_on.is_set():
                    await socket.send(json.dumps([self._event(next(seqs)) for _ in range(self._in_a_message)]))
                    self.sent += self._in_a_message

    def _event(self, seq: int) -> dict[str, Any]:
        return {"frame": "event", "seq": seq, "prev_seq": seq - 1, "at": _now()} | next(self._happens)


@contextlib.contextmanager
def flooded(backend: Backend, flood: Flood) -> Iterator[Backend]:
    """`backend` with the flood for its stream, on a free port of loopback, until the block is left."""
    ready = threading.Event()
    ports: list[int] = []
    ends: list[Callable[[], object]] = []

    async def run() -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        ends.append(lambda: loop.call_soon_threadsafe(ended.set))
        async with serve(flood.speak, "127.0.0.1", 0) as stream:
            stream_port = next(iter(stream.sockets)).getsockname()[1]

            async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await _pass_both_ways(reader, writer, stream_port, urlsplit(backend.url).port or 80)

            async with await asyncio.start_server(take, "127.0.0.1", 0) as door:
                ports.append(door.sockets[0].getsockname()[1])
                ready.set()
                await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="flood", daemon=True)
    thread.start()
    ready.wait()
    try:
        yield Backend(f"http://127.0.0.1:{ports[0]}", backend.api_key, backend.pid)
    finally:
        ends[0]()
        thread.join(timeout=5.0)


async def _pass_both_ways(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stream_port: int, server_port: int
) -> None:
    """One connection, to whom its first line asks for."""
    head = await reader.read(1 << 16)
    to_reader, to_writer = await asyncio.open_connection(
        "127.0.0.1", stream_port if head.startswith(_STREAM) else server_port
    )
    to_writer.write(head)
    await asyncio.gather(_pass_on(reader, to_writer), _pass_on(to_reader, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while some := await reader.read(1 << 16):
            writer.write(some)
            await writer.drain()
    writer.close()


def _now() -> str:
    return datetime.now(UTC).isoformat()
