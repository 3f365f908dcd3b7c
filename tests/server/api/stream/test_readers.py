"""To whom events belong, who may listen, and how a stream ends."""

from __future__ import annotations

import gc
import json
import socket

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from cc_api_client.models.work.agents import LogLevel
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.work import agents
from cc_server.domain.work.agents import Said
from rig.house import AGENT
from tests.server.api.stream.listening import CLOSE_FRAME, NOBODY, chain, epoch_of, listening
from tests.server.serving import Served
from tests.support.patience import PATIENCE_SECONDS


async def test_a_bound_key_is_told_of_its_own_clients_only(server: Served) -> None:
    house = server.house
    async with listening(server, "bound") as listener:
        head = (await listener.frame())["head_seq"]
        house.draft()
        own = house.draft(client_id=house.other_client_id)
        house.draft()
        house.do(agents.pause, AGENT, None)
        told = await listener.events(2)
    assert [(frame["topic"], frame["id"]) for frame in told] == [("approvals", own.id), ("agents", AGENT)]
    assert chain(told) == [(head, head + 2), (head + 2, head + 4)]


async def test_a_replay_is_filtered_alike(server: Served) -> None:
    house = server.house
    house.draft()
    own = house.draft(client_id=house.other_client_id)
    house.draft()
    async with listening(server, "bound", since=f"{epoch_of(server)}.0", topics="approvals") as listener:
        await listener.frame()
        assert (await listener.event())["id"] == own.id
        late = house.draft(client_id=house.other_client_id)
        assert (await listener.event())["id"] == late.id


async def test_a_key_may_listen_to_one_client(server: Served) -> None:
    house = server.house
    async with listening(server, headers={"X-Client-Id": house.other_client_id}) as listener:
        await listener.frame()
        house.draft()
        own = house.draft(client_id=house.other_client_id)
        assert (await listener.event())["id"] == own.id


async def test_lines_of_a_log_reach_whose_they_are(server: Served) -> None:
    house = server.house
    said = [Said(LogLevel.INFO, name, None, client_id) for name, client_id in (
        ("foreign", house.client_id), ("own", house.other_client_id), ("nobody's", None))]  # fmt: skip
    async with listening(server, "bound") as bound, listening(server) as unbound:
        await bound.frame()
        await unbound.frame()
        house.do(agents.log, AGENT, said, by=SYSTEM)
        told = [await unbound.frame() for _ in range(3)]
        own = await bound.frame()
        house.draft(client_id=house.other_client_id)
        following = await bound.frame()
    assert [frame["data"]["lines"][0]["message"] for frame in told] == ["foreign", "own", "nobody's"]
    assert [line["message"] for line in own["data"]["lines"]] == ["own"]
    assert following["type"] == "approval.created"


async def test_a_sign_of_life_has_no_place_in_the_log(server: Served) -> None:
    async with listening(server) as listener:
        await listener.frame()
        server.house.do(agents.beat, AGENT, by=SYSTEM)
        frame = await listener.frame()
    assert (frame["type"], frame["id"]) == ("agent.heartbeat", AGENT)
    assert (frame.get("seq"), frame.get("prev_seq")) == (None, None)


async def test_the_time_of_a_sign_of_life_is_written_as_all_times_are(server: Served) -> None:
    async with listening(server) as listener:
        await listener.frame()
        server.house.do(agents.beat, AGENT, by=SYSTEM)
        frame = await listener.frame()
    assert frame["at"] == "2026-11-23T12:00:00Z"


# Who may listen


@pytest.mark.parametrize("token", ["cc_wrong", "x" * 500])
async def test_a_wrong_key_in_the_header_is_refused_before_the_handshake(server: Served, token: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with listening(server, None, headers={"X-API-Key": token}):
            pass
    assert refused.value.response.status_code == 401
    assert refused.value.response.body is not None
    assert json.loads(refused.value.response.body)["code"] == "unauthenticated"


async def test_a_browser_may_say_its_key_first(server: Served) -> None:
    async with listening(server, None) as listener:
        told = {"api_key": server.house.tokens["bound to both"], "client_id": server.house.other_client_id}
        await listener.socket.send(json.dumps(told))
        assert (await listener.frame())["frame"] == "hello"
        server.house.draft()
        own = server.house.draft(client_id=server.house.other_client_id)
        assert (await listener.event())["id"] == own.id


@pytest.mark.parametrize(
    "said", ['{"api_key": "cc_wrong"}', "{}", "[]", "null", "cc_wrong", '{"api_key": null}', "[" * 9999]
)
async def test_a_wrong_key_in_the_first_frame_closes_with_4401(server: Served, said: str) -> None:
    async with listening(server, None) as listener:
        await listener.socket.send(said)
        assert await listener.code() == 4401


@pytest.mark.parametrize(("since", "topics"), [("nope", None), ("a.b", None), (".5", None), (None, "nope")])
async def test_a_question_that_means_nothing_closes_with_4400(
    server: Served, since: str | None, topics: str | None
) -> None:
    async with listening(server, since=since, topics=topics) as listener:
        assert await listener.code() == 4400


async def test_a_malformed_client_closes_with_4400(server: Served) -> None:
    async with listening(server, headers={"X-Client-Id": "nope"}) as listener:
        assert await listener.code() == 4400


async def test_a_role_that_may_not_listen_closes_with_4403(server: Served) -> None:
    async with listening(server, "intake") as listener:
        assert await listener.code() == 4403


async def test_a_client_beyond_the_key_closes_with_4403(server: Served) -> None:
    async with listening(server, "bound", headers={"X-Client-Id": server.house.client_id}) as listener:
        assert await listener.code() == 4403


async def test_a_client_that_is_unknown_closes_with_4403(server: Served) -> None:
    async with listening(server, headers={"X-Client-Id": NOBODY}) as listener:
        assert await listener.code() == 4403


async def test_a_stream_elsewhere_is_not_found(server: Served) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(
            server.url.replace("http", "ws", 1) + "/ws/nothing",
            additional_headers={"X-API-Key": server.house.tokens["ana"]}, proxy=None,
        ):  # fmt: skip
            pass
    assert refused.value.response.status_code == 404


# The end


async def test_a_reader_who_leaves_while_something_is_sent_leaves_no_error_behind(server: Served) -> None:
    line = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))
    line.setblocking(False)
    headers = {"X-API-Key": server.house.tokens["ana"]}
    async with connect(
        server.socket_url, additional_headers=headers, sock=line, proxy=None, open_timeout=PATIENCE_SECONDS
    ) as reader:
        await reader.recv()
        line.send(CLOSE_FRAME)
        server.house.draft()
        await reader.wait_closed()
    await server.stopped()
    gc.collect()
    assert server.unhandled == []


async def test_before_it_stops_the_server_says_so(server: Served) -> None:
    async with listening(server) as one, listening(server, "viewer", topics="agents") as two:
        await one.frame()
        await two.frame()
        server.stop()
        for listener in (one, two):
            frame = await listener.frame()
            assert (frame["frame"], frame["retry_after_ms"]) == ("going_away", 1000)
            assert await listener.code() == 1012
