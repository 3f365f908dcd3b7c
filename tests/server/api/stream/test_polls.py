"""The same events over plain HTTP."""

from __future__ import annotations

import asyncio
import json

import pytest
from sqlalchemy import Connection

from cc_server.db.transaction import closing
from cc_server.db.transaction.notices import Woken
from cc_server.domain.work import agents
from cc_server.events import log
from cc_server.events.hub import Hub
from rig.house import AGENT, House
from tests.server.api.stream.listening import NOBODY, chain, epoch_of, events_of, poll
from tests.server.serving import Api, Served
from tests.support.patience import PATIENCE_SECONDS


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
