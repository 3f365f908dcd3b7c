"""Events over a real socket: all of them, in order, to whom they belong, and a word before the server goes."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import socket
import threading
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from cc_api_client.models.work.agents import LogLevel
from cc_server.db.transaction import closing
from cc_server.db.transaction.notices import Woken
from cc_server.domain import installation
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.work import agents
from cc_server.domain.work.agents import Said
from cc_server.events import log
from cc_server.events.hub import Hub
from rig.house import AGENT, House
from tests.server.serving import Api, Served

NOBODY = "00000000-0000-4000-8000-000000000000"
PATIENCE_SECONDS = 15.0
CLOSE_FRAME = bytes((0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8))
"""A reader's goodbye, masked, with the code 1000 (RFC 6455, 5.5.1)."""
Frame = dict[str, Any]


class Listener:
    """Reads frames one by one, whether they come alone or in arrays."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._waiting: deque[Frame] = deque()
        self.sizes: list[int] = []

    async def frame(self) -> Frame:
        async with asyncio.timeout(PATIENCE_SECONDS):
            if not self._waiting:
                told = json.loads(await self.socket.recv())
                self._waiting.extend(told if isinstance(told, list) else [told])
                self.sizes.append(len(self._waiting))
            return self._waiting.popleft()

    async def event(self) -> Frame:
        """The next event that is on record."""
        while True:
            frame = await self.frame()
            if frame["frame"] == "event" and frame.get("seq") is not None:
                return frame

    async def events(self, count: int) -> list[Frame]:
        return [await self.event() for _ in range(count)]

    async def code(self) -> int | None:
        """The code that the server closes with."""
        try:
            while True:
                await self.frame()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


@asynccontextmanager
async def listening(
    server: Served,
    key: str | None = "ana",
    *,
    headers: dict[str, str] | None = None,
    since: str | None = None,
    topics: str | None = None,
) -> AsyncIterator[Listener]:
    given = {**({"X-API-Key": server.house.tokens[key]} if key else {}), **(headers or {})}
    query = {name: text for name, text in (("since", since), ("topics", topics)) if text is not None}
    url = f"{server.socket_url}?{httpx.QueryParams(query)}"
    async with connect(url, additional_headers=given, proxy=None, max_size=None) as socket:
        yield Listener(socket)


def poll(server: Served, key: str = "ana", *, headers: dict[str, str] | None = None, **query: str | int) -> Frame:
    """`GET /api/events`."""
    given = {"X-API-Key": server.house.tokens[key], **(headers or {})}
    answer = httpx.get(
        f"{server.url}/api/events", params=query, headers=given, timeout=PATIENCE_SECONDS, trust_env=False
    )
    assert answer.status_code == 200, answer.text
    found: Frame = answer.json()
    return found


def events_of(page: Frame) -> list[Frame]:
    return [frame for frame in page["frames"] if frame["frame"] == "event" and frame.get("seq") is not None]


def epoch_of(server: Served) -> str:
    return server.house.db.read_sync(installation.identity).epoch


def chain(frames: list[Frame]) -> list[tuple[int, int]]:
    return [(frame["prev_seq"], frame["seq"]) for frame in frames]


# In order


async def test_the_first_frame_is_hello_and_says_where_the_log_stands(server: Served) -> None:
    seq = len(server.house.events())
    async with listening(server) as listener:
        hello = await listener.frame()
    assert (hello["frame"], hello["protocol"], hello["resumed"]) == ("hello", 1, False)
    assert (hello["head_seq"], hello["retain_from_seq"], hello["heartbeat_seconds"]) == (seq, 1, 5.0)
    assert hello["server_time"] == "2026-11-23T12:00:00Z"


async def test_events_come_in_order_each_naming_the_one_before(server: Served) -> None:
    async with listening(server) as listener:
        head = (await listener.frame())["head_seq"]
        drafts = [server.house.draft() for _ in range(5)]
        told = await listener.events(5)
    assert chain(told) == [(head + place, head + place + 1) for place in range(5)]
    assert [frame["id"] for frame in told] == [draft.id for draft in drafts]


async def test_an_event_carries_the_whole_object(server: Served) -> None:
    async with listening(server) as listener:
        await listener.frame()
        approved = server.house.approve(server.house.draft()).item
        _created, decided = await listener.events(2)
    assert (decided["topic"], decided["type"], decided["version"]) == ("approvals", "approval.decided", 2)
    assert (decided["client_id"], decided["at"]) == (server.house.client_id, "2026-11-23T12:00:00Z")
    assert decided["data"] == approved.model_dump(mode="json")


async def test_an_agent_that_is_registered_is_told_of(server: Served) -> None:
    async with listening(server) as listener:
        await listener.frame()
        server.house.do(agents.register, "scout", "Scout", "Finds leads", {})
        event = await listener.event()
    assert (event["type"], event["id"], event["version"]) == ("agent.status", "scout", 1)
    assert (event["data"]["name"], event["data"]["status"]) == ("Scout", "planned")


async def test_what_is_refused_is_no_event(server: Served) -> None:
    async with listening(server) as listener:
        head = (await listener.frame())["head_seq"]
        stale = {"X-API-Key": server.house.tokens["ana"], "If-Match": '"7"'}
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
            draft = server.house.draft()
            assert (await http.post(f"/api/approvals/{draft.id}/approve", headers=stale)).status_code == 412
        server.house.draft()
        told = await listener.events(2)
    assert chain(told) == [(head, head + 1), (head + 1, head + 2)]
    assert {frame["type"] for frame in told} == {"approval.created"}


async def test_all_listeners_are_told_the_same(server: Served) -> None:
    async with listening(server) as one, listening(server, "viewer") as two:
        await one.frame()
        await two.frame()
        server.house.approve(server.house.draft())
        assert await one.events(2) == await two.events(2)


# Without a hole


async def test_a_resumed_stream_goes_on_where_it_ended(server: Served) -> None:
    for _ in range(6):
        server.house.draft()
    epoch, whole = epoch_of(server), server.house.events()
    for seq in (0, 1, len(whole) - 3, len(whole)):
        async with listening(server, since=f"{epoch}.{seq}") as listener:
            hello = await listener.frame()
            told = await listener.events(len(whole) - seq)
            fresh = server.house.draft()
            told.append(await listener.event())
        assert (hello["resumed"], told[0]["prev_seq"], told[-1]["id"]) == (True, seq, fresh.id)
        assert [(before, after) for before, after in chain(told)] == [
            (number, number + 1) for number in range(seq, seq + len(told))
        ]
        whole = server.house.events()


async def test_a_long_replay_comes_in_arrays_of_at_most_64(server: Served) -> None:
    for _ in range(150):
        server.house.draft()
    seq = len(server.house.events())
    async with listening(server, since=f"{epoch_of(server)}.0") as listener:
        await listener.frame()
        told = await listener.events(seq)
    assert [frame["seq"] for frame in told] == list(range(1, seq + 1))
    assert max(listener.sizes) == 64


async def test_nothing_is_missed_by_who_comes_and_goes_while_much_happens(server: Served) -> None:
    is_over = threading.Event()

    def work() -> None:
        for _ in range(300):
            server.house.draft()
        is_over.set()

    epoch, first = epoch_of(server), len(server.house.events())
    worker = threading.Thread(target=work)
    worker.start()
    seen: list[tuple[int, int]] = []
    at = first
    for patience in itertools.cycle((1, 3, 10, 40)):
        async with listening(server, since=f"{epoch}.{at}") as listener:
            assert (await listener.frame())["resumed"]
            told = await listener.events(min(patience, first + 300 - at))
        seen += chain(told)
        at = told[-1]["seq"]
        if at == first + 300:
            break
    worker.join()
    assert is_over.is_set()
    assert seen == [(number, number + 1) for number in range(first, first + 300)]


async def test_a_filter_leaves_no_false_gap(server: Served) -> None:
    house = server.house
    async with listening(server, topics="approvals") as listener:
        head = (await listener.frame())["head_seq"]
        for _ in range(4):
            house.do(agents.pause, AGENT, None)
            house.draft()
            house.do(agents.resume, AGENT)
        told = await listener.events(4)
    assert {frame["topic"] for frame in told} == {"approvals"}
    assert [frame["prev_seq"] for frame in told] == [head, *(frame["seq"] for frame in told[:-1])]
    assert [frame["seq"] - head for frame in told] == [2, 5, 8, 11]


async def test_a_filtered_replay_leaves_no_false_gap_either(server: Served) -> None:
    house, epoch, head = server.house, epoch_of(server), len(server.house.events())
    for _ in range(3):
        house.draft()
        house.do(agents.pause, AGENT, None)
        house.do(agents.resume, AGENT)
    async with listening(server, since=f"{epoch}.{head}", topics="agents") as listener:
        await listener.frame()
        told = await listener.events(6)
        house.draft()
        house.do(agents.pause, AGENT, None)
        told.append(await listener.event())
    assert {frame["topic"] for frame in told} == {"agents"}
    assert [frame["prev_seq"] for frame in told] == [head, *(frame["seq"] for frame in told[:-1])]


async def test_a_heartbeat_tells_how_far_a_quiet_subscription_has_looked(server: Served) -> None:
    house = server.house
    async with listening(server, topics="approvals") as listener:
        await listener.frame()
        house.draft()
        sent = await listener.event()
        house.do(agents.pause, AGENT, None)
        house.do(agents.resume, AGENT)
        while (beat := await listener.frame())["head_seq"] < sent["seq"] + 2:
            assert beat["frame"] == "heartbeat"
    assert (beat["last_sent_seq"], beat["head_seq"]) == (sent["seq"], sent["seq"] + 2)
    async with listening(server, topics="approvals", since=f"{epoch_of(server)}.{beat['head_seq']}") as listener:
        await listener.frame()
        house.draft()
        assert (await listener.event())["prev_seq"] == beat["head_seq"]


async def test_what_a_subscription_does_not_want_sends_it_nothing(server: Served) -> None:
    house = server.house
    async with listening(server, topics="approvals") as listener:
        await listener.frame()
        for _ in range(5):
            await asyncio.to_thread(house.do, agents.pause, AGENT, None)
            await asyncio.to_thread(house.do, agents.resume, AGENT)
        await asyncio.to_thread(house.draft)
        assert (await listener.frame())["frame"] == "event"


@pytest.mark.parametrize("place", ["another history", "past the head"])
async def test_a_position_of_another_history_asks_to_fetch_anew(server: Served, place: str) -> None:
    head = len(server.house.events())
    since = f"{NOBODY}.{head}" if place == "another history" else f"{epoch_of(server)}.{head + 1}"
    async with listening(server, since=since) as listener:
        hello, resync = await listener.frame(), await listener.frame()
        server.house.draft()
        event = await listener.event()
    assert hello["resumed"] is False
    assert (resync["frame"], resync["reason"], resync["head_seq"]) == ("resync_required", "epoch_changed", head)
    assert (event["prev_seq"], event["seq"]) == (head, head + 1)


async def test_a_position_that_is_forgotten_asks_to_fetch_anew(server: Served) -> None:
    house, epoch, old = server.house, epoch_of(server), len(server.house.events())
    house.clock.advance(8 * 24 * 3600)
    house.do(installation.forget_old, by=SYSTEM)
    house.draft()
    async with listening(server, since=f"{epoch}.{old - 1}") as listener:
        assert (await listener.frame())["retain_from_seq"] == old + 1
        assert (await listener.frame())["reason"] == "too_old"
    async with listening(server, since=f"{epoch}.{old}") as listener:
        assert (await listener.frame())["resumed"]
        assert (await listener.event())["seq"] == old + 1


async def test_who_reads_too_slowly_is_told_and_goes_on_from_the_head(house: House) -> None:
    hub = Hub(house.db)
    hub.start()
    frames = hub.follow(None, None, lambda _client: True, house.clock.now)
    await anext(frames)
    for _ in range(30):
        house.draft(body="x" * 200_000)
    await house.db.write(lambda _conn: None)
    head = len(house.events())
    (resync,) = [json.loads(frame) for frame in await anext(frames)]
    assert (resync["frame"], resync["reason"], resync["head_seq"]) == ("resync_required", "slow_consumer", head)
    house.draft()
    await house.db.write(lambda _conn: None)
    (event,) = [json.loads(frame) for frame in await anext(frames)]
    assert (event["prev_seq"], event["seq"]) == (head, head + 1)
    await frames.aclose()
    await hub.stop()


# To whom they belong


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
    async with connect(server.socket_url, additional_headers=headers, sock=line, proxy=None) as reader:
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


# The same over plain HTTP


async def test_a_poll_answers_at_once_with_what_was_missed(server: Served) -> None:
    at = f"{epoch_of(server)}.{len(server.house.events())}"
    drafts = [server.house.draft() for _ in range(3)]
    page = await asyncio.to_thread(poll, server, after=at, wait=25)
    told = events_of(page)
    assert page["frames"][0]["frame"] == "hello"
    assert [frame["id"] for frame in told] == [draft.id for draft in drafts]
    assert str(told[0]["prev_seq"]) == at.rpartition(".")[2]
    assert page["next"] == f"{epoch_of(server)}.{told[-1]['seq']}"


async def test_a_poll_waits_for_what_happens(server: Served) -> None:
    at = f"{epoch_of(server)}.{len(server.house.events())}"
    polling = asyncio.create_task(asyncio.to_thread(poll, server, after=at, wait=25))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not polling.done():
            server.house.draft()
            await asyncio.wait({polling}, timeout=0.05)
    assert events_of(await polling)[0]["type"] == "approval.created"


async def test_a_poll_without_news_answers_where_to_go_on(api: Api) -> None:
    epoch = (await api.get("/api/me")).json()["epoch"]
    at = f"{epoch}.{len(api.house.events())}"
    for wait in (0, 1):
        answer = await api.get("/api/events", params={"after": at, "wait": wait})
        assert answer.status_code == 200
        assert (events_of(answer.json()), answer.json()["next"]) == ([], at)


async def test_polls_one_after_the_other_miss_nothing(server: Served) -> None:
    epoch, first = epoch_of(server), len(server.house.events())
    for _ in range(200):
        server.house.draft()
    at = f"{epoch}.{first}"
    seen: list[tuple[int, int]] = []
    while len(seen) < 200:
        page = await asyncio.to_thread(poll, server, after=at)
        seen += chain(events_of(page))
        at = page["next"]
    assert seen == [(number, number + 1) for number in range(first, first + 200)]


async def test_a_poll_with_a_filter_goes_on_behind_what_it_left_out(server: Served) -> None:
    house, epoch, first = server.house, epoch_of(server), len(server.house.events())
    house.draft()
    house.do(agents.pause, AGENT, None)
    house.draft()
    page = await asyncio.to_thread(poll, server, after=f"{epoch}.{first}", topics="agents")
    assert [frame["type"] for frame in events_of(page)] == ["agent.status"]
    assert page["next"] == f"{epoch}.{first + 2}"


async def test_a_poll_that_sees_none_of_what_happened_goes_on_behind_it(api: Api) -> None:
    house, first = api.house, len(api.house.events())
    epoch = (await api.get("/api/me")).json()["epoch"]
    for _ in range(3):
        house.draft()
    asked = {"after": f"{epoch}.{first}", "topics": "approvals"}
    for answer in (
        await api.get("/api/events", "bound", params=asked),
        await api.get("/api/events", params=asked, headers={"X-Client-Id": house.other_client_id}),
    ):
        assert answer.status_code == 200
        assert (events_of(answer.json()), answer.json()["next"]) == ([], f"{epoch}.{first + 3}")


async def test_a_poll_of_another_history_goes_on_at_the_head(server: Served) -> None:
    page = await asyncio.to_thread(poll, server, after=f"{NOBODY}.3", wait=25)
    assert [frame["frame"] for frame in page["frames"]] == ["hello", "resync_required"]
    assert page["next"] == f"{epoch_of(server)}.{len(server.house.events())}"


async def test_a_look_that_breaks_is_tried_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [RuntimeError("a mistake of ours")]

    def look(conn: Connection, seq: int, most: int) -> list[log.Recorded]:
        if broken:
            raise broken.pop()
        return log.after(conn, seq, most)

    monkeypatch.setattr("cc_server.events.hub.after", look)
    monkeypatch.setattr("cc_server.events.hub.LOOK_SECONDS", 0.05)
    hub = Hub(house.db)
    hub.start()
    frames = hub.follow(None, None, lambda _client: True, house.clock.now)
    await anext(frames)
    house.db.write_sync(lambda conn: closing.announce(conn, Woken()))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while broken:
            await asyncio.sleep(0.01)
    house.draft()
    async with asyncio.timeout(PATIENCE_SECONDS):
        (event,) = [json.loads(frame) for frame in await anext(frames)]
    assert event["type"] == "approval.created"
    await frames.aclose()
    await hub.stop()
