"""Events over a real socket come all, in order, and without a hole."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading

import httpx
import pytest

from cc_server.domain import installation
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.work import agents
from cc_server.events.hub import Hub
from rig.house import AGENT, House
from tests.server.api.stream.listening import NOBODY, chain, epoch_of, listening
from tests.server.serving import Served
from tests.support.patience import PATIENCE_SECONDS


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
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=PATIENCE_SECONDS) as http:
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
