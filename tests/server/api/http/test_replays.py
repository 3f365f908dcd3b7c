"""One intent acts once and is answered the same however often it is asked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cc_server.api.http import limits
from cc_server.db.tables import audit, deliveries
from cc_server.domain import installation
from cc_server.domain.base.actors import SYSTEM
from tests.server.api.asking import LEAD, path_of, problem_of
from tests.server.serving import Api
from tests.support.patience import PATIENCE_SECONDS


def intent(key: str = "k-1", **headers: str) -> dict[str, str]:
    return {"Idempotency-Key": key} | headers


async def test_the_same_key_and_request_get_the_first_answer_again(api: Api) -> None:
    draft = api.house.draft()
    first = await api.post(path_of(draft, "approve"), headers=intent())
    events = api.house.events()
    api.house.clock.advance(5)
    again = await api.post(path_of(draft, "approve"), headers=intent())
    assert (again.status_code, again.content, again.headers["etag"]) == (200, first.content, first.headers["etag"])
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert api.house.events() == events
    assert len(api.house.all(deliveries)) == 1


async def test_an_answer_is_replayed_although_the_state_is_another_by_now(api: Api) -> None:
    draft = api.house.draft()
    first = await api.post(path_of(draft, "approve"), headers=intent())
    await api.post(path_of(draft, "undo"))
    again = await api.post(path_of(draft, "approve"), headers=intent())
    assert again.content == first.content
    assert api.house.now(draft).status == "pending"


@pytest.mark.parametrize(
    "other",
    [{"json": {"note": "x"}}, {"headers": {"If-Match": '"1"'}}, {"params": {"a": "b"}}],
    ids=["another body", "another version", "another query"],
)
async def test_another_request_under_the_same_key_is_refused(api: Api, other: dict[str, Any]) -> None:
    draft = api.house.draft()
    await api.post(path_of(draft, "approve"), headers=intent())
    headers = intent() | other.get("headers", {})
    answer = await api.post(path_of(draft, "approve"), **(other | {"headers": headers}))
    problem_of(answer, 422, "idempotency_mismatch")


@pytest.mark.parametrize(("status", "code"), [(409, "already_decided"), (412, "version_conflict")])
async def test_a_refusal_is_replayed_with_its_one_audit_row(api: Api, status: int, code: str) -> None:
    draft = api.house.draft()
    if status == 409:
        api.house.reject(draft)
    headers = intent(**{"If-Match": '"7"'})
    first = await api.post(path_of(draft, "approve"), headers=headers)
    rows = len(api.house.all(audit))
    again = await api.post(path_of(draft, "approve"), headers=headers)
    assert problem_of(first, status, code)["item"] == again.json()["item"]
    assert (again.status_code, again.content, again.headers["content-type"]) == (
        status, first.content, first.headers["content-type"])  # fmt: skip
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["etag"] == first.headers["etag"]
    assert len(api.house.all(audit)) == rows


async def test_an_expiry_that_a_decision_brought_about_is_replayed(api: Api) -> None:
    draft = api.house.draft()
    api.house.clock.advance(73 * 3600)
    first = await api.post(path_of(draft, "approve"), headers=intent())
    again = await api.post(path_of(draft, "approve"), headers=intent())
    assert problem_of(first, 409, "expired")["item"]["version"] == 2
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")


async def test_what_was_refused_for_its_form_may_be_mended_under_the_same_key(api: Api) -> None:
    draft = api.house.draft()
    problem_of(await api.post(path_of(draft, "reject"), json={}, headers=intent()), 422, "validation_failed")
    problem_of(await api.post(path_of(draft, "reject"), "viewer", json={}, headers=intent()), 403, "forbidden")
    mended = await api.post(path_of(draft, "reject"), json={"reason_code": "tone"}, headers=intent())
    assert (mended.status_code, mended.headers.get("idempotency-replayed")) == (200, None)


async def test_a_key_means_something_only_to_its_caller_client_and_path(api: Api) -> None:
    one, two = api.house.draft(), api.house.draft()
    assert (await api.post(path_of(one, "approve"), headers=intent())).json()["changed"]
    assert (await api.post(path_of(two, "approve"), headers=intent())).json()["changed"]
    problem_of(await api.post(path_of(one, "approve"), "tom", headers=intent()), 409, "already_decided")
    narrowed = intent(**{"X-Client-Id": api.house.client_id})
    assert (await api.post(path_of(one, "approve"), headers=narrowed)).json()["changed"] is False


async def test_the_same_intent_many_times_at_once_acts_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "IN_FLIGHT_WAIT_SECONDS", PATIENCE_SECONDS)
    draft = api.house.draft()
    calls = (api.post(path_of(draft, "approve"), headers=intent()) for _ in range(10))
    answers = await asyncio.gather(*calls)
    assert {answer.content for answer in answers} == {answers[0].content}
    assert sorted(answer.headers.get("idempotency-replayed", "first") for answer in answers) == ["first"] + ["true"] * 9
    assert len([event for event in api.house.events() if event["type"] == "approval.decided"]) == 1


async def test_an_edit_is_replayed_too(api: Api) -> None:
    draft = api.house.draft()
    headers = intent(**{"If-Match": '"1"'})
    first = await api.patch(path_of(draft), json={"subject": "x"}, headers=headers)
    again = await api.patch(path_of(draft), json={"subject": "x"}, headers=headers)
    assert (again.content, api.house.now(draft).version) == (first.content, 2)


async def test_a_key_that_is_none_is_told(api: Api) -> None:
    keys: list[str | bytes] = ["", " ", "a b", "x" * 256, "ключ".encode()]
    for key in keys:
        draft = api.house.draft()
        headers: dict[str, Any] = {"Idempotency-Key": key}
        problem_of(await api.post(path_of(draft, "approve"), headers=headers), 400, "invalid_idempotency_key")
        assert api.house.now(draft) == draft


async def test_answers_are_kept_for_48_hours_and_versions_protect_after_them(api: Api) -> None:
    draft = api.house.draft()
    await api.post(path_of(draft, "approve"), headers=intent())
    api.house.clock.advance(48 * 3600)
    api.house.do(installation.forget_old, by=SYSTEM)
    assert (await api.post(path_of(draft, "approve"), headers=intent())).headers["idempotency-replayed"] == "true"
    api.house.clock.advance(1)
    api.house.do(installation.forget_old, by=SYSTEM)
    late = await api.post(path_of(draft, "approve"), headers=intent())
    assert (late.json()["changed"], late.headers.get("idempotency-replayed")) == (False, None)


async def test_the_cause_of_an_event_names_the_request(api: Api) -> None:
    draft = api.house.draft()
    await api.post(path_of(draft, "approve"), headers=intent("k-9", **{"X-Request-Id": "r-9"}))
    assert api.house.events()[-1]["cause"] == {"request_id": "r-9", "idempotency_key": "k-9"}


async def test_a_lead_that_is_handed_in_twice_is_taken_once(api: Api) -> None:
    lead = LEAD | {"timestamp": "2026-11-23T11:00:00Z", "source": "website"}
    first, second = [(await api.post("/webhook/lead", "bound intake", json=lead)).json() for _ in range(2)]
    assert (first["status"], second["status"]) == ("queued", "duplicate")
    assert first["idempotency_key"] == second["idempotency_key"]
    assert (await api.get("/admin/metrics", "bound")).json()["queue"]["queued"] == 1
