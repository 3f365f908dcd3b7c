"""How much and how fast anybody may ask, over real sockets where it is the bytes that count."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlsplit

import pytest
import websockets

from cc_server.api.http import gate
from cc_server.api.http.admission import Admission
from cc_server.api.http.gate import MAX_HEAD_BYTES, SECURITY_HEADERS
from cc_server.api.http.limits import REMEMBERED_MOST, RateLimit
from cc_server.api.http.problems import RequestProblem
from cc_server.cli.serving import protocol
from cc_server.domain.base.actors import Key
from rig.house import House
from tests.server.serving import Served, api_of, served
from tests.support.patience import PATIENCE_SECONDS


async def exchange(server: Served, *parts: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes as they are; the status, headers and body of what comes back until the connection is closed."""
    where = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    for part in parts:
        writer.write(part)
    async with asyncio.timeout(PATIENCE_SECONDS):
        answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return (
        int(first.split()[1]),
        {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)},
        body,
    )


def assert_problem(answer: tuple[int, dict[str, str], bytes], status: int, code: str) -> None:
    found, headers, body = answer
    assert (found, headers["content-type"], json.loads(body)["code"]) == (status, "application/problem+json", code)
    for name, value in SECURITY_HEADERS.items():
        assert headers[name.lower()] == value
    assert json.loads(body)["instance"] == headers["x-request-id"]


@pytest.mark.parametrize(
    "rubbish",
    [b"rubbish\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"GET /\x00 HTTP/1.1\r\n\r\n"],
)
async def test_what_is_no_request_is_told_as_a_problem(server: Served, rubbish: bytes) -> None:
    assert_problem(await exchange(server, rubbish), 400, "bad_request")


async def test_a_head_that_does_not_end_is_refused(server: Served) -> None:
    endless = [
        b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: ",
        *(b"a" * 1024 for _ in range(64)),
    ]  # nothing left unread: no reset
    assert_problem(await exchange(server, *endless), 431, "headers_too_large")


async def test_a_head_that_is_too_long_is_refused(server: Served) -> None:
    many = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 500) for number in range(130))
    assert len(many) > MAX_HEAD_BYTES
    whole = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + many + b"\r\n"
    assert_problem(await exchange(server, whole), 431, "headers_too_large")


@pytest.mark.parametrize("length", [MAX_HEAD_BYTES, 70_000, 250_000])
async def test_an_address_that_is_too_long_is_refused_alike_however_long_it_is(server: Served, length: int) -> None:
    whole = b"GET /health?" + b"a" * length + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert_problem(await exchange(server, whole), 431, "headers_too_large")


