"""What every caller may rely on: who gets in, what is refused and in which order, and that one intent acts once."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from cc_api_client.models.outbox.approvals import Approval
from cc_api_client.models.work.agents import LogLevel
from cc_api_client.models.work.runs import RunStatus
from cc_server.api.http.limits import RateLimit
from cc_server.api.http.problems import KINDS
from cc_server.db.tables import approvals, audit, deliveries
from cc_server.domain import installation
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.work import agents, runs
from cc_server.domain.work.agents import Said
from rig.house import AGENT, BODY, House
from tests.server.serving import Api, api_of

NOBODY = "00000000-0000-4000-8000-000000000000"
MIB = 1024 * 1024


def path_of(approval: Approval, verb: str = "") -> str:
    return f"/api/approvals/{approval.id}" + (f"/{verb}" if verb else "")


def problem_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer, which must be whole."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.url
    document: dict[str, Any] = answer.json()
    assert document["code"] == code, document
    assert document["type"] == f"/problems/{code}"
    assert document["status"] == status
    assert document["title"]
    assert isinstance(document["detail"], str)
    assert document["instance"] == answer.headers["x-request-id"]
    return document


# Who gets in

CLOSED = [
    ("GET", "/api/approvals"),
    ("GET", "/api/me"),
    ("GET", "/nowhere"),
    ("GET", "/ws/events"),
    ("GET", "/api/approvals/"),
    ("DELETE", "/api/approvals"),
    ("POST", "/health"),
    ("OPTIONS", "/api/approvals"),
    ("PUT", "/nowhere"),
    ("POST", "/problems/not_found"),
    ("GET", "/healthy"),
    ("GET", "//health"),
]


@pytest.mark.parametrize("token", [None, "", "cc_wrong", "ключ".encode()], ids=["none", "empty", "wrong", "not ascii"])
async def test_without_a_right_key_every_path_and_method_is_closed(api: Api, token: str | bytes | None) -> None:
    headers = {"X-API-Key": token} if token is not None else {}
    for method, path in CLOSED:
        answer = await api.http.request(method, "http://house" + path, headers=headers)  # type: ignore[arg-type]
        problem_of(answer, 401, "unauthenticated")


async def test_a_body_too_large_is_not_looked_at_without_a_key(api: Api) -> None:
    problem_of(await api.post("/api/approvals", None, content=b"x" * (MIB + 1)), 401, "unauthenticated")


async def test_what_tells_nothing_is_open(api: Api) -> None:
    for path in ["/health", "/ready", "/status", "/openapi.json", "/dashboard", "/dashboard.js", "/problems/expired"]:
        assert (await api.get(path, None)).status_code == 200, path


@pytest.mark.filterwarnings("error::pydantic.warnings.UnsupportedFieldAttributeWarning")
async def test_the_description_is_made_without_a_warning_and_names_only_headers_that_are_heeded(api: Api) -> None:
    paths = (await api.get("/openapi.json", None)).json()["paths"]

    def headers(path: str) -> list[str]:
        return [each["$ref"].rsplit("/", 1)[1] for each in paths[path]["post"]["parameters"] if "$ref" in each]

    assert headers("/api/approvals/{approval_id}/undo") == ["ClientId", "IdempotencyKey", "IfMatch"]
    assert headers("/api/approvals/batches/{batch_id}/undo") == ["ClientId", "IdempotencyKey"]


async def test_the_status_tells_only_a_key_how_the_parts_are(api: Api) -> None:
    open_, keyed = (await api.get("/status", None)).json(), (await api.get("/status", "viewer")).json()
    assert not open_.get("components")
    assert {part["name"]: part["status"] for part in keyed["components"]} == dict.fromkeys(
        ("database", "sender", "upkeep", "judge", "audit"), "ok"
    )
    problem_of(await api.get("/status", None, headers={"X-API-Key": "wrong"}), 401, "unauthenticated")


async def test_a_right_key_is_told_what_does_not_exist(api: Api) -> None:
    problem_of(await api.get("/nowhere"), 404, "not_found")
    answer = await api.call("DELETE", "/api/approvals")
    problem_of(answer, 405, "method_not_allowed")
    assert "GET" in answer.headers["allow"]


async def test_a_wrong_method_is_told_all_that_the_address_knows(api: Api, house: House) -> None:
    answer = await api.call("PUT", f"/api/approvals/{house.draft().id}")
    problem_of(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, PATCH"


@pytest.mark.parametrize("action", ["pause", "resume"])
async def test_an_agent_that_changed_since_is_not_touched(api: Api, house: House, action: str) -> None:
    if action == "resume":
        house.do(agents.pause, AGENT, None)
    stale = await api.post(f"/api/agents/{AGENT}/{action}", headers={"If-Match": '"99"'})
    assert problem_of(stale, 412, "version_conflict")["item"]["id"] == AGENT
    now = stale.headers["ETag"]
    assert (await api.post(f"/api/agents/{AGENT}/{action}", headers={"If-Match": now})).json()["changed"] is True


async def test_a_key_learns_who_it_is(api: Api) -> None:
    me = (await api.get("/api/me", "bound")).json()
    assert (me["name"], me["role"], me["client_ids"]) == ("bound", "operator", [api.house.other_client_id])
    assert me["server_time"] == "2026-11-23T12:00:00Z"
    assert (await api.get("/api/me", "ana")).json()["client_ids"] is None


# Roles

LEAD = {"name": "Maya Fischer", "email": "maya@clinic.example"}


MAY: list[tuple[str, str, str, int]] = [
    ("viewer", "GET", "/api/approvals", 200),
    ("viewer", "GET", "/api/dashboard/stats", 200),
    ("viewer", "POST", "/api/approvals/{id}/approve", 403),
    ("viewer", "PATCH", "/api/approvals/{id}", 403),
    ("viewer", "POST", f"/api/agents/{AGENT}/pause", 403),
    ("viewer", "POST", "/webhook/lead", 403),
    ("intake", "GET", "/api/me", 200),
    ("intake", "GET", "/api/approvals", 403),
    ("intake", "GET", "/api/events", 403),
    ("intake", "POST", "/api/approvals/{id}/approve", 403),
    ("bound intake", "POST", "/webhook/lead", 202),
    ("ana", "POST", "/api/approvals/{id}/approve", 200),
    ("ana", "POST", f"/api/agents/{AGENT}/pause", 200),
    ("bound", "POST", "/webhook/lead", 202),
    ("bound", "POST", f"/api/agents/{AGENT}/pause", 403),
    ("bound", "POST", f"/api/agents/{AGENT}/resume", 403),
    ("admin", "POST", "/api/approvals/{id}/approve", 200),
    ("admin", "GET", "/api/agents", 200),
]


async def test_a_key_may_do_what_its_role_includes(api: Api) -> None:
    for key, method, path, status in MAY:
        draft = api.house.draft()
        body = LEAD if "webhook" in path else {"subject": "x"} if method == "PATCH" else None
        answer = await api.call(method, path.format(id=draft.id), key, json=body)
        assert answer.status_code == status, (key, method, path)
        if status == 403:
            problem_of(answer, 403, "forbidden")
            assert api.house.now(draft) == draft


# The order in which things are refused


async def test_size_is_told_before_the_media_type_and_that_before_the_role(api: Api) -> None:
    path, text = path_of(api.house.draft(), "approve"), {"Content-Type": "text/plain"}
    problem_of(await api.post(path, "viewer", content=b"x" * (MIB + 1), headers=text), 413, "payload_too_large")
    problem_of(await api.post(path, "viewer", content=b"x", headers=text), 415, "unsupported_media_type")


async def test_the_role_is_told_before_whether_it_exists_and_that_before_syntax(api: Api) -> None:
    unknown, broken = f"/api/approvals/{NOBODY}", {"nonsense": 1}
    problem_of(await api.post(f"{unknown}/reject", "viewer", json=broken), 403, "forbidden")
    problem_of(await api.post(f"{unknown}/reject", json=broken), 404, "not_found")
    problem_of(await api.patch(unknown, json={"subject": "x"}), 404, "not_found")
    problem_of(await api.post(f"{unknown}/approve", content=b"{", headers={"Content-Type": "application/json"}), 404,
               "not_found")  # fmt: skip
    problem_of(await api.post(f"{unknown}/approve", headers={"Idempotency-Key": "a b"}), 404, "not_found")


async def test_whether_it_exists_is_told_before_a_malformed_if_match(api: Api) -> None:
    answer = await api.post(f"/api/approvals/{NOBODY}/approve", headers={"If-Match": "1"})
    problem_of(answer, 404, "not_found")


async def test_syntax_is_told_before_state(api: Api) -> None:
    draft = api.house.draft()
    api.house.approve(draft)
    problem_of(await api.post(path_of(draft, "reject"), json={"reason_code": "nope"}), 422, "validation_failed")
    problem_of(await api.patch(path_of(draft), json={"subject": "x"}), 428, "precondition_required")


async def test_state_is_told_before_the_version(api: Api) -> None:
    draft = api.house.draft()
    await api.post(path_of(draft, "approve"), "tom")
    answer = await api.post(path_of(draft, "approve"), headers={"If-Match": '"99"'})
    document = problem_of(answer, 409, "already_decided")
    assert (document["item"]["status"], document["item"]["decided_by"]) == ("approved", "tom")
    assert answer.headers["etag"] == '"2"'


# Tenants


@pytest.fixture
async def two(api: Api) -> dict[str, Any]:
    """Something of each client, and of none: approvals, runs, log lines."""
    house = api.house
    told: dict[str, Any] = {"own": house.draft(client_id=house.other_client_id), "foreign": house.draft()}
    for name, client_id in (("own", house.other_client_id), ("foreign", house.client_id), ("nobody's", None)):
        run_id = house.do(runs.queue, client_id, agent_name=AGENT, automation_name="draft", lead_email=None, by=SYSTEM)
        house.do(runs.begin, run_id, AGENT, by=SYSTEM)
        result = runs.Result(RunStatus.SUCCESS, Decimal("1.00"))
        house.do(runs.finish, run_id, result, by=SYSTEM)
        house.do(agents.log, AGENT, [Said(LogLevel.INFO, f"{name} line", run_id, client_id)], by=SYSTEM)
        told[f"{name} run"] = run_id
    return told


async def test_a_bound_key_sees_its_own_rows_only(api: Api, two: dict[str, Any]) -> None:
    found = (await api.get("/api/approvals", "bound")).json()
    assert [item["id"] for item in found["items"]] == [two["own"].id]
    assert (found["total"], found["summary"]["pending"]) == (1, 1)
    listed = (await api.get(f"/api/agents/{AGENT}/runs", "bound")).json()["items"]
    assert [run["id"] for run in listed] == [two["own run"]]
    lines = (await api.get(f"/api/agents/{AGENT}/logs", "bound")).json()["items"]
    assert [line["message"] for line in lines] == ["own line"]
    clients = (await api.get("/api/clients", "bound")).json()
    assert ([client["id"] for client in clients["items"]], clients["total"]) == ([api.house.other_client_id], 1)
    events = (await api.get("/api/events", "bound", params={"after": await epoch_of(api) + ".0"})).json()["frames"]
    seen = {frame["client_id"] for frame in events if frame["frame"] == "event" and frame["topic"] != "agents"}
    assert seen == {api.house.other_client_id}


async def test_an_unbound_key_sees_what_has_no_client_too(api: Api, two: dict[str, Any]) -> None:
    assert (await api.get("/api/approvals")).json()["total"] == 2
    listed = (await api.get(f"/api/agents/{AGENT}/runs")).json()["items"]
    assert {run["id"] for run in listed} == {two["own run"], two["foreign run"], two["nobody's run"]}
    assert len((await api.get(f"/api/agents/{AGENT}/logs")).json()["items"]) == 3


@pytest.mark.parametrize("headers", [{}, {"X-Client-Id": "all"}], ids=["bare", "all"])
async def test_a_foreign_row_is_as_good_as_none(api: Api, two: dict[str, Any], headers: dict[str, str]) -> None:
    foreign: Approval = two["foreign"]
    answers = [
        await api.get(path_of(foreign), "bound", headers=headers),
        await api.post(path_of(foreign, "approve"), "bound", headers=headers),
        await api.post(path_of(foreign, "reject"), "bound", headers=headers, json={"reason_code": "tone"}),
        await api.post(path_of(foreign, "undo"), "bound", headers=headers),
        await api.patch(path_of(foreign), "bound", headers=headers | {"If-Match": '"1"'}, json={"subject": "x"}),
        await api.patch(path_of(foreign), "bound", headers=headers, json={"subject": "x"}),
        await api.get(f"/api/runs/{two['foreign run']}", "bound", headers=headers),
        await api.get("/api/runs/" + two["nobody's run"], "bound", headers=headers),
    ]
    details = {problem_of(answer, 404, "not_found")["detail"] for answer in answers}
    assert api.house.now(foreign) == foreign
    assert len(details) == 2
    unknown = await api.get(f"/api/approvals/{NOBODY}", "bound", headers=headers)
    assert unknown.json()["detail"] in details


async def test_the_dashboard_counts_the_callers_clients_only(api: Api, two: dict[str, Any]) -> None:
    bound = (await api.get("/api/dashboard/stats", "bound")).json()
    whole = (await api.get("/api/dashboard/stats")).json()
    assert (bound["approvals_pending"], whole["approvals_pending"]) == (1, 2)
    assert (bound["runs"]["success"], whole["runs"]["success"]) == (1, 3)
    assert ([run["id"] for run in bound["recent_runs"]], len(whole["recent_runs"])) == ([two["own run"]], 3)
    assert (bound["costs"]["total_usd"], whole["costs"]["total_usd"]) == ("1.00", "3.00")
    assert (bound["spend_today_usd"], whole["spend_today_usd"]) == ("1.00", "3.00")
    assert (bound["mrr_usd"], whole["mrr_usd"]) == ("1000.00", "2000.00")
    assert (bound["clients_active"], whole["clients_active"]) == (1, 2)
    assert (bound["budget_today_usd"], bound["alert_ratio"], whole["alert_ratio"]) == (None, None, 0.8)


async def test_the_metrics_and_agents_carry_the_callers_figures_only(api: Api, two: dict[str, Any]) -> None:
    assert (await api.get("/admin/metrics", "bound")).json()["outbox"]["queued"] == 1
    assert (await api.get("/admin/metrics")).json()["outbox"]["queued"] == 2
    for key, count, cost in (("bound", 1, "1.00"), ("ana", 3, "3.00")):
        (agent,) = (await api.get("/api/agents", key)).json()["items"]
        assert (agent["runs"], agent["runs_24h"], agent["cost_24h_usd"]) == (count, count, cost)
        detail = (await api.get(f"/api/agents/{AGENT}", key)).json()
        assert detail["cost_history"][-1]["cost_usd"] == cost


async def test_a_key_may_narrow_itself_to_one_client(api: Api, two: dict[str, Any]) -> None:
    narrowed = {"X-Client-Id": api.house.client_id}
    for key in ("ana", "bound to both"):
        found = (await api.get("/api/approvals", key, headers=narrowed)).json()
        assert [item["id"] for item in found["items"]] == [two["foreign"].id]
        problem_of(await api.get(path_of(two["own"]), key, headers=narrowed), 404, "not_found")
        shouted = {"X-Client-Id": api.house.client_id.upper()}
        assert (await api.get("/api/approvals", key, headers=shouted)).json()["total"] == 1
    assert (await api.get("/api/approvals", "bound to both")).json()["total"] == 2


async def test_a_client_beyond_the_key_or_unknown_is_as_good_as_none(api: Api) -> None:
    for path in ["/api/approvals", "/api/dashboard/stats", "/api/agents", "/api/clients"]:
        beyond = await api.get(path, "bound", headers={"X-Client-Id": api.house.client_id})
        unknown = await api.get(path, "ana", headers={"X-Client-Id": NOBODY})
        assert problem_of(beyond, 404, "not_found")["detail"] == problem_of(unknown, 404, "not_found")["detail"]


async def test_a_malformed_client_is_told(api: Api) -> None:
    malformed: list[str | bytes] = ["", "c1", "ALL", "all ", "0" * 31, NOBODY + "x", "é".encode()]
    for text in malformed:
        draft = api.house.draft()
        for answer in (
            await api.get("/api/approvals", headers={"X-Client-Id": text}),
            await api.post(path_of(draft, "approve"), headers={"X-Client-Id": text}),
        ):
            document = problem_of(answer, 422, "validation_failed")
            assert document["errors"][0]["loc"] == ["header", "X-Client-Id"]
        assert api.house.now(draft) == draft


async def test_a_write_that_needs_one_client_says_so(api: Api) -> None:
    problem_of(await api.post("/webhook/lead", "intake", json=LEAD), 400, "client_required")
    problem_of(await api.post("/webhook/lead", "bound to both", json=LEAD), 400, "client_required")
    named = {"X-Client-Id": api.house.client_id}
    assert (await api.post("/webhook/lead", "intake", json=LEAD, headers=named)).status_code == 202


async def test_the_configured_client_is_meant_where_none_is_named(house: House) -> None:
    house.draft(client_id=house.other_client_id)
    house.draft()
    async with api_of(house, default_client=house.client_id) as api:
        assert (await api.get("/api/approvals")).json()["total"] == 1
        assert (await api.get("/api/approvals", headers={"X-Client-Id": "all"})).json()["total"] == 2
        bound = (await api.get("/api/approvals", "bound")).json()["items"]
        assert [item["client_id"] for item in bound] == [house.other_client_id]


async def test_agents_are_announced_without_figures(api: Api, two: dict[str, Any]) -> None:
    await api.post(f"/api/agents/{AGENT}/pause", json={"reason": "lunch"})
    event = api.house.events()[-1]
    assert (event["type"], event["data"]["status"], event["data"]["pause_reason"]) == (
        "agent.status",
        "paused",
        "lunch",
    )
    assert not {"runs", "runs_24h", "cost_24h_usd", "activity", "last_run"} & set(event["data"])


# Bodies


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1024):
        yield b"x" * 1024


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_body_of_more_than_one_mebibyte_is_refused(api: Api, is_chunked: bool) -> None:
    content: Any = chunks(MIB + 1024) if is_chunked else b"x" * (MIB + 1)
    headers = {"Content-Type": "application/json"}
    answer = await api.post(path_of(api.house.draft(), "approve"), content=content, headers=headers)
    problem_of(answer, 413, "payload_too_large")


async def test_a_body_of_one_mebibyte_is_read(api: Api) -> None:
    note = b'{"note": "' + b"x" * (MIB - 12) + b'"}'
    assert len(note) == MIB
    headers = {"Content-Type": "application/json"}
    answer = await api.post(path_of(api.house.draft(), "approve"), content=note, headers=headers)
    problem_of(answer, 422, "validation_failed")


async def test_a_body_that_is_not_declared_as_json_is_refused(api: Api) -> None:
    for media_type in [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"]:
        headers = {"Content-Type": media_type} if media_type else {}
        answer = await api.post(path_of(api.house.draft(), "approve"), content=b"{}", headers=headers)
        problem_of(answer, 415, "unsupported_media_type")


async def test_json_may_be_declared_in_several_ways(api: Api) -> None:
    for media_type in ["application/json; charset=utf-8", "Application/JSON", "application/x+json"]:
        headers = {"Content-Type": media_type}
        answer = await api.post(path_of(api.house.draft(), "approve"), content=b"{}", headers=headers)
        assert answer.status_code == 200


async def test_what_is_no_json_is_refused(api: Api) -> None:
    for content in [
        b"{",
        b"{}{}",
        b"\xff",
        b'{"note": NaN}',
        b'{"note": Infinity}',
        b"[" * 100 + b"]" * 100,
        b"[" * 100_000,
        b"nul",
        '{"note": "é"}'.encode("utf-16"),
    ]:
        draft = api.house.draft()
        headers = {"Content-Type": "application/json"}
        problem_of(await api.post(path_of(draft, "approve"), content=content, headers=headers), 400, "malformed_body")
        assert api.house.now(draft) == draft


@pytest.mark.parametrize(
    ("verb", "body", "loc"),
    [
        ("approve", {"nonsense": 1}, ["body", "nonsense"]),
        ("approve", {"note": 1}, ["body", "note"]),
        ("approve", {"note": "x" * 2001}, ["body", "note"]),
        ("approve", {"payload_sha256": "x"}, ["body", "payload_sha256"]),
        ("reject", {}, ["body", "reason_code"]),
        ("reject", {"reason_code": "nope"}, ["body", "reason_code"]),
        ("reject", {"reason_code": "tone", "by": "me"}, ["body", "by"]),
        ("reject", {"reason_code": "other"}, ["body", "reason"]),
        ("reject", {"reason_code": "other", "reason": "  "}, ["body", "reason"]),
        ("reject", {"reason_code": "tone", "reason": ""}, ["body", "reason"]),
    ],
    ids=str,
)
async def test_a_field_that_is_wrong_or_unknown_is_named(
    api: Api, verb: str, body: dict[str, Any], loc: list[str]
) -> None:
    draft = api.house.draft()
    document = problem_of(await api.post(path_of(draft, verb), json=body), 422, "validation_failed")
    assert loc in [error["loc"] for error in document["errors"]]
    assert api.house.now(draft) == draft


async def test_an_edit_changes_only_what_may_be_edited(api: Api) -> None:
    edits: list[dict[str, Any]] = [
        {"status": "approved"},
        {"version": 9},
        {"to_email": "eve@x.example"},
        {"subject": None},
        {"body": None},
        {"subject": "x" * 1001},
        {"payload": [1]},
    ]
    for body in edits:
        draft = api.house.draft()
        answer = await api.patch(path_of(draft), json=body, headers={"If-Match": '"1"'})
        problem_of(answer, 422, "validation_failed")
        assert api.house.now(draft) == draft


@pytest.mark.parametrize("value", [b'"\\ud800"', b"9007199254740993", b"1e999"])
async def test_what_can_not_be_stored_or_hashed_is_refused(api: Api, value: bytes) -> None:
    draft = api.house.draft(kind="proposal")
    headers = {"Content-Type": "application/json", "If-Match": '"1"'}
    answer = await api.patch(path_of(draft), content=b'{"payload": {"x": ' + value + b"}}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) in ((422, "validation_failed"), (400, "malformed_body"))
    assert api.house.now(draft) == draft


# Versions


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


# Decisions over HTTP


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
    async with asyncio.timeout(10):
        while "sent" not in states:
            page = (await api.get("/api/events", params={"after": position, "wait": 5, "topics": "approvals"})).json()
            states += [frame["data"]["state"] for frame in page["frames"] if frame.get("type") == "delivery.changed"]
            position = page["next"]
    assert answer.status_code == 200
    assert [path.name for path in (house.folder / "outbox").iterdir()] == [f"apr_{draft.id}_v2.eml"]


# One answer per intent


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


async def test_the_same_intent_many_times_at_once_acts_once(api: Api) -> None:
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


# Reading again


async def epoch_of(api: Api) -> str:
    return str((await api.get("/api/me")).json()["epoch"])


async def position_of(api: Api) -> str:
    return str((await api.get("/api/approvals")).headers["x-event-seq"])


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


# Pages


async def all_pages(
    api: Api, path: str, between: Callable[[], object] = lambda: None, key: str = "ana", **query: Any
) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    for _ in range(100):
        answer = await api.get(path, key, params=query | cursor)
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        if answer.json()["next_cursor"] is None:
            return items
        cursor = {"cursor": answer.json()["next_cursor"]}
        between()
    raise AssertionError("the pages do not end")


KINDS_DRAFTED = ("email", "proposal", "follow_up", "call_script")


@pytest.mark.parametrize("sort", ["created", "risk", "kind", "agent", "expires", "decided"])
@pytest.mark.parametrize("sign", ["", "-"])
async def test_under_inserts_every_row_appears_exactly_once(api: Api, sort: str, sign: str) -> None:
    house = api.house
    for number in range(10):
        house.draft(kind=KINDS_DRAFTED[number % 4], agent_name=f"agent-{number % 3}")
        house.clock.advance(number % 2)
    before = {row["id"] for row in house.all(approvals)}

    def insert() -> None:
        house.draft(kind="email", agent_name="agent-1")
        house.draft(kind="call_script", agent_name="")

    listed = [item["id"] for item in await all_pages(api, "/api/approvals", insert, sort=sign + sort, limit=3)]
    assert len(listed) == len(set(listed))
    assert before <= set(listed)


@pytest.mark.parametrize("sort", ["created", "risk", "expires"])
async def test_under_decisions_every_row_whose_value_stays_appears_exactly_once(api: Api, sort: str) -> None:
    house = api.house
    drafts = [house.draft(kind=KINDS_DRAFTED[number % 4]) for number in range(10)]
    left = list(drafts)
    everything = "pending,approved,rejected,expired,cancelled"
    listed = await all_pages(
        api, "/api/approvals", lambda: house.approve(left.pop(0)), sort=sort, limit=2, status=everything
    )
    assert sorted(item["id"] for item in listed) == sorted(draft.id for draft in drafts)


@pytest.mark.parametrize("sign", ["", "-"])
async def test_a_list_is_in_the_order_that_was_asked_for(api: Api, sign: str) -> None:
    for number in range(9):
        api.house.draft(kind=KINDS_DRAFTED[number % 4])
    scores = [item["risk"]["score"] for item in await all_pages(api, "/api/approvals", sort=f"{sign}risk", limit=2)]
    assert scores == sorted(scores, reverse=sign == "-")
    assert len(set(scores)) == 4


async def test_runs_and_clients_are_paged_too(api: Api) -> None:
    house = api.house
    made = {
        house.do(runs.queue, house.client_id, agent_name=AGENT, automation_name=None, lead_email=None) for _ in range(7)
    }
    assert {run["id"] for run in await all_pages(api, f"/api/agents/{AGENT}/runs", limit=2)} == made
    for name in ("Alder", "Alder", "Zürich"):
        house.add_client(name)
    names = [client["name"] for client in await all_pages(api, "/api/clients", limit=1)]
    assert names == ["Alder", "Alder", "Brightwater Solar", "Harbor Dental", "Zürich"]


async def test_a_name_may_begin_with_any_character(api: Api) -> None:
    for name in ("@home", "2026-01-01T00:00:00+00:00", "@2026-01-01T00:00:00+00:00"):
        api.house.add_client(name)
    assert len(await all_pages(api, "/api/clients", limit=1)) == 5


async def test_the_total_and_the_summary_are_of_the_whole_list(api: Api) -> None:
    house = api.house
    drafts = [house.draft() for _ in range(5)]
    house.approve(drafts[0])
    house.reject(drafts[1])
    found = (await api.get("/api/approvals?limit=1")).json()
    assert (len(found["items"]), found["total"]) == (1, 3)
    summary = found["summary"]
    assert (summary["pending"], summary["leaving"], summary["rejected"], summary["sent"]) == (3, 1, 1, 0)
    assert summary["oldest_created_at"] == "2026-11-23T12:00:00Z"
    counted = {
        "status=approved": 1, "status=approved,rejected": 2, "status=approved&delivery=held": 1, "kind=email": 3,
        "kind=proposal": 0, f"agent={AGENT}": 3, f"to={drafts[2].to_email}": 1, "min_risk=11": 0, "safe=false": 3,
        "safe=true": 0, "status=approved&delivery=sent,failed": 0,
    }  # fmt: skip
    for query, total in counted.items():
        told = (await api.get(f"/api/approvals?{query}")).json()
        assert (told["total"], len(told["items"])) == (total, total), query


async def test_a_search_finds_words_and_counts_nothing(api: Api) -> None:
    wanted = api.house.draft(subject="100% of the HELIOTROPE")
    api.house.draft()
    for words in ("heliotrope", "100%", "OF THE"):
        found = (await api.get("/api/approvals", params={"q": words})).json()
        assert ([item["id"] for item in found["items"]], found["total"]) == ([wanted.id], None)
    assert (await api.get("/api/approvals", params={"q": "%eliot_"})).json()["items"] == []


OTHER_LISTS: list[tuple[str, dict[str, str]]] = [
    ("/api/approvals?limit=2&sort=-created", {}),
    ("/api/approvals?limit=2&sort=risk", {}),
    ("/api/approvals?limit=2&status=pending,approved", {}),
    ("/api/approvals?limit=2&kind=email", {}),
    ("/api/approvals?limit=2&q=Subject", {}),
    ("/api/approvals?limit=2&min_risk=1", {}),
    ("/api/clients?limit=2", {}),
    (f"/api/agents/{AGENT}/runs?limit=2", {}),
    ("/api/approvals?limit=2", {"X-Client-Id": "client"}),
]


async def test_a_cursor_of_another_list_is_refused(api: Api) -> None:
    for _ in range(3):
        api.house.draft()
    cursor = (await api.get("/api/approvals?limit=2")).json()["next_cursor"]
    for path, headers in OTHER_LISTS:
        named = dict.fromkeys(headers, api.house.client_id)
        problem_of(await api.get(f"{path}&cursor={cursor}", headers=named), 400, "invalid_cursor")
    assert (await api.get(f"/api/approvals?limit=1&cursor={cursor}")).status_code == 200


async def test_a_cursor_that_is_none_is_refused(api: Api) -> None:
    for cursor in ["x", "====", "bnVsbA", "WzEsMiwzXQ", "é", "W10", "Ww", "1" * 500]:
        problem_of(await api.get("/api/approvals", params={"cursor": cursor}), 400, "invalid_cursor")


@pytest.mark.parametrize(
    ("sort", "value"), [("created", 5), ("created", "@2026-01-01T00:00:00"), ("risk", 10**30)], ids=str
)
async def test_a_cursor_that_was_tampered_with_is_refused(api: Api, sort: str, value: object) -> None:
    for _ in range(2):
        api.house.draft()
    cursor = (await api.get(f"/api/approvals?limit=1&sort={sort}")).json()["next_cursor"]
    told = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    told[1] = value
    forged = base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
    answer = await api.get("/api/approvals", params={"limit": 1, "sort": sort, "cursor": forged})
    problem_of(answer, 400, "invalid_cursor")


MISTAKES = [
    ("/api/approvals?limit=0", "limit"),
    ("/api/approvals?limit=501", "limit"),
    ("/api/approvals?limit=many", "limit"),
    ("/api/approvals?sort=nope", "sort"),
    ("/api/approvals?sort=--risk", "sort"),
    ("/api/approvals?sort=", "sort"),
    ("/api/approvals?status=nope", "status"),
    ("/api/approvals?status=pending,nope", "status"),
    ("/api/approvals?status=", "status"),
    ("/api/approvals?delivery=nope", "delivery"),
    ("/api/approvals?returned=nope", "returned"),
    ("/api/approvals?kind=nope", "kind"),
    ("/api/approvals?safe=maybe", "safe"),
    ("/api/approvals?min_risk=101", "min_risk"),
    ("/api/approvals?view=column", "view"),
    (f"/api/agents/{AGENT}/runs?status=nope", "status"),
    (f"/api/agents/{AGENT}/runs?limit=0", "limit"),
    (f"/api/agents/{AGENT}/logs?after=-1", "after"),
    ("/api/clients?limit=0", "limit"),
    ("/api/events?wait=26", "wait"),
    ("/api/events?topics=nope", "after or topics"),
    ("/api/events?after=nope", "after or topics"),
]


async def test_a_mistake_in_the_query_is_named(api: Api) -> None:
    for path, place in MISTAKES:
        document = problem_of(await api.get(path), 422, "validation_failed")
        assert ["query", place] in [error["loc"] for error in document["errors"]], path


async def test_a_row_leaves_out_what_only_a_detail_needs(api: Api) -> None:
    draft = api.house.draft(body=BODY + " {{gap}} heliotrope", kind="proposal", payload={"amount_usd": "1.00"})
    answer = await api.get("/api/approvals?view=row")
    page = answer.json()
    (row,) = page["items"]
    assert (page["next_cursor"], page["total"]) == (None, 1), "what a page says of itself is always named"
    assert "heliotrope" not in answer.text.replace(row["preview"], "")
    assert not {"body", "payload", "original"} & set(row)
    (flag,) = row["risk"]["flags"]
    assert flag.get("message") is None
    assert (flag["code"], row["id"], row["payload_sha256"]) == ("placeholder", draft.id, draft.payload_sha256)
    (whole,) = (await api.get("/api/approvals")).json()["items"]
    assert (whole["body"], whole["payload"]) == (draft.body, {"amount_usd": "1.00"})
    assert row["risk"]["score"] == whole["risk"]["score"]


# Problems

PROBLEMS: list[tuple[str, str, dict[str, Any], int]] = [
    ("GET", "/nowhere", {}, 404),
    ("PUT", "/api/approvals", {}, 405),
    ("GET", f"/api/approvals/{NOBODY}", {}, 404),
    ("GET", "/api/agents/nobody", {}, 404),
    ("POST", "/api/agents/nobody/pause", {}, 404),
    ("GET", f"/api/runs/{NOBODY}", {}, 404),
    ("GET", "/problems/nope", {}, 404),
    ("GET", "/dashboard.exe", {}, 404),
    ("GET", "/api/approvals?limit=x", {}, 422),
    ("GET", "/api/approvals?cursor=x", {}, 400),
    ("POST", "/webhook/lead", {"json": {}}, 422),
    ("POST", "/webhook/lead", {"json": LEAD}, 400),
    ("POST", "/webhook/lead", {"content": b"x"}, 415),
    ("GET", "/api/approvals/%00", {}, 404),
    ("GET", "/api/approvals/" + "x" * 3000, {}, 404),
]


async def test_whatever_is_refused_is_told_by_a_problem_that_has_a_page(api: Api) -> None:
    for method, path, request, status in PROBLEMS:
        answer = await api.call(method, path, **request)
        document = problem_of(answer, status, answer.json()["code"])
        page = await api.get(document["type"], None)
        assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (200, "text/html"), path
        assert document["title"] in page.text, path


async def test_every_problem_has_a_page_that_needs_no_key(api: Api) -> None:
    for code, kind in KINDS.items():
        page = await api.get(f"/problems/{code}", None)
        assert page.status_code == 200, code
        assert str(kind.status) in page.text, code


async def test_an_answer_carries_the_callers_request_id_where_it_is_harmless(api: Api) -> None:
    assert (await api.get("/health", None, headers={"X-Request-Id": "r-1"})).headers["x-request-id"] == "r-1"
    replaced = (await api.get("/health", None, headers={"X-Request-Id": "a b"})).headers["x-request-id"]
    assert uuid.UUID(replaced)


async def test_every_answer_has_the_security_headers(api: Api) -> None:
    for path in ("/health", "/api/approvals", "/nowhere", "/dashboard"):
        headers = (await api.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_over_tls_a_browser_is_told_to_stay_there(api: Api) -> None:
    for path in ("/health", "/nowhere"):
        assert "max-age=" in (await api.http.get(f"https://house{path}")).headers["strict-transport-security"]
        assert "strict-transport-security" not in (await api.http.get(path)).headers


async def test_a_request_that_breaks_tells_nothing_of_why(house: House) -> None:
    async with api_of(house) as api:
        draft = house.draft()
        house.tamper(approvals, draft.id, risk_score=9_999)
        document = problem_of(await api.get("/api/approvals"), 500, "internal")
    assert "9999" not in json.dumps(document)
    assert "Traceback" not in json.dumps(document)


# How often


async def test_a_key_that_asks_too_often_is_told_to_wait(house: House) -> None:
    async with api_of(house, rate_limit=2) as api:
        answers = await asyncio.gather(*(api.get("/api/me") for _ in range(30)))
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert len(answers) - len(refused) >= 2
        problem_of(refused[0], 429, "rate_limited")
        assert int(refused[0].headers["retry-after"]) >= 1
        assert (await api.get("/api/me", "tom")).status_code == 200
        assert (await api.get("/health")).status_code == 200


def test_a_key_may_ask_so_often_a_second_and_no_more() -> None:
    now = [0.0]
    limit = RateLimit(2, lambda: now[0])
    assert [limit.take("ana") for _ in range(4)] == [0, 0, 1, 1]
    assert limit.take("tom") == 0
    now[0] = 0.5
    assert [limit.take("ana"), limit.take("ana")] == [0, 1]
    now[0] = 60.0
    assert [limit.take("ana") for _ in range(3)] == [0, 0, 1]
