"""What is kept of answers, and confirmed by an ETag."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from cc_api_client import transport
from cc_api_client.errors import (
    BadAnswer,
)
from cc_api_client.models.installation.keys import ApiKey, CreatedApiKey
from cc_api_client.transport import (
    BODIES_KEPT_BYTES,
    BODY_KEPT_MOST_BYTES,
    ETAGS_KEPT,
    Request,
    Transport,
)
from tests.client.transport.asking import a_get, a_write
from tests.client.wire_server import Reply, WireServer, json_reply


async def test_what_did_not_change_is_not_sent_again(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply({"items": [1]}, etag='"a"', x_event_seq="e.1"), Reply(304, b"", {"X-Event-Seq": "e.5"}))
    first, second = await way.send(a_get()), await way.send(a_get())
    assert [heard.headers.get("if-none-match") for heard in wire.heard] == [None, '"a"']
    assert second.body == first.body == b'{"items": [1]}'
    assert (first.not_modified, second.not_modified, second.status) == (False, True, 200)
    assert second.headers["x-event-seq"] == "e.5", "what the confirmation says is newer"


async def test_an_etag_belongs_to_its_path_and_query(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply({}, etag='"a"'))
    await way.send(a_get("/api/approvals"))
    for _ in range(2):
        await way.send(Request("GET", "/api/approvals", (("status", "pending"),)))
    await way.send(a_get("/api/agents"))
    assert [heard.headers.get("if-none-match") for heard in wire.heard] == [None, None, '"a"', None]


async def test_the_answers_asked_for_last_are_kept(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply({}, etag='"a"'))
    for place in range(ETAGS_KEPT):
        await way.send(a_get(f"/api/runs/{place}"))
    for path in ("/api/runs/0", "/api/agents", "/api/runs/0", "/api/runs/1"):
        await way.send(a_get(path))
    assert [heard.headers.get("if-none-match") for heard in wire.heard[ETAGS_KEPT:]] == ['"a"', None, '"a"', None]


async def test_kept_answers_are_bounded_by_their_bytes_together(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply("x" * (BODY_KEPT_MOST_BYTES - 100), etag='"a"'))
    fit = BODIES_KEPT_BYTES // BODY_KEPT_MOST_BYTES
    for place in range(fit + 1):
        await way.send(a_get(f"/api/runs/{place}"))
    for path in ("/api/runs/1", "/api/runs/1", "/api/runs/0"):
        await way.send(a_get(path))
    assert [heard.headers.get("if-none-match") for heard in wire.heard[fit + 1 :]] == ['"a"', '"a"', None]
    assert way._kept_bytes == sum(len(answer.body) for _, answer in way._etags.values()) <= BODIES_KEPT_BYTES


async def test_a_kept_answer_that_was_let_go_while_it_was_confirmed_is_answered_all_the_same(
    wire: WireServer, way: Transport
) -> None:
    wire.reply(json_reply([1], etag='"a"'), Reply(304, b""))
    first = await way.send(a_get())
    asking = asyncio.create_task(way.send(a_get()))
    while len(wire.heard) < 2:
        await asyncio.sleep(0)
    way._etags.clear()
    way._kept_bytes = 0
    assert (await asking).body == first.body


async def test_an_answer_shows_no_body_in_tracebacks_and_logs(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply({"token": "the-secret"}))
    assert "the-secret" not in repr(await way.send(a_get()))


def test_a_key_that_was_made_shows_no_token_in_tracebacks_and_logs() -> None:
    key = ApiKey(id="k", name="ana", role="viewer", prefix="cc_1", created_at=datetime.now(UTC))
    made = CreatedApiKey(key=key, token="the-secret")
    assert "the-secret" not in f"{made!r} {made}"
    assert "the-secret" in made.model_dump_json()


async def test_a_page_in_the_middle_of_a_list_is_not_kept(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply({}, etag='"a"'))
    for _ in range(2):
        await way.send(Request("GET", "/api/approvals", (("cursor", "c1"),)))
    assert [heard.headers.get("if-none-match") for heard in wire.heard] == [None, None]


async def test_a_changed_answer_takes_the_kept_ones_place(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply(1, etag='"a"'), json_reply(2, etag='"b"'), Reply(304, b""))
    bodies = [(await way.send(a_get())).body for _ in range(3)]
    assert bodies == [b"1", b"2", b"2"]
    assert wire.heard[2].headers["if-none-match"] == '"b"'


async def test_a_write_neither_keeps_nor_sends_an_etag(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply({}, etag='"a"'))
    for _ in range(2):
        await way.send(a_write())
    assert all("if-none-match" not in heard.headers for heard in wire.heard)


async def test_only_so_many_answers_are_kept(wire: WireServer, way: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "ETAGS_KEPT", 2)
    wire.reply(json_reply({}, etag='"a"'))
    for path in ("/1", "/2", "/3", "/1", "/3"):
        await way.send(a_get(path))
    assert [heard.headers.get("if-none-match") for heard in wire.heard[3:]] == [None, '"a"']


async def test_a_304_that_nobody_asked_for_is_a_bad_answer(wire: WireServer, way: Transport) -> None:
    wire.reply(Reply(304, b""))
    with pytest.raises(BadAnswer):
        await way.send(a_get())
