"""Asks a server over keep-alive connections, with requests as bytes: asking costs little beside answering."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import uvloop


@dataclass(slots=True)
class Asked:
    """What came of a number of requests."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    took_ms: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.took_ms) / self.seconds


def request(method: str, path: str, headers: dict[str, str], body: Any = None) -> bytes:
    """A request as it goes over the line."""
    content = b"" if body is None else json.dumps(body).encode()
    told = {"Host": "bench", **headers, "Content-Length": str(len(content))}
    if body is not None:
        told["Content-Type"] = "application/json"
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, "", ""]).encode() + content


def ask(port: int, requests: Sequence[bytes], callers: int) -> Asked:
    """Send `requests`, each once, from `callers` connections at the same time, each waiting for its answer."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_ask(port, requests, callers))


async def _ask(port: int, requests: Sequence[bytes], callers: int) -> Asked:
    asked, waiting = Asked(), iter(requests)
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(callers)]
    began = time.perf_counter()
    await asyncio.gather(*(_call(reader, writer, waiting, asked) for reader, writer in streams))
    asked.seconds = time.perf_counter() - began
    for _, writer in streams:
        writer.close()
    return asked


async def _call(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, waiting: Iterator[bytes], asked: Asked
) -> None:
    for each in waiting:
        began = time.perf_counter()
        writer.write(each)
        status = await _answer(reader)
        asked.took_ms.append((time.perf_counter() - began) * 1000)
        asked.statuses[status] += 1


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    place = head.find(b"content-length:")
    if place >= 0:
        await reader.readexactly(int(head[place + 15 : head.index(b"\r\n", place)]))
    return int(head[9:12])