async def test_a_head_that_comes_too_slowly_is_refused(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    assert_problem(await exchange(server, b"GET /health HTTP/1.1\r\nHost: x\r\n"), 408, "request_timeout")


async def test_a_connection_that_says_nothing_is_closed(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "SILENT_SECONDS", 0.05)
    where = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await reader.read() == b""
    writer.close()


async def test_requests_one_after_the_other_on_a_connection_are_counted_anew(server: Served) -> None:
    one = b"GET /health HTTP/1.1\r\nHost: x\r\nX-Pad: " + b"a" * 30_000 + b"\r\n\r\n"
    last = one.replace(b"Host: x\r\n", b"Host: x\r\nConnection: close\r\n")
    status, _, rest = await exchange(server, one, one, one, last)
    assert status == 200
    assert rest.count(b"HTTP/1.1 200 OK") == 3


async def test_a_body_that_is_too_large_and_never_comes_is_refused_all_the_same(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "BODY_SECONDS", 0.05)
    key = server.house.tokens["ana"].encode()
    head = b"POST /intake/lead HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
    whole = head + b"X-API-Key: " + key + b"\r\nContent-Length: 9999999\r\n\r\n{"
    assert_problem(await exchange(server, whole), 413, "payload_too_large")


# Strangers


async def somebody(token: str) -> Key | None:
    return Key("k", "ana", "operator") if token == "right" else None


async def test_an_address_that_sends_wrong_keys_is_told_to_wait_and_a_right_key_behind_it_is_not() -> None:
    now = [0.0]
    admission = Admission(somebody, 10, lambda: now[0])
    codes = []
    for _ in range(4):
        with pytest.raises(RequestProblem) as told:
            await admission.key_of("wrong", "192.0.2.1")
        codes.append(told.value.code)
    assert codes == ["unauthenticated", "unauthenticated", "rate_limited", "rate_limited"]
    assert (await admission.key_of("right", "192.0.2.1")).name == "ana"
    with pytest.raises(RequestProblem, match="missing or wrong"):
        await admission.key_of("wrong", "192.0.2.2")
    now[0] = 5.0
    with pytest.raises(RequestProblem, match="missing or wrong"):
        await admission.key_of("wrong", "192.0.2.1")
    assert admission.wrong_keys == 6


async def test_a_network_of_ipv6_is_one_stranger() -> None:
    admission = Admission(somebody, 5, lambda: 0.0)
    with pytest.raises(RequestProblem, match="missing or wrong"):
        await admission.key_of("wrong", "2001:db8::1")
    with pytest.raises(RequestProblem, match="too many"):
        await admission.key_of("wrong", "2001:db8::ffff:1")
    with pytest.raises(RequestProblem, match="missing or wrong"):
        await admission.key_of("wrong", "2001:db8:0:1::1")


async def test_an_address_of_ipv4_that_comes_as_ipv6_is_no_network() -> None:
    admission = Admission(somebody, 5, lambda: 0.0)
    for address in ("::ffff:192.0.2.1", "::ffff:192.0.2.2"):
        with pytest.raises(RequestProblem, match="missing or wrong"):
            await admission.key_of("wrong", address)


def test_what_is_remembered_of_callers_is_bounded() -> None:
    now = [0.0]
    limit = RateLimit(1, lambda: now[0])
    for number in range(3 * REMEMBERED_MOST):
        limit.take(f"address {number}")
    assert len(limit._buckets) <= REMEMBERED_MOST


@pytest.mark.usefixtures("still")
async def test_wrong_keys_are_refused_with_429_once_they_come_too_often(house: House) -> None:
    async with api_of(house, rate_limit=10) as api:
        answers = [await api.http.get("/api/me", headers={"X-API-Key": "wrong"}) for _ in range(6)]
        assert [answer.status_code for answer in answers][:2] == [401, 401]
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert (await api.get("/api/me")).status_code == 200


@pytest.mark.usefixtures("still")
async def test_streams_that_never_say_a_key_are_refused_once_they_come_too_often(house: House) -> None:
    async with served(house, rate_limit=10) as server:
        refused: list[int | None] = []
        for _ in range(15):
            try:
                async with websockets.connect(server.socket_url, open_timeout=PATIENCE_SECONDS):
                    refused.append(None)
            except websockets.InvalidStatus as told:
                refused.append(told.response.status_code)
    assert refused[0] is None
    assert 429 in refused


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("says", ["right", "wrong"])
async def test_a_key_in_the_first_frame_is_counted_like_any_other(house: House, says: str) -> None:
    token = house.tokens["ana"] if says == "right" else "wrong"
    async with served(house, rate_limit=10) as server:
        codes = []
        for _ in range(15):
            try:
                async with websockets.connect(server.socket_url, open_timeout=PATIENCE_SECONDS) as socket:
                    await socket.send(json.dumps({"api_key": token}))
                    await socket.recv()
            except websockets.InvalidStatus as refused:
                codes.append(refused.response.status_code)
            except websockets.ConnectionClosed as closed:
                codes.append(closed.rcvd.code if closed.rcvd else 0)
            else:
                codes.append(0)
        assert codes[0] == (0 if says == "right" else 4401)
        assert codes[-1] in (429, 1013)
