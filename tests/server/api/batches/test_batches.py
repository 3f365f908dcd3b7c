"""`/api/approvals/batches` over HTTP: a dry run lists, the commit does exactly that, each item by itself."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
import rfc8785

from cc_api_client.models.outbox.approvals import Approval
from cc_server.db.tables import approvals, audit, batch_items, deliveries
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.base.refusals import DatabaseUnavailable
from cc_server.domain.outbox.sending.claims import Accepted, Unclear
from cc_server.domain.policy.default import DEFAULT_POLICY
from cc_server.domain.review import committing
from cc_server.domain.work import agents
from rig.house import AGENT, NOON, TOM, House
from tests.server.api.batches.planning import PATH, Plan, commit_of, planned, statuses
from tests.server.serving import Api

LENIENT = DEFAULT_POLICY.model_copy(update={"version": "lenient", "agent_min_success": None})


@pytest.fixture(autouse=True)
def lenient(house: House) -> None:
    """A clean mail of an agent that lives is safe."""
    house.set("approvals", policy=LENIENT.model_dump())
    house.do(agents.beat, AGENT, by=SYSTEM)


async def test_a_dry_run_tells_item_by_item_and_does_nothing(api: Api, house: House) -> None:
    clean, gap, sold = house.draft(), house.draft(body="Hi {{name}},"), house.draft()
    house.approve(sold, by=TOM)
    offer = house.draft(kind="proposal", payload={"amount_usd": "1200"})
    plan = await planned(api, "approve", clean, gap, sold, offer)
    assert [(one["would"], one["why"]) for one in plan["items"]] == [
        ("ok", None), ("refused", "a flag blocks it: placeholder"), ("refused", "it is approved by Tom"),
        ("refused", "what commits to money or changes a contract is approved one by one"),
    ]  # fmt: skip
    assert (plan["remaining"], plan["hold_seconds"]) == (0, 60)
    assert house.now(clean).status == "pending"


async def test_the_digest_is_that_of_the_contract(api: Api, house: House) -> None:
    first, second = house.draft(), house.draft()
    plan = await planned(api, "reject", first, second, reason_code="tone")
    items = sorted(
        ({name: one[name] for name in ("id", "version", "payload_sha256")} for one in plan["items"]),
        key=lambda one: str(one["id"]),
    )
    told = {"action": "reject", "reason_code": "tone", "policy_version": plan["policy_version"], "items": items}
    assert plan["selection_sha256"] == hashlib.sha256(rfc8785.dumps(told)).hexdigest()


async def test_what_is_safe_is_let_out_with_the_longer_hold(api: Api, house: House) -> None:
    drafts = [house.draft(), house.draft(body="{{gap}}"), house.draft()]
    plan = await planned(api, "approve_safe", filter={})
    assert [one["id"] for one in plan["items"]] == [drafts[0].id, drafts[2].id]
    assert plan["items"][0]["why"] == "first message to them; risk 10, below 25"
    answer = await api.post(PATH, json=commit_of("approve_safe", plan))
    assert statuses(answer) == ["done", "done"]
    assert [house.now(draft).status for draft in drafts] == ["approved", "pending", "approved"]
    assert {row["not_before"] for row in house.all(deliveries)} == {NOON + timedelta(seconds=60)}
    (row,) = [row for row in house.all(audit) if row["object_type"] == "batch"]
    assert (row["action"], row["after"]["items"]) == ("batch.approve_safe", 2)


async def test_the_policy_says_how_long_a_batch_is_held_and_risk_makes_it_longer(api: Api, house: House) -> None:
    house.set("approvals", policy=LENIENT.model_dump() | {"hold_seconds": 15})
    plain, risky = house.draft(), house.draft(body="Hi Oliver,\n\nhow are you?")
    plan = await planned(api, "approve", plain, risky)
    await api.post(PATH, json=commit_of("approve", plan))
    held = {row["approval_id"]: (row["not_before"] - NOON).total_seconds() for row in house.all(deliveries)}
    assert held == {plain.id: 15.0, risky.id: 20.0}


async def test_many_are_rejected_with_one_reason(api: Api, house: House) -> None:
    drafts = [house.draft(body="{{gap}}") for _ in range(3)]
    plan = await planned(api, "reject", *drafts, reason_code="placeholder")
    answer = await api.post(PATH, json=commit_of("reject", plan, reason_code="placeholder", reason="gaps"))
    assert statuses(answer) == ["done"] * 3
    assert {(row["status"], row["reason_code"], row["reason"]) for row in house.all(approvals)} == {
        ("rejected", "placeholder", "gaps")
    }


async def test_a_wrong_digest_does_nothing(api: Api, house: House) -> None:
    draft, other = house.draft(), house.draft()
    commit = commit_of("approve", await planned(api, "approve", draft))
    for wrong in (
        commit | {"selection_sha256": "0" * 64}, commit | {"action": "approve_safe"},
        commit | {"items": [*commit["items"],
                            {"id": other.id, "version": 1, "payload_sha256": other.payload_sha256}]},
    ):  # fmt: skip
        answer = await api.post(PATH, json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert house.now(draft).status == "pending"


async def test_another_policy_than_at_the_dry_run_does_nothing(api: Api, house: House) -> None:
    draft = house.draft()
    commit = commit_of("approve_safe", await planned(api, "approve_safe", filter={}))
    house.set("approvals", policy=LENIENT.model_dump() | {"risk_below": 24})
    answer = await api.post(PATH, json=commit)
    assert (answer.status_code, answer.json()["code"]) == (412, "policy_changed")
    assert house.now(draft).status == "pending"


async def test_who_was_first_and_what_changed_is_told_for_each_item(api: Api, house: House) -> None:
    free, taken, edited = house.draft(), house.draft(), house.draft()
    commit = commit_of("approve", await planned(api, "approve", free, taken, edited))
    house.reject(taken, by=TOM)
    await api.patch(f"/api/approvals/{edited.id}", json={"subject": "New"}, headers={"If-Match": '"1"'})
    answer = await api.post(PATH, json=commit)
    assert [(one["status"], one["code"]) for one in answer.json()["items"]] == [
        ("done", None), ("conflict", "already_decided"), ("conflict", "version_conflict"),
    ]  # fmt: skip
    assert answer.json()["items"][1]["item"]["decided_by"] == "Tom"
    done = answer.json()["items"][0]["item"]
    assert (done["status"], done["version"], done["body"]) == ("approved", 2, None)


async def test_what_is_no_longer_safe_at_the_commit_stays(api: Api, house: House) -> None:
    draft = house.draft()
    commit = commit_of("approve_safe", await planned(api, "approve_safe", filter={}))
    house.do(agents.pause, AGENT, None)
    answer = await api.post(PATH, json=commit)
    assert [(one["status"], one["code"]) for one in answer.json()["items"]] == [("refused", "not_safe")]
    assert house.now(draft).status == "pending"


async def test_one_batch_writes_to_nobody_twice(api: Api, house: House) -> None:
    for number in range(2):
        house.draft(to_email="maya1@clinic.example", body=f"Hi Maya,\n\n{number}")
    plan = await planned(api, "approve_safe", filter={})
    assert [(one["would"], one["why"]) for one in plan["items"]][1] == ("refused", "another of this batch goes to them")


def to_one(house: House, *kinds: str) -> list[Approval]:
    """Drafts to one recipient, each with a text of its own."""
    payload = {"call_script": {"phone": "+1 555 0100"}}
    return [
        house.draft(to_email="maya1@clinic.example", body=f"Hi Maya,\n\n{place}", kind=kind, payload=payload.get(kind))
        for place, kind in enumerate(kinds)
    ]


async def test_what_would_come_back_after_another_of_the_batch_is_refused_before_it_is_approved(
    api: Api, house: House
) -> None:
    """Two mails to one recipient: in the moment of sending the second would be blocked by the cooldown."""
    first, second = to_one(house, "email", "email")
    plan = await planned(api, "approve", first, second)
    why = "another of this batch goes to them, and after it this one would come back"
    assert [(one["would"], one["why"]) for one in plan["items"]] == [("ok", None), ("refused", why)]
    assert statuses(await api.post(PATH, json=commit_of("approve", plan))) == ["done"]
    house.clock.advance(3600)
    house.settle(house.claim_one(), Accepted("test", "1"))
    assert [house.now(one).status for one in (first, second)] == ["approved", "pending"]
    assert house.now(second).returned is None


async def test_a_batch_refuses_what_would_come_back_also_when_the_dry_run_was_asked_for_each_alone(
    api: Api, house: House
) -> None:
    """What was approved meanwhile is found at the commit, and by the next dry run."""
    first, second = to_one(house, "email", "email")
    commit = commit_of("approve", await planned(api, "approve", second))
    house.approve(first)
    answer = await api.post(PATH, json=commit)
    assert [(one["status"], one["code"]) for one in answer.json()["items"]] == [("refused", "not_safe")]
    (found,) = (await planned(api, "approve", second))["items"]
    assert found["why"] == "another mail to them is on its way, and after it this one would come back"


async def test_a_dry_run_refuses_what_would_wait_until_somebody_found_out_about_another(api: Api, house: House) -> None:
    first, second = to_one(house, "email", "email")
    house.approve(first)
    house.clock.advance(3600)
    house.settle(house.claim_one(), Unclear("the connection broke"))
    (found,) = (await planned(api, "approve", second))["items"]
    why = "another mail may have reached them, and this one would wait until somebody found out"
    assert (found["would"], found["why"]) == ("refused", why)


@pytest.mark.parametrize("kinds", [("email", "follow_up"), ("call_script", "email"), ("email", "call_script")])
async def test_what_would_leave_all_the_same_is_approved_beside_another_to_the_same_person(
    api: Api, house: House, kinds: tuple[str, str]
) -> None:
    drafts = to_one(house, *kinds)
    plan = await planned(api, "approve", *drafts)
    assert [one["would"] for one in plan["items"]] == ["ok", "ok"]
    assert statuses(await api.post(PATH, json=commit_of("approve", plan))) == ["done", "done"]
    house.clock.advance(3600)
    for claimed in house.claim():
        house.settle(claimed, Accepted("test", claimed.stable_key))
    assert all(house.now(one).delivery.state == "sent" for one in drafts)  # type: ignore[union-attr]


@pytest.mark.parametrize("days", [0, 7])
async def test_a_person_may_approve_several_to_one_recipient_where_no_cooldown_begins_with_it(
    api: Api, house: House, days: int
) -> None:
    """There is none, or it runs already, and who approves sees that."""
    (earlier,) = to_one(house, "email")
    house.approve(earlier)
    house.clock.advance(60)
    house.settle(house.claim_one(), Accepted("test", "0"))
    house.set("approvals", policy=LENIENT.model_dump() | {"cooldown_days": days})
    drafts = to_one(house, "email", "email")
    plan = await planned(api, "approve", *drafts)
    assert [one["would"] for one in plan["items"]] == ["ok", "ok"]
    assert statuses(await api.post(PATH, json=commit_of("approve", plan))) == ["done", "done"]
    house.clock.advance(3600)
    for claimed in house.claim():
        house.settle(claimed, Accepted("test", claimed.stable_key))
    assert all(house.now(one).delivery.state == "sent" for one in drafts)  # type: ignore[union-attr]


async def test_a_batch_stops_at_the_days_cap(api: Api, house: House) -> None:
    house.set("approvals", policy=LENIENT.model_dump() | {"daily_cap": 2})
    drafts = [house.draft() for _ in range(3)]
    plan = await planned(api, "approve_safe", filter={})
    assert [one["would"] for one in plan["items"]] == ["ok", "ok", "refused"]
    assert statuses(await api.post(PATH, json=commit_of("approve_safe", plan))) == ["done", "done"]
    assert sorted(str(house.now(draft).status) for draft in drafts) == ["approved", "approved", "pending"]


async def test_two_batches_at_once_stop_at_the_days_cap_together(api: Api, house: House) -> None:
    house.set("approvals", policy=LENIENT.model_dump() | {"daily_cap": 3})
    drafts = [house.draft() for _ in range(6)]
    plans = [await planned(api, "approve_safe", *half) for half in (drafts[:3], drafts[3:])]
    assert all(one["would"] == "ok" for plan in plans for one in plan["items"])
    answers = await asyncio.gather(*(api.post(PATH, json=commit_of("approve_safe", plan)) for plan in plans))
    assert sorted(statuses(answers[0]) + statuses(answers[1])) == ["done"] * 3 + ["refused"] * 3


async def test_no_batch_approves_what_a_flag_blocks_whatever_the_dry_run_said(api: Api, house: House) -> None:
    draft = house.draft()
    commit = commit_of("approve", await planned(api, "approve", draft))
    house.tamper(approvals, draft.id, body="Hi {{name}},")
    answer = await api.post(PATH, json=commit)
    assert [(one["status"], one["code"]) for one in answer.json()["items"]] == [("refused", "not_safe")]


async def test_the_same_key_gives_the_same_answer_and_decides_nothing_again(api: Api, house: House) -> None:
    draft = house.draft()
    commit = commit_of("approve", await planned(api, "approve", draft))
    headers = {"Idempotency-Key": "k1"}
    first = await api.post(PATH, json=commit, headers=headers)
    house.undo(house.now(draft))
    again = await api.post(PATH, json=commit, headers=headers)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert house.now(draft).status == "pending"
    other = await api.post(PATH, json=commit | {"action": "approve_safe"}, headers=headers)
    assert other.json()["code"] in ("idempotency_mismatch", "validation_failed")


async def test_a_batch_that_was_cut_is_resumed_by_the_same_key(
    api: Api, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = [house.draft() for _ in range(3)]
    commit = commit_of("approve", await planned(api, "approve", *drafts))
    decide = committing.decide

    def cut(conn: Any, unit: Any, batch_id: str, place: int) -> None:
        if place == 1:
            raise DatabaseUnavailable("the disk is full")
        decide(conn, unit, batch_id, place)

    monkeypatch.setattr(committing, "decide", cut)
    assert (await api.post(PATH, json=commit, headers={"Idempotency-Key": "k1"})).status_code == 503
    monkeypatch.setattr(committing, "decide", decide)
    answer = await api.post(PATH, json=commit, headers={"Idempotency-Key": "k1"})
    assert statuses(answer) == ["done"] * 3
    assert len(house.all(deliveries)) == 3
    assert len(house.all(batch_items)) == 3


async def test_a_key_that_began_a_batch_begins_no_other(
    api: Api, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = house.draft(), house.draft()
    first, second = [commit_of("approve", await planned(api, "approve", draft)) for draft in (one, other)]

    def cut(*_: Any) -> None:
        raise DatabaseUnavailable("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(committing, "decide", cut)
        await api.post(PATH, json=first, headers={"Idempotency-Key": "k1"})
    answer = await api.post(PATH, json=second, headers={"Idempotency-Key": "k1"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")


async def test_a_batch_is_undone_as_far_as_it_can_be(api: Api, house: House) -> None:
    early, mine, theirs = house.draft(kind="follow_up"), house.draft(), house.draft()
    answer = await api.post(PATH, json=commit_of("approve", await planned(api, "approve", early, mine, theirs)))
    batch_id = answer.json()["batch_id"]
    house.undo(house.now(theirs), by=TOM)
    house.approve(house.now(theirs), by=TOM)
    house.tamper(deliveries, house.now(early).delivery.id, state="dispatching")  # type: ignore[union-attr]
    house.tamper(approvals, early.id, delivery_state="dispatching")
    undone = await api.post(f"{PATH}/{batch_id}/undo")
    assert [(one["status"], one["code"]) for one in undone.json()["items"]] == [
        ("refused", "undo_window_closed"), ("done", None), ("conflict", "version_conflict"),
    ]  # fmt: skip
    assert [house.now(draft).status for draft in (early, mine, theirs)] == ["approved", "pending", "approved"]


async def test_a_batch_beyond_the_callers_clients_is_as_good_as_none(api: Api, house: House) -> None:
    answer = await api.post(PATH, json=commit_of("approve", await planned(api, "approve", house.draft())))
    undo = f"{PATH}/{answer.json()['batch_id']}/undo"
    assert (await api.post(undo, "bound")).status_code == 404
    assert (await api.post(f"{PATH}/nothing/undo")).status_code == 404
    assert (await api.post(undo, "viewer")).status_code == 403


async def test_a_foreign_approval_is_told_as_none_and_never_decided(api: Api, house: House) -> None:
    draft = house.draft()
    answer = await api.post(PATH, "bound", json={"action": "approve", "ids": [draft.id], "dry_run": True})
    (item,) = answer.json()["items"]
    assert (item["would"], item["version"], item["to_email"]) == ("refused", 0, "")
    commit = commit_of("approve", await planned(api, "approve", draft))
    forced = await api.post(PATH, "bound", json=commit)
    assert [(one["status"], one["code"]) for one in forced.json()["items"]] == [("conflict", "not_found")]
    assert house.now(draft).status == "pending"


async def test_a_filter_takes_the_lists_own_words_and_tells_what_remains(api: Api, house: House) -> None:
    for _ in range(3):
        house.draft(kind="follow_up")
    house.draft()
    plan = await planned(api, "reject", filter={"kind": "follow_up", "sort": "-created"}, reason_code="timing")
    assert [one["kind"] for one in plan["items"]] == ["follow_up"] * 3
    assert plan["remaining"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {"action": "approve", "dry_run": True}, {"action": "approve", "dry_run": True, "ids": []},
        {"action": "approve", "dry_run": True, "ids": ["x"], "filter": {}}, {"action": "burn", "dry_run": True},
        {"action": "approve", "dry_run": True, "filter": {"kindd": "email"}},
        {"action": "approve", "dry_run": True, "filter": {"kind": "letter"}},
        {"action": "approve", "dry_run": True, "filter": {"safe": "perhaps"}},
        {"action": "approve", "dry_run": True, "filter": {"min_risk": "-1"}},
        {"action": "approve", "dry_run": True, "filter": {"sort": "colour"}},
        {"action": "approve", "dry_run": True, "filter": {"q": "x" * 201}},
        {"action": "reject", "dry_run": True, "ids": ["x"]},
        {"action": "reject", "dry_run": True, "ids": ["x"], "reason_code": "other"},
        {"action": "approve", "dry_run": True, "ids": ["x"], "reason_code": "tone"},
        {"action": "approve", "dry_run": False, "ids": ["x"]}, {"action": "approve", "dry_run": False},
        {"action": "approve", "dry_run": True, "ids": ["x"], "policy_version": "v1"},
        {"action": "approve", "dry_run": True, "ids": ["x"] * 501},
    ],
    ids=lambda body: json.dumps(body)[:60],
)  # fmt: skip
async def test_a_batch_that_means_nothing_is_refused(api: Api, body: Plan) -> None:
    answer = await api.post(PATH, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_where_four_eyes_are_asked_for_the_dry_run_leaves_the_editors_own_out(api: Api, house: House) -> None:
    house.set("approvals", four_eyes=True)
    draft = house.draft()
    await api.patch(f"/api/approvals/{draft.id}", json={"subject": "New"}, headers={"If-Match": '"1"'})
    (item,) = (await planned(api, "approve", draft))["items"]
    assert (item["would"], item["why"]) == ("refused", "you edited it, somebody else has to approve it")
    answer = await api.post(PATH, "tom", json={"action": "approve", "ids": [draft.id], "dry_run": True})
    assert answer.json()["items"][0]["would"] == "ok"


async def test_the_list_is_filtered_by_what_is_safe_and_counts_it(api: Api, house: House) -> None:
    safe, _other = house.draft(), house.draft(body="{{gap}}")
    page = (await api.get("/api/approvals?safe=true")).json()
    assert ([one["id"] for one in page["items"]], page["total"], page["summary"]["safe"]) == ([safe.id], 1, 1)
