"""Rubbish gets a problem document, or its connection closed; it breaks nothing, and it stops nobody."""

from __future__ import annotations

import asyncio
import base64
import logging
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx
import pytest

from rig.house import House
from tests.conftest import Effort
from tests.reliability import rubbish
from tests.server.serving import Served
from tests.support.patience import PATIENCE_SECONDS

SHORT, LONG = 100, 20_000
EVERY = 3
"""One in three kinds of rubbish for a route in the short form: routes are many, and each takes another third."""
AT_ONCE = 8
ELSEWHERE = (("GET", "/nowhere"), ("TRACE", "/health"), ("DELETE", "/"), ("GET", "/problems/{code}"),
             ("GET", "/dashboard.{kind}"), ("PROPFIND", "/api/approvals"))  # fmt: skip
NOT_OURS = "Invalid UTF-8 sequence received from client."
"""What the web server itself says of a frame, before it closes the stream."""
HANDSHAKE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(b"sixteen bytes ok").decode(),
}  # fmt: skip


on_a_file = pytest.mark.parametrize("house", ["sqlite"], indirect=True)
"""What never gets as far as the database is the same with any."""


def port_of(server: Served) -> int:
    return int(urlsplit(server.url).port or 0)


def handshake(changed: Mapping[str, str]) -> bytes:
    """What opens a stream, with some headers changed."""
    return rubbish.request("GET", "/ws/events", {**HANDSHAKE, **changed})


@asynccontextmanager
async def unharmed(server: Served, caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """Afterwards the server answers as ever, and has told of nothing that broke."""
    with caplog.at_level(logging.ERROR):
        yield
        answer = await rubbish.send(port_of(server), rubbish.request("GET", "/health", {}))
    assert answer.document == {"status": "ok"}
    told = [record.getMessage() for record in caplog.records]
    assert [one for one in told if one != NOT_OURS] == []
    assert server.unhandled == []


def assert_told(what: str, answer: rubbish.Answer) -> None:
    """No answer is a mistake of the server's, and each refusal is a problem document."""
    assert 200 <= answer.status < 500, (what, answer)
    if answer.status >= 400:
        assert answer.headers["content-type"] == "application/problem+json", (what, answer)
        assert answer.document["status"] == answer.status, what


async def test_rubbish_at_any_route_is_told_what_is_wrong_with_it(
    server: Served, house: House, caplog: pytest.LogCaptureFixture, effort: Effort
) -> None:
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as http:
        paths = (await http.get(f"{server.url}/openapi.json")).json()["paths"]
    routes = [(method.upper(), path) for path, item in paths.items() for method in item] + [*ELSEWHERE]
    port, turn = port_of(server), asyncio.Semaphore(AT_ONCE)

    async def fire(method: str, path: str, what: str, sent: bytes) -> None:
        async with turn:
            assert_told(f"{method} {path}: {what}", await rubbish.send(port, sent))

    async with unharmed(server, caplog):
        for number, (method, path) in enumerate(routes):
            each = effort(EVERY, 1)
            some = [*rubbish.requests_of(method, path, house.tokens["admin"])][number % each :: each]
            await asyncio.gather(*(fire(method, path, what, sent) for what, sent in some))


@on_a_file
@pytest.mark.parametrize("sent", rubbish.NO_HTTP, ids=range(len(rubbish.NO_HTTP)))
async def test_what_is_no_http_is_refused_and_harms_nobody(
    server: Served, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    async with unharmed(server, caplog):
        assert (await rubbish.send(port_of(server), sent, hang_up=True)).status in (
            0,
            400,
            404,
            405,
            411,
            414,
            431,
            501,
        )


@on_a_file
async def test_requests_with_some_bytes_changed_harm_nobody(
    server: Served, house: House, caplog: pytest.LogCaptureFixture, effort: Effort
) -> None:
    rng = random.Random("changed bytes")
    whole = [
        rubbish.request("GET", "/api/approvals?limit=5&sort=-risk", {"X-API-Key": house.tokens["ana"]}),
        rubbish.request("POST", f"/api/approvals/{house.draft().id}/reject",
                        {"X-API-Key": house.tokens["ana"], "Content-Type": "application/json", "If-Match": '"1"'},
                        b'{"reason_code":"tone","reason":"too loud"}'),
    ]  # fmt: skip
    async with unharmed(server, caplog):
        for _ in range(effort(SHORT, LONG)):
            sent = bytearray(rng.choice(whole))
            for _ in range(rng.randint(1, 6)):
                sent[rng.randrange(len(sent))] = rng.randrange(256)
            answer = await rubbish.send(port_of(server), bytes(sent), hang_up=True)
            assert answer.status < 500 or answer.status == 501, (bytes(sent), answer)


@on_a_file
@pytest.mark.parametrize("with_key", [True, False], ids=["with a key", "without"])
@pytest.mark.parametrize("frame", rubbish.FRAMES, ids=range(len(rubbish.FRAMES)))
async def test_rubbish_on_the_stream_ends_that_stream_only(
    server: Served, house: House, caplog: pytest.LogCaptureFixture, frame: bytes, *, with_key: bool
) -> None:
    key = {"X-API-Key": house.tokens["ana"]} if with_key else {}
    async with unharmed(server, caplog):
        answer = await rubbish.send_on_stream(port_of(server), handshake(key), frame)
        assert answer.status == 101


@on_a_file
@pytest.mark.parametrize(
    "changed",
    [{"Sec-WebSocket-Version": "7"}, {"Sec-WebSocket-Key": "short"}, {"Upgrade": "h2c"}, {"X-Client-Id": "\xff"}],
    ids=["version", "key", "protocol", "client"],
)
async def test_a_handshake_that_makes_no_sense_opens_no_stream(
    server: Served, house: House, caplog: pytest.LogCaptureFixture, changed: dict[str, str]
) -> None:
    async with unharmed(server, caplog):
        opening = handshake({"X-API-Key": house.tokens["ana"]} | changed)
        answer = await rubbish.send_on_stream(port_of(server), opening, frame=b"")
        assert answer.status < 500
        assert answer.status != 101 or b"\x88" in answer.body, "it is opened only to be told why it is closed"
