"""What is unchanged is not sent again, and every answer says where the events stood."""

from __future__ import annotations

import pytest

from rig.house import AGENT
from tests.server.api.asking import epoch_of, path_of, position_of
from tests.server.serving import Api

COLLECTIONS = ["/api/approvals", "/api/agents", "/api/clients", "/admin/metrics", "/api/dashboard/stats",
               f"/api/agents/{AGENT}/runs"]  # fmt: skip


@pytest.mark.parametrize("path", COLLECTIONS)
async def test_a_collection_that_is_unchanged_is_not_sent_again(api: Api, path: str) -> None:
    first = await api.get(path)
    assert first.headers["cache-control"] == "private, no-cache"
    for tag in (first.headers["etag"], f'W/{first.headers["etag"]}, "x"', "*"):
        again = await api.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
        assert again.headers["x-event-seq"] == first.headers["x-event-seq"]
    assert (await api.get(path, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_a_change_makes_another_tag(api: Api) -> None:
    draft = api.house.draft()
    first = await api.get("/api/approvals")
    await api.post(path_of(draft, "approve"))
    after = await api.get("/api/approvals", headers={"If-None-Match": first.headers["etag"]})
    assert (after.status_code, after.json()["total"]) == (200, 0)
    assert after.headers["etag"] != first.headers["etag"]


async def test_a_tag_belongs_to_its_query_role_and_clients(api: Api) -> None:
    answers = [
        await api.get("/api/approvals"),
        await api.get("/api/approvals?limit=1"),
        await api.get("/api/approvals", "viewer"),
        await api.get("/api/approvals", "bound"),
        await api.get("/api/approvals", headers={"X-Client-Id": api.house.client_id}),
        await api.get("/api/clients"),
    ]
    assert len({answer.headers["etag"] for answer in answers}) == len(answers)


async def test_what_depends_on_time_gets_another_tag_each_minute(api: Api) -> None:
    first = await api.get("/api/dashboard/stats")
    api.house.clock.advance(59)
    assert (await api.get("/api/dashboard/stats")).headers["etag"] == first.headers["etag"]
    api.house.clock.advance(1)
    assert (await api.get("/api/dashboard/stats")).headers["etag"] != first.headers["etag"]


async def test_an_answer_says_where_the_events_stood(api: Api) -> None:
    api.house.draft()
    position = f"{await epoch_of(api)}.{len(api.house.events())}"
    for path in (*COLLECTIONS, f"/api/agents/{AGENT}", f"/api/agents/{AGENT}/logs"):
        assert (await api.get(path)).headers["x-event-seq"] == position, path


async def test_events_after_a_snapshot_are_those_that_it_lacks(api: Api) -> None:
    api.house.draft()
    position = await position_of(api)
    late = api.house.draft()
    page = (await api.get("/api/events", params={"after": position})).json()
    told = [frame for frame in page["frames"] if frame["frame"] == "event"]
    assert [(frame["id"], frame["type"]) for frame in told] == [(late.id, "approval.created")]
