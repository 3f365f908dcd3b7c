"""A server that answers what a test wrote down, over a real socket: for answers that no right server gives."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Heard:
    """One request as it came over the wire; names of headers in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer as it goes over the wire."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def octets(self) -> bytes:
        """The answer with its head; the connection ends behind it."""
        told = {"Content-Length": str(len(self.body)), "Connection": "close", **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        return f"HTTP/1.1 {self.status} Said\r\n{head}\r\n".encode("latin-1") + self.body


def json_reply(told: Any, status: int = 200, **headers: str) -> Reply:
    """An answer in JSON; `retry_after="3"` is the header `retry-after`."""
    kind = "application/json" if status < 400 else "application/problem+json"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(told).encode(), {"Content-Type": kind, **named})


class CutOff(Exception):
    """Ends the connection instead of an answer."""


class WireServer:
    """Answers with its replies in order, the last one again and again; None: never, `CutOff`: by hanging up."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.replies: list[Reply | CutOff | None] = [Reply()]
        self.heard: list[Heard] = []

    def reply(self, *replies: Reply | CutOff | None) -> None:
        """What it answers from now on."""
        self.replies = list(replies)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: one request, one answer."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            self.heard.append(await _read(reader))
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
            match reply:
                case None:
                    await reader.read()  # until the client has had enough
                case Reply():
                    writer.write(reply.octets)
                    await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def wire_server() -> AsyncIterator[WireServer]:
    """A server on a free port of loopback."""
    wire = WireServer("")
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    async with server:
        wire.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield wire


async def _read(reader: asyncio.StreamReader) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    pairs = (line.partition(": ") for line in head[1:] if line)
    headers = {name.lower(): value for name, _, value in pairs}
    return Heard(method, target, headers, await reader.readexactly(int(headers.get("content-length", "0"))))
