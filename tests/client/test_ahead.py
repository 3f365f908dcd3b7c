"""What is asked ahead comes over a bare connection, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from cc_api_client.ahead import Ahead
from tests.client.wire_server import CutOff, Reply, WireServer, wire_server
from tests.support.patience import PATIENCE_SECONDS


@pytest.fixture
async def wire() -> AsyncIterator[WireServer]:
    async with wire_server() as server:
        yield server


async def answer(url: str, key: str = "k1", client: str | None = None, target: str = "/api/x?a=1") -> str | None:
    asked = Ahead(url, key, client, target, lambda body: body.decode())
    return await asyncio.to_thread(asked.wait, PATIENCE_SECONDS)


async def test_it_is_asked_with_the_key_and_the_client(wire: WireServer) -> None:
    wire.reply(Reply(body=b"told"))
    assert await answer(f"{wire.url}/base/", client="c1") == "told"
    heard = wire.heard[0]
    assert (heard.method, heard.target) == ("GET", "/base/api/x?a=1")
    assert (heard.headers["x-api-key"], heard.headers["x-client-id"]) == ("k1", "c1")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=401, body=b"no"),
        Reply(status=304),
        Reply(body=b"cut", headers={"Content-Length": "9"}),
        Reply(body=b"3\r\nabc\r\n0\r\n\r\n", headers={"Transfer-Encoding": "chunked", "Content-Length": ""}),
        Reply(body=b"zip", headers={"Content-Encoding": "gzip"}),
        Reply(body=b"\xff"),
        CutOff(),
    ],
)
async def test_any_other_answer_than_a_whole_one_is_none(wire: WireServer, reply: Reply | CutOff) -> None:
    wire.reply(reply)
    assert await answer(wire.url) is None


@pytest.mark.parametrize(
    "url", ["", "ftp://h", "http://", "http://u:p@127.0.0.1:1", "http://127.0.0.1:99999", "http://[::"]
)
async def test_what_is_no_address_is_not_asked(url: str) -> None:
    assert await answer(url) is None


async def test_a_server_that_is_not_there_is_none() -> None:
    assert await answer("http://127.0.0.1:1") is None


async def test_a_key_that_would_break_the_request_is_not_sent(wire: WireServer) -> None:
    assert await answer(wire.url, key="k\r\nX-Evil: 1") is None
    assert wire.heard == []


async def test_through_a_proxy_only_the_client_goes(wire: WireServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert await answer(wire.url) is None
    assert wire.heard == []


async def test_who_waits_no_longer_has_none(wire: WireServer) -> None:
    wire.reply(None)
    asked = Ahead(wire.url, "k1", None, "/", bytes.decode)
    assert await asyncio.to_thread(asked.wait, 0.0) is None
