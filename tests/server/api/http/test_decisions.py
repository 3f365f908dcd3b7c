"""A decision over HTTP names the version that was seen, and answers the new state."""

from __future__ import annotations

import asyncio
import json

import pytest

from cc_api_client.models.base import ActionAnswer
from cc_api_client.models.outbox.approvals import Approval
from cc_server.events import log as events
from tests.server.api.asking import path_of, position_of, problem_of
from tests.server.serving import Api
from tests.support.patience import PATIENCE_SECONDS


async def test_an_edit_needs_the_version_it_began_with(api: Api) -> None:
    draft = api.house.draft()
    problem_of(await api.patch(path_of(draft), json={"subject": "x"}), 428, "precondition_required")
    answer = await api.patch(path_of(draft), json={"subject": "x"}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.headers["etag"], answer.json()["subject"]) == (200, '"2"', "x")
    assert api.house.now(draft).subject == "x"


@pytest.mark.parametrize("verb", ["approve", "reject", "edit"])
async def test_a_version_that_does_not_fit_is_a_conflict_with_the_item(api: Api, verb: str) -> None:
    for tag in ('"2"', '"0"', 'W/"1"', '"01"', '"nonsense"', '"99999999999999999999"'):
        draft = api.house.draft()
        headers = {"If-Match": tag}
        if verb == "edit":
            answer = await api.patch(path_of(draft), json={"subject": "x"}, headers=headers)
        else:
            body = {"reason_code": "tone"} if verb == "reject" else {}
            answer = await api.post(path_of(draft, verb), json=body, headers=headers)
        document = problem_of(answer, 412, "version_conflict")
        assert document["item"] == json.loads(draft.model_dump_json())
        assert answer.headers["etag"] == '"1"'
        assert api.house.now(draft) == draft


async def test_a_hash_that_does_not_fit_is_a_conflict(api: Api) -> None:
    draft = api.house.draft()
    problem_of(await api.post(path_of(draft, "approve"), json={"payload_sha256": "0" * 64}), 412, "version_conflict")
    right = await api.post(path_of(draft, "approve"), json={"payload_sha256": draft.payload_sha256})
    assert right.status_code == 200


async def test_an_if_match_that_is_no_tag_is_told(api: Api) -> None:
    for tag in ["1", '"1', '"1", "2"', "", "W/1"]:
        draft = api.house.draft()
        problem_of(await api.post(path_of(draft, "approve"), headers={"If-Match": tag}), 400, "bad_request")
        assert api.house.now(draft) == draft


async def test_any_version_will_do_where_the_caller_says_so(api: Api) -> None:
    draft = api.house.draft()
    answer = await api.patch(path_of(draft), json={"subject": "x"}, headers={"If-Match": "*"})
    assert answer.status_code == 200
    assert (await api.post(path_of(draft, "approve"))).status_code == 200


async def test_a_decision_answers_the_new_state_and_the_item(api: Api) -> None:
    draft = api.house.draft()
    answer = await api.post(path_of(draft, "approve"), headers={"If-Match": '"1"'})
    told = answer.json()
    assert (answer.status_code, told["status"], told["changed"], told["item"]["version"]) == (200, "approved", True, 2)
    assert told["item"]["decided_by"] == "ana"
    assert told["item"]["undo_until"] == "2026-11-23T12:00:10Z"
    assert answer.headers["etag"] == '"2"'
    undone = (await api.post(path_of(draft, "undo"), "tom", headers={"If-Match": '"2"'})).json()
    assert (undone["status"], undone["item"]["returned"]["decided_by"]) == ("pending", "ana")


@pytest.mark.parametrize("code", ["expired", "cancelled"])
async def test_what_is_final_is_told_with_its_own_code(api: Api, code: str) -> None:
    house, draft = api.house, api.house.draft()
    if code == "expired":
        house.clock.advance(73 * 3600)
    else:
        house.withdraw(draft)
    document = problem_of(await api.post(path_of(draft, "approve")), 409, code)
    assert document["item"]["status"] == house.now(draft).status == code


async def test_who_decided_is_the_keys_name_and_never_the_bodys_word(api: Api) -> None:
    draft = api.house.draft()
    problem_of(await api.post(path_of(draft, "approve"), json={"decided_by": "eve"}), 422, "validation_failed")
    assert (await api.post(path_of(draft, "approve"), "admin")).json()["item"]["decided_by"] == "admin"


async def test_a_whole_item_tells_its_lead_history_and_trail(api: Api) -> None:
    house = api.house
    lead_id = house.add_lead()
    earlier = house.draft(to_email="maya@clinic.example")
    house.clock.advance(60)
    draft = house.draft(to_email="maya@clinic.example", lead_id=lead_id)
    answer = await api.get(path_of(draft))
    told = answer.json()
    assert (answer.headers["etag"], told["lead"]["id"], told["client_name"]) == ('"1"', lead_id, "Brightwater Solar")
    assert [item["approval_id"] for item in told["history"]] == [earlier.id]
    assert [row["action"] for row in told["trail"]] == ["approval.create"]


async def test_what_was_approved_is_sent_by_the_running_server(api: Api) -> None:
    house, draft = api.house, api.house.draft()
    answer = await api.post(path_of(draft, "approve"))
    house.clock.advance(11)
    position = await position_of(api)
    states: list[str] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while "sent" not in states:
            page = (await api.get("/api/events", params={"after": position, "wait": 5, "topics": "approvals"})).json()
            states += [frame["data"]["state"] for frame in page["frames"] if frame.get("type") == "delivery.changed"]
            position = page["next"]
    assert answer.status_code == 200
    assert [path.name for path in (house.folder / "outbox").iterdir()] == [f"apr_{draft.id}_v2.eml"]


async def test_a_decision_is_answered_and_replayed_with_the_text_that_its_event_carries(api: Api) -> None:
    draft = api.house.draft(subject='Grüße "2 €"')
    headers = {"Idempotency-Key": "one"}
    answer = await api.post(path_of(draft, "approve"), headers=headers)
    told = ActionAnswer[Approval](status="approved", changed=True, item=api.house.now(draft))
    assert answer.text == told.model_dump_json()
    assert (await api.post(path_of(draft, "approve"), headers=headers)).content == answer.content
    body = api.house.db.read_sync(lambda conn: events.after(conn, 0, 1_000)[-1].body)
    assert told.item.model_dump_json() in body and told.item.model_dump_json() in answer.text
