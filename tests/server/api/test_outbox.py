"""Deliveries, suppression, stops and the outbox's older names over HTTP: roles, shapes, conflicts."""

from __future__ import annotations

from typing import Any

from cc_api_client.models.outbox.approvals import Approval
from cc_server.domain.outbox.sending.claims import NotAccepted, Unclear
from rig.house import House
from tests.server.serving import Api

MAYA = {"email": "maya@clinic.example", "reason": "asked us to stop"}
STOP = {"engaged": True, "reason": "wrong price list"}
DELIVERIES = "/api/deliveries"
SUPPRESSION = "/admin/suppression"
KILL_SWITCH = "/api/settings/kill-switch"


def in_trouble(house: House, outcome: NotAccepted | Unclear) -> Approval:
    draft = house.draft()
    house.approve(draft)
    house.leave_hold()
    house.settle(house.claim_one(), outcome)
    return house.now(draft)


def delivery_path(approval: Approval, action: str) -> str:
    assert approval.delivery is not None
    return f"{DELIVERIES}/{approval.delivery.id}/{action}"


async def test_an_unknown_delivery_is_listed_and_settled_once(api: Api) -> None:
    approval = in_trouble(api.house, Unclear("the connection broke"))
    listed = (await api.get(f"{DELIVERIES}?state=unknown", "viewer")).json()
    assert [one["approval_id"] for one in listed["items"]] == [approval.id]
    told = {"outcome": "sent", "note": "it is in their inbox"}
    headers = {"If-Match": f'"{listed["items"][0]["version"]}"'}
    settled = await api.post(delivery_path(approval, "resolve"), json=told, headers=headers)
    assert (settled.status_code, settled.json()["status"], settled.json()["changed"]) == (200, "sent", True)
    again = await api.post(delivery_path(approval, "resolve"), "tom", json=told, headers=headers)
    assert (again.status_code, again.json()["code"], again.json()["item"]["state"]) == (409, "invalid_state", "sent")


async def test_settling_an_older_version_is_answered_with_the_delivery(api: Api) -> None:
    approval = in_trouble(api.house, Unclear("the connection broke"))
    told = {"outcome": "failed", "note": "they never got it"}
    answer = await api.post(delivery_path(approval, "resolve"), json=told, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["item"]["state"]) == (412, "unknown")


async def test_settling_asks_for_a_note_and_an_operator(api: Api) -> None:
    approval = in_trouble(api.house, Unclear("the connection broke"))
    path = delivery_path(approval, "resolve")
    assert (await api.post(path, json={"outcome": "sent"})).status_code == 422
    assert (await api.post(path, "viewer", json={"outcome": "sent", "note": "?"})).status_code == 403
    assert (await api.post(path, "bound", json={"outcome": "sent", "note": "?"})).status_code == 404


async def test_a_failed_delivery_is_tried_again(api: Api) -> None:
    approval = in_trouble(api.house, NotAccepted("no such mailbox", is_passing=False))
    answer = await api.post(delivery_path(approval, "retry"))
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert (await api.post(delivery_path(approval, "retry"))).json()["code"] == "invalid_state"


