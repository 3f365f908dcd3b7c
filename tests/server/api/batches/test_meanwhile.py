"""A batch while something else happens: the same one at another server, the end of its key."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from sqlalchemy import Connection

from cc_server.api.calling.stepwise import STEPS_AT_ONCE
from cc_server.domain.access import keys
from cc_server.domain.base.unit import Unit
from cc_server.domain.review import committing
from rig.house import BOSS, House
from tests.server.api.asking import problem_of
from tests.server.api.batches.planning import PATH, commit_of, planned, statuses
from tests.server.serving import Api, api_of
from tests.support.patience import PATIENCE_SECONDS


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
async def test_one_batch_that_two_servers_run_at_once_is_answered_by_both_alike(
    api: Api, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await planned(api, "reject", house.draft(), house.draft(), reason_code="tone")
    both_began = threading.Barrier(2, timeout=PATIENCE_SECONDS)
    places = committing.open_places

    def wait_for_the_other(conn: Connection, batch_id: str) -> list[list[int]]:
        both_began.wait()
        return places(conn, batch_id)

    monkeypatch.setattr(committing, "open_places", wait_for_the_other)
    commit, headers = commit_of("reject", plan, reason_code="tone"), {"Idempotency-Key": "one-batch"}
    async with api_of(house) as other:
        answers = await asyncio.gather(*(one.post(PATH, json=commit, headers=headers) for one in (api, other)))
    assert [statuses(answer) for answer in answers] == [["done", "done"]] * 2
    assert answers[0].content == answers[1].content
    assert sorted(answer.headers.get("Idempotency-Replayed", "first") for answer in answers) == ["first", "true"]


async def test_what_is_left_of_a_batch_is_not_done_once_its_key_is_revoked(
    api: Api, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = [house.draft(), house.draft()]
    plan = await planned(api, "approve", *drafts)
    key_id = house.db.read_sync(keys.named, "ana") or ""
    begin = committing.begin

    def revoked_then(conn: Connection, unit: Unit, *of: Any) -> str:
        began = begin(conn, unit, *of)
        keys.revoke(conn, house.unit(conn, BOSS), key_id)
        return began

    monkeypatch.setattr(committing, "begin", revoked_then)
    answer = await api.post(PATH, json=commit_of("approve", plan))
    problem_of(answer, 401, "unauthenticated")
    assert [house.now(draft).status for draft in drafts] == ["pending", "pending"]


async def test_what_a_batch_did_before_its_key_was_revoked_is_told(
    api: Api, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = [house.draft() for _ in range(STEPS_AT_ONCE + 1)]
    plan = await planned(api, "approve", *drafts)
    key_id = house.db.read_sync(keys.named, "ana") or ""
    decide = committing.decide

    def last_then_revoked(conn: Connection, unit: Unit, batch_id: str, place: int) -> None:
        decide(conn, unit, batch_id, place)
        if place == STEPS_AT_ONCE - 1:
            keys.revoke(conn, house.unit(conn, BOSS), key_id)

    monkeypatch.setattr(committing, "decide", last_then_revoked)
    answer = await api.post(PATH, json=commit_of("approve", plan))
    assert statuses(answer)[-1] == "refused"
    assert statuses(answer).count("done") == sum(house.now(draft).status == "approved" for draft in drafts) > 0
