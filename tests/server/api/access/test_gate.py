"""Who gets in, what is refused, and in which order."""

from __future__ import annotations

import asyncio

import pytest

from cc_server.api.http.limits import RateLimit
from cc_server.domain.work import agents
from rig.house import AGENT, House
from tests.server.api.asking import LEAD, MIB, NOBODY, path_of, problem_of
from tests.server.serving import Api, api_of

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


@pytest.mark.usefixtures("still")
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
