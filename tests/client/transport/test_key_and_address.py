"""The key stays inside; addresses and ids arrive as they are."""

from __future__ import annotations

import traceback
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cc_api_client.client import CommandCenterClient
from cc_api_client.errors import (
    CommandCenterError,
)
from cc_api_client.resources.answers import path_of
from cc_api_client.transport import (
    Request,
    Transport,
    checked_key,
    checked_url,
)
from tests.client.transport.asking import KEY, a_write
from tests.client.wire_server import CutOff, Reply, WireServer, json_reply
from tests.support.no_jitter import NoJitter

# The key


def test_the_key_is_in_no_repr() -> None:
    client = CommandCenterClient("http://127.0.0.1:1", KEY)
    way = Transport("http://127.0.0.1:1", KEY)
    shown = [repr(client), str(client), repr(way), str(way), repr(client.events()), str(client.events())]
    assert all(KEY not in text and "127.0.0.1" in text for text in shown)


@pytest.mark.parametrize(
    "reply", [None, CutOff(), Reply(302), json_reply({"detail": "no"}, 401), Reply(500, b"x"), Reply(200, b"x")]
)
async def test_the_key_is_in_no_error_and_no_traceback(reply: Reply | CutOff | None, wire: WireServer) -> None:
    client = CommandCenterClient(wire.url, KEY, timeout_seconds=20.0, rng=NoJitter())
    wire.reply(reply)
    with pytest.raises(CommandCenterError) as caught:
        await client.operations.me()
    assert wire.heard[0].headers["x-api-key"] == KEY
    told = [repr(caught.value), str(caught.value), "".join(traceback.format_exception(caught.value))]
    assert not any(KEY in text for text in told)
    await client.aclose()


@pytest.mark.parametrize("key", ["", "  ", "two words", "line\nbreak", "schlüssel", "tab\there"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ValueError, match="the API key") as caught:
        checked_key(key)
    assert not key.strip() or key not in str(caught.value)


def test_blanks_around_a_key_are_left_aside() -> None:
    assert checked_key(f"  {KEY}\n") == KEY


async def test_every_request_says_who_asks_and_for_which_client(wire: WireServer) -> None:
    way = Transport(wire.url, KEY, client_id="all")
    await way.send(a_write("k1"))
    headers = wire.heard[0].headers
    assert (headers["x-api-key"], headers["x-client-id"]) == (KEY, "all")
    assert (headers["content-type"], headers["accept"]) == ("application/json", "application/json")
    await way.aclose()


async def test_a_version_goes_out_as_if_match(wire: WireServer, way: Transport) -> None:
    await way.send(Request("PATCH", "/api/approvals/1", body=b"{}", idempotency_key="k", version=3))
    assert wire.heard[0].headers["if-match"] == '"3"'


# Addresses


@pytest.mark.parametrize(
    ("told", "url"),
    [
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        (" https://cc.example/api-root/ ", "https://cc.example/api-root"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_address_is_taken_without_its_last_slash(told: str, url: str) -> None:
    assert checked_url(told) == url


@pytest.mark.parametrize("told", ["", "cc.example", "localhost:8000", "ftp://cc.example", "http://", "http://a:b:c/"])
def test_what_is_no_address_is_refused_in_a_sentence(told: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        checked_url(told)


@pytest.mark.parametrize(
    "told",
    [
        "https://ana:s3cret@cc.example",
        pytest.param(
            "ftp://ana:s3cret@cc.example",
        ),
    ],
)
def test_a_password_in_an_address_is_refused_and_not_shown(told: str) -> None:
    with pytest.raises(ValueError) as caught:
        checked_url(told)
    assert "s3cret" not in str(caught.value)


async def test_a_path_in_front_of_the_api_stays_in_front(wire: WireServer) -> None:
    way = Transport(f"{wire.url}/agency/", KEY)
    await way.send(Request("GET", "/api/agents", (("limit", "5"),)))
    assert wire.heard[0].target == "/agency/api/agents?limit=5"
    await way.aclose()


# Ids


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_an_id_is_one_part_of_the_path_whatever_is_in_it(opaque: str) -> None:
    path = path_of("api", "agents", opaque)
    assert path.isascii()
    parts = path.split("/")
    assert parts[:3] == ["", "api", "agents"]
    assert [unquote(part) for part in parts[3:]] == [opaque]
    assert not set("?# ") & set(path)


@pytest.mark.parametrize(
    "opaque",
    [
        "a/b",
        "a b?c#d",
        "100%",
        "%2F",
        "é中",
        "a+b&c=d",
        "a;b",
        ".",
        "..",
    ],
)
async def test_an_id_arrives_as_it_is(opaque: str, wire: WireServer, client: CommandCenterClient) -> None:
    wire.reply(json_reply({"id": opaque, "agent_name": "x", "name": "x", "status": "active"}))
    await client.agents.get(opaque)
    parts = wire.heard[0].target.split("/")
    assert [unquote(part) for part in parts] == ["", "api", "agents", opaque]


async def test_parameters_arrive_as_they_are(wire: WireServer, client: CommandCenterClient) -> None:
    wire.reply(json_reply({"items": []}))
    await client.approvals.list(q="a&b=c +%", safe=True, limit=5)
    assert wire.heard[0].target == "/api/approvals?q=a%26b%3Dc+%2B%25&safe=true&limit=5"