async def test_a_state_that_no_delivery_has_is_refused(api: Api) -> None:
    answer = await api.get(f"{DELIVERIES}?state=lost")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_an_address_is_suppressed_once_listed_and_let_go(api: Api) -> None:
    first = await api.post(SUPPRESSION, json=MAYA)
    assert (first.status_code, first.json()["email"]) == (200, MAYA["email"])
    again = await api.post(SUPPRESSION, json=MAYA | {"email": "Maya@Clinic.example"})
    assert (again.status_code, again.json()) == (200, first.json())
    assert (await api.get(SUPPRESSION, "viewer")).json()["items"] == [first.json()]
    gone = await api.call("DELETE", f"{SUPPRESSION}/{first.json()['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await api.call("DELETE", f"{SUPPRESSION}/{first.json()['id']}")).status_code == 404
    assert (await api.get(SUPPRESSION)).json()["items"] == []


async def test_a_key_bound_to_several_clients_says_for_which_one(api: Api) -> None:
    answer = await api.post(SUPPRESSION, "bound to both", json=MAYA)
    assert (answer.status_code, answer.json()["code"]) == (400, "client_required")
    named = {"X-Client-Id": api.house.client_id}
    assert (await api.post(SUPPRESSION, "bound to both", json=MAYA, headers=named)).status_code == 200
    assert (await api.get(SUPPRESSION, "bound")).json()["items"] == []


async def test_a_viewer_stops_nothing_an_operator_stops_and_an_admin_lets_go(api: Api) -> None:
    assert (await api.post(KILL_SWITCH, "viewer", json=STOP)).status_code == 403
    stopped = await api.post(KILL_SWITCH, json=STOP)
    assert (stopped.status_code, stopped.json()["status"], stopped.json()["changed"]) == (200, "engaged", True)
    (told,) = (await api.get("/api/me", "viewer")).json()["kill_switch"]
    assert (told["scope"], told["by"], told["reason"]) == ("all", "ana", STOP["reason"])
    assert (await api.get("/api/settings")).json()["kill_switch"] == [told]
    assert (await api.post(KILL_SWITCH, json=STOP | {"engaged": False})).status_code == 403
    assert (await api.post(KILL_SWITCH, "admin", json=STOP | {"engaged": False})).json()["status"] == "released"
    assert (await api.get("/api/me")).json()["kill_switch"] == []


async def test_a_dry_run_of_a_stop_is_not_kept_under_its_key(api: Api) -> None:
    key = {"Idempotency-Key": "one"}
    dry = await api.post(KILL_SWITCH, json=STOP | {"dry_run": True}, headers=key)
    assert (dry.status_code, dry.json()["changed"], dry.json()["kill_switch"]) == (200, False, [])
    assert (await api.post(KILL_SWITCH, json=STOP, headers=key)).json()["changed"] is True


async def test_a_scope_that_means_nothing_is_refused(api: Api) -> None:
    for scope in ("everything", "agent:", "client:a b"):
        answer = await api.post(KILL_SWITCH, json=STOP | {"scope": scope})
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert (await api.post(KILL_SWITCH, json=STOP | {"scope": "agent:nobody"})).status_code == 404


async def test_the_older_names_obey_the_same_machine(api: Api) -> None:
    draft, other = api.house.draft(), api.house.draft()
    path = f"/admin/outbox/{draft.id}"
    early = await api.post(f"{path}/send")
    assert (early.status_code, early.json()["code"]) == (409, "invalid_state")
    approved = await api.post(f"{path}/approve", json={"approved_by": "somebody else"})
    row: dict[str, Any] = approved.json()["item"]
    assert (approved.status_code, row["status"], row["approved_by"]) == (200, "approved", "ana")
    assert (await api.post(f"{path}/send")).json()["changed"] is False
    before = api.house.now(draft).delivery
    assert before is not None
    assert before.state == "held"
    rejected = await api.post(f"/admin/outbox/{other.id}/reject", json={"reason": "not now"})
    assert (rejected.json()["status"], rejected.json()["item"]["rejected_reason"]) == ("rejected", "not now")
    twice = await api.post(f"/admin/outbox/{other.id}/approve", "tom", json={})
    assert (twice.status_code, twice.json()["code"]) == (409, "already_decided")


async def test_the_older_list_gives_every_row_one_status(api: Api) -> None:
    house = api.house
    queued, held, rejected = house.draft(), house.draft(), house.draft()
    failed = in_trouble(house, NotAccepted("no such mailbox", is_passing=False))
    house.approve(held)
    house.reject(rejected)
    expected = {"queued": queued, "approved": held, "rejected": rejected, "failed": failed}
    for status, draft in expected.items():
        rows = (await api.get(f"/admin/outbox?status={status}", "viewer")).json()["items"]
        assert [(row["id"], row["status"]) for row in rows] == [(draft.id, status)]
    assert len((await api.get("/admin/outbox")).json()["items"]) == 4
    assert (await api.get("/admin/outbox?status=held")).status_code == 422
