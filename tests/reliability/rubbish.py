"""Rubbish of every kind that reaches a server: bodies, headers, paths, queries, frames, and bytes that are no HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_from_bytes

from tests.support.patience import PATIENCE_SECONDS

JSON = "application/json"

BODIES: tuple[tuple[str, bytes], ...] = (
    (JSON, b"{"), (JSON, b"null"), (JSON, b"[]"), (JSON, b'"x"'), (JSON, b"1e999"), (JSON, b"NaN"), (JSON, b"-"),
    (JSON, b'{"a":' * 40 + b"1" + b"}" * 40), (JSON, b"[" * 100_000), (JSON, b'{"a":' * 50_000),
    (JSON, b"\xff\xfe{}"), (JSON, b'{"reason":"\xff"}'), (JSON, b'{"subject":"\\ud800"}'),
    (JSON, b'{"reason":"\\u0000","note":"\\u0000"}'), (JSON, b'{"reason_code":"other","reason":" "}'),
    (JSON, b'{"reason":' + b"9" * 5_000 + b"}"), (JSON, b'{"reason":1,"reason":2}'), (JSON, b" " * 1_048_577),
    (JSON, b'{"version":true,"ids":[[]],"filter":{"status":[1]},"payload":{"amount_usd":{}}}'),
    (JSON, b'{"__proto__":{},"constructor":null}'), ("text/plain", b"{}"), ("", b"{}"),
    ("multipart/form-data; boundary=x", b"--x\r\n\r\n"), ("application/json; charset=utf-7", b"{}"),
    ("application/x-www-form-urlencoded", b"a=b"), ("\xff/\xff", b"{}"),
)  # fmt: skip
HEADERS: tuple[Mapping[str, str], ...] = (
    {"X-Client-Id": "' OR 1=1 --"}, {"X-Client-Id": ""}, {"X-Client-Id": "\xff\xfe"}, {"X-Client-Id": "a" * 5_000},
    {"X-Client-Id": "00000000-0000-0000-0000-00000000000g"}, {"If-Match": "rubbish"}, {"If-Match": '"9" "9"'},
    {"If-Match": '"' + "9" * 400 + '"'}, {"If-Match": '"\xff"'}, {"If-None-Match": '"' * 4_000},
    {"If-None-Match": "\xff"}, {"Idempotency-Key": "a" * 256}, {"Idempotency-Key": "\xff"}, {"Idempotency-Key": "a b"},
    {"X-Request-Id": "<script>" * 100}, {"Cookie": "a=" + "b" * 8_000}, {"Range": "bytes=9-1"}, {"Accept": "\xff"},
    {"Content-Encoding": "gzip"}, {"Expect": "200-maybe"}, {"Host": ""}, {"Forwarded": "for=\xff"},
)  # fmt: skip
QUERIES: tuple[str, ...] = (
    "limit=-1", "limit=1e9", "limit=", "limit=1&limit=x", "sort=%00", "sort=;drop", "cursor=AAAA", "cursor=%ff%fe",
    "cursor=" + "A" * 600, "status=%00,,", "q=%00", "q=%ff", "q=" + "%25" * 60, "kind=\\", "min_risk=NaN", "safe=maybe",
    "after=..", "after=1.1", "after=a.99999999999999999999", "wait=-1", "view=%F0%9F%98%80", "&&&===", "from=x&to=y",
    "topics=all", "to=%ed%a0%80", "lead=" + "x" * 3_000, "actor=%00", "state=%27", "wait=26&after=1.1",
)  # fmt: skip
NAMES: tuple[bytes, ...] = (
    b"..", b"../../etc/passwd", b"\x00", b"\xff\xfe", b"a" * 5_000, b"'; DROP TABLE approvals;--", "😀".encode(),
    b"{approval_id}", b"%", b" ", b"\xed\xa0\x80", b"-1", b"99999999999999999999999999",
)  # fmt: skip
NO_HTTP: tuple[bytes, ...] = (
    b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
    b"GET /health HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"POST /api/approvals HTTP/1.1\r\nHost x\r\n\r\n",
    b"GET /health HTTP/1.1\r\nX: " + b"a" * 200_000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST /webhook/lead HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"POST /webhook/lead HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    b"GET /\xff\xff HTTP/1.1\r\nHost: a\r\nX-API-Key: \xff\r\n\r\n", b"\x00" * 4_096, bytes(range(256)) * 16,
    b"GET " + b"/a" * 40_000 + b" HTTP/1.1\r\n\r\n",
)  # fmt: skip
FRAMES: tuple[bytes, ...] = (
    b"\x81\x81\x00\x00\x00\x00{", b"\x82\x84\x00\x00\x00\x00\xff\xff\xff\xff", b"\x81\x02{}",
    b"\x81\x82\x00\x00\x00\x00\xff\xff", b"\xff\xff\xff\xff\xff\xff", b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff",
    b"\x88\x82\x00\x00\x00\x00\x00\x01", b"\x81\x82\x00\x00\x00\x00[]", b"\x81\x84\x00\x00\x00\x00null",
    b"\x89\x80\x00\x00\x00\x00\x88\x80\x00\x00\x00\x00",
)  # fmt: skip
"""As a client sends them after the handshake: broken JSON, binary, unmasked, no UTF-8, reserved bits, too long."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `status` 0: nothing, the connection was closed."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


def request(method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """A request as bytes, whatever stands in it."""
    told = {"Host": "house", "Connection": "close", "Content-Length": str(len(body)), **headers}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def requests_of(method: str, path: str, key: str) -> Iterator[tuple[str, bytes]]:
    """Each kind of rubbish for one route, and what it is."""
    known = {"X-API-Key": key}
    target = path.replace("{", "").replace("}", "")
    if method != "GET":
        for number, (media_type, body) in enumerate(BODIES):
            headers = known | ({"Content-Type": media_type} if media_type else {})
            yield f"body {number}", request(method, target, headers, body)
    for extra in HEADERS:
        yield f"header {extra!r:.60}", request(method, target, known | dict(extra))
    for query in QUERIES:
        yield f"query {query:.60}", request(method, f"{target}?{query}", known)
    if "{" in path:
        before, _, rest = path.partition("{")
        for name in NAMES:
            place = before + quote_from_bytes(name, safe="") + rest.partition("}")[2]
            yield f"name {name!r:.60}", request(method, place, known)


async def send(port: int, sent: bytes, *, hang_up: bool = False) -> Answer:
    """Send bytes over a connection of their own, and read the answer, or all that comes until it is closed.

    Args:
        port: of the server on this machine.
        sent: as they are.
        hang_up: say at once that no more will come.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            writer.write(sent)
            await writer.drain()
            if hang_up:
                writer.write_eof()
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(_parsed(head).headers.get("content-length", -1))
            return _parsed(head + (await reader.read(-1) if length < 0 else await reader.readexactly(length)))
    except (ConnectionError, asyncio.IncompleteReadError):
        return Answer()
    finally:
        writer.close()


async def send_on_stream(port: int, handshake: bytes, frame: bytes) -> Answer:
    """Open a stream, send a frame and hang up; returns how the handshake was answered, and all that came after it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            writer.write(handshake)
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(frame)
            writer.write_eof()
            return _parsed(head + await reader.read(-1))
    finally:
        writer.close()


def _parsed(told: bytes) -> Answer:
    head, _, body = told.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 "):
        return Answer(body=told)
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Answer(int(first.split()[1]), headers, body)
