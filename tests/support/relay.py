"""A wire to a server that a test can cut, or have lose all answers, and that works again afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from urllib.parse import urlsplit


class Relay:
    """Passes bytes on between clients and the server at `host` and `port`."""

    def __init__(self, host: str, port: int) -> None:
        self.url = ""
        self.accepted = 0
        self.loses_answers = False
        self._host = host
        self._port = port
        self._ends: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Every connection ends at once and without a goodbye; new ones are taken."""
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        self.accepted += 1
        up_reader, up_writer = await asyncio.open_connection(self._host, self._port)
        self._ends |= {writer, up_writer}
        await asyncio.gather(
            _pass_on(reader, up_writer, lambda: False), _pass_on(up_reader, writer, lambda: self.loses_answers)
        )


@contextlib.asynccontextmanager
async def relay_to(url: str) -> AsyncIterator[Relay]:
    """A relay on a free port of loopback to the server at `url`."""
    target = urlsplit(url)
    relay = Relay(target.hostname or "", target.port or 80)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    async with server:
        relay.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield relay
        relay.cut()


@contextlib.contextmanager
def relay_beside(url: str) -> Iterator[Relay]:
    """The same in a thread of its own, for tests without a loop."""
    started, ending = threading.Event(), threading.Event()
    found: list[Relay] = []

    async def serve() -> None:
        async with relay_to(url) as relay:
            found.append(relay)
            started.set()
            await asyncio.get_running_loop().run_in_executor(None, ending.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert started.wait(10.0), "the relay does not listen"
        yield found[0]
    finally:
        ending.set()
        thread.join()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_lost: Callable[[], bool]) -> None:
    with contextlib.suppress(ConnectionError):
        while some := await reader.read(1 << 16):
            if not is_lost():
                writer.write(some)
                await writer.drain()
    writer.close()
