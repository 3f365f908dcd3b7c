"""Keys and the audit trail over the API, `/metrics`, and what is logged of requests."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from cc_server import logs
from cc_server.db.tables import api_keys, audit, idempotency
from cc_server.domain.access import keys
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.figures import monitoring
from cc_server.logs import LogFormat, LogLevel
from cc_server.worker.upkeep import KeyUses, Upkeep
from rig.house import NOON, House, later
from tests.server.serving import Api, api_of

KEYS = "/api/settings/api-keys"


@pytest.fixture
def bound_admin(house: House) -> str:
    """An admin that is bound to the second client; its key in `house.tokens`."""
    made = house.do(keys.create, "bound admin", "admin", [house.other_client_id], by=SYSTEM)
    house.tokens["bound admin"] = made.token or ""
    return "bound admin"


async def make(api: Api, by: str = "admin", **body: Any) -> dict[str, Any]:
    answer = await api.post(KEYS, by, json={"role": "operator"} | body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def whole_list(api: Api, path: str, limit: int) -> list[dict[str, Any]]:
    """Every row of a list, page by page."""
    rows: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": limit}
    while True:
        page = (await api.get(path, "admin", params=query)).json()
        rows += page["items"]
        if page["next_cursor"] is None:
            return rows
        query["cursor"] = page["next_cursor"]


# Keys


async def test_a_key_that_was_made_lets_in_and_is_listed_without_its_token(api: Api) -> None:
    made = await make(api, name="eva", client_ids=[api.house.client_id])
    listed = await api.get(KEYS, "admin")
    assert made["token"] not in listed.text
    (row,) = (one for one in listed.json()["items"] if one["name"] == "eva")
    assert row == made["key"]
    assert made["token"].startswith(row["prefix"])
    answer = await api.http.get("/api/me", headers={"X-API-Key": made["token"]})
    assert (answer.json()["name"], answer.json()["client_ids"]) == ("eva", [api.house.client_id])


async def test_the_token_is_stored_nowhere_not_even_as_an_answer_to_give_again(api: Api) -> None:
    request = {"json": {"name": "eva", "role": "viewer"}, "headers": {"Idempotency-Key": "once"}}
    first = await api.post(KEYS, "admin", **request)
    again = await api.post(KEYS, "admin", **request)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert again.json() == first.json() | {"token": None}
    stored = "".join(str(api.house.all(table)) for table in (api_keys, idempotency, audit))
    assert first.json()["token"] not in stored


async def test_a_name_is_never_used_again(api: Api) -> None:
    made = await make(api, name="eva")
    for _ in range(2):
        answer = await api.post(KEYS, "admin", json={"name": "eva", "role": "viewer"})
        assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")
        await api.call("DELETE", f"{KEYS}/{made['key']['id']}", "admin")


@pytest.mark.parametrize("name", ["system", "Command Line", "", " eva", "eva\n", "e\x00va", "x" * 101])
async def test_a_name_that_would_mislead_is_refused(api: Api, name: str) -> None:
    answer = await api.post(KEYS, "admin", json={"name": name, "role": "viewer"})
    assert answer.status_code in (409, 422)
    assert name not in {row["name"] for row in api.house.all(api_keys)}


async def test_a_revoked_key_lets_nobody_in_and_stays_listed(api: Api) -> None:
    made = await make(api, name="eva")
    path = f"{KEYS}/{made['key']['id']}"
    answer = await api.call("DELETE", path, "admin")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await api.http.get("/api/me", headers={"X-API-Key": made["token"]})).status_code == 401
    assert (await api.call("DELETE", path, "admin")).status_code == 204
    (row,) = (one for one in (await api.get(KEYS, "admin")).json()["items"] if one["name"] == "eva")
    assert row["revoked_at"] == "2026-11-23T12:00:00Z"
    actions = [one["action"] for one in api.house.all(audit) if one["object_type"] == "api_key"][-2:]
    assert actions == ["key.create", "key.revoke"]


async def test_a_bound_admin_makes_sees_and_revokes_no_key_that_sees_more(api: Api, bound_admin: str) -> None:
    own, foreign = api.house.other_client_id, api.house.client_id
    for client_ids in (None, [foreign], [own, foreign]):
        answer = await api.post(KEYS, bound_admin, json={"name": "eva", "role": "viewer", "client_ids": client_ids})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    made = await make(api, bound_admin, name="eva", client_ids=[own])
    listed = {row["name"]: row for row in (await api.get(KEYS, bound_admin)).json()["items"]}
    assert set(listed) == {"bound", "bound viewer", "bound intake", "bound admin", "eva"}
    ids = {row["name"]: row["id"] for row in api.house.all(api_keys)}
    for name in ("admin", "ana", "bound to both"):
        assert (await api.call("DELETE", f"{KEYS}/{ids[name]}", bound_admin)).status_code == 404
    assert (await api.call("DELETE", f"{KEYS}/{made['key']['id']}", bound_admin)).status_code == 204


async def test_an_unknown_client_binds_no_key(api: Api) -> None:
    body = {"name": "eva", "role": "viewer", "client_ids": ["00000000-0000-4000-8000-000000000000"]}
    assert (await api.post(KEYS, "admin", json=body)).status_code == 404


async def test_keys_are_paged_by_name(api: Api) -> None:
    names = [row["name"] for row in await whole_list(api, KEYS, 2)]
    assert names == sorted(row["name"] for row in api.house.all(api_keys))


async def test_the_last_use_of_a_key_is_written_down_once_a_minute_at_most(house: House) -> None:
    uses = KeyUses()
    uses.note("k", NOON)
    assert uses.due(NOON) == {"k": NOON}
    uses.written(uses.due(NOON), NOON)
    uses.note("k", later(10))
    assert uses.due(later(10)) == {}
    assert uses.due(later(60)) == {"k": later(10)}


async def test_a_key_says_when_it_was_last_used(house: House) -> None:
    async with api_of(house) as api:
        house.clock.advance(90)
        await api.get("/api/me", "tom")
        upkeep = Upkeep(house.db, api.application.uses)
        await upkeep.write_uses()
        (row,) = (one for one in (await api.get(KEYS, "admin")).json()["items"] if one["name"] == "tom")
    assert row["last_used_at"] == "2026-11-23T12:01:30Z"


# The audit trail


async def test_the_trail_is_listed_newest_first_page_by_page(api: Api) -> None:
    for _ in range(3):
        await api.post(f"/api/approvals/{api.house.draft().id}/approve")
    seqs: list[int] = []
    cursor: str | None = None
    while True:
        page = (
            await api.get("/api/audit", "admin", params={"limit": 4} | ({"cursor": cursor} if cursor else {}))
        ).json()
        seqs += [row["seq"] for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seqs == [row["seq"] for row in reversed(api.house.all(audit))]


async def test_the_trail_is_narrowed_by_actor_action_and_object(api: Api) -> None:
    draft, other = api.house.draft(), api.house.draft()
    await api.post(f"/api/approvals/{draft.id}/approve", "tom")
    await api.post(f"/api/approvals/{other.id}/reject", "tom", json={"reason_code": "tone"})
    for query, count in (
        ({"actor": "tom"}, 2),
        ({"actor": "tom", "action": "approval.reject"}, 1),
        ({"object": draft.id}, 2),
        ({"actor": "nobody"}, 0),
    ):
        found = (await api.get("/api/audit", "admin", params=query)).json()["items"]
        assert len(found) == count, query
        assert all({"actor": row["actor"], "action": row["action"], "object": row["object_id"]}.items() >= query.items()
                   for row in found)  # fmt: skip


async def test_the_trail_holds_no_text_of_a_draft(api: Api) -> None:
    draft = api.house.draft(subject="A secret subject", body="A secret body")
    await api.patch(f"/api/approvals/{draft.id}", json={"body": "Another secret"}, headers={"If-Match": '"1"'})
    assert "secret" not in (await api.get("/api/audit", "admin")).text


async def test_what_a_role_does_not_allow_is_on_record(api: Api) -> None:
    draft = api.house.draft()
    await api.post(f"/api/approvals/{draft.id}/approve", "viewer")
    await api.get("/api/audit", "viewer")
    (row,) = (await api.get("/api/audit", "admin", params={"actor": "viewer"})).json()["items"]
    assert (row["action"], row["object_id"]) == ("request.refused", f"POST /api/approvals/{draft.id}/approve")


async def test_what_the_rules_forbid_is_on_record(api: Api) -> None:
    await api.post("/api/agents/email-draft/pause", "bound")
    (row,) = (await api.get("/api/audit", "admin", params={"actor": "bound"})).json()["items"]
    assert (row["action"], row["object_id"]) == ("request.refused", "POST /api/agents/email-draft/pause")


async def test_a_wrong_key_is_counted_and_not_chained(house: House) -> None:
    async with api_of(house, metrics=True) as api:
        before = house.all(audit)
        for _ in range(3):
            await api.http.post("/api/approvals/x/approve", headers={"X-API-Key": "wrong"})
        assert house.all(audit) == before
        assert "cc_wrong_keys 3.0" in (await api.get("/metrics", None)).text


# Metrics


async def test_the_figures_are_there_for_whoever_asks_for_them_only(house: House) -> None:
    async with api_of(house) as api:
        assert (await api.get("/metrics", None)).status_code == 401
        assert (await api.get("/metrics", "admin")).status_code == 404


async def test_the_figures_name_what_happened_and_no_client(house: House) -> None:
    house.approve(house.draft())
    house.draft(client_id=house.other_client_id)
    async with api_of(house, metrics=True) as api:
        await api.get(f"/api/approvals/{house.draft().id}")
        await api.get("/nowhere")
        text = (await api.get("/metrics", None)).text
    for line in (
        'cc_approvals{status="pending"} 2.0', 'cc_deliveries{state="held"} 1.0', 'cc_jobs{status="queued"} 0.0',
        'cc_requests_total{method="GET",route="/api/approvals/{approval_id}",status="200"} 1.0',
        'cc_requests_total{method="GET",route="none",status="404"} 1.0', 'cc_component_up{component="database"} 1.0',
        f"cc_audit_head {float(len(house.all(audit)))}", "cc_stream_consumers 0.0", "cc_sender_lag_seconds 0.0",
    ):  # fmt: skip
        assert line in text, line
    assert house.client_id not in text
    assert house.other_client_id not in text


def test_the_lag_is_how_long_the_oldest_that_is_due_has_waited(house: House) -> None:
    house.approve(house.draft())
    assert house.db.read_sync(monitoring.of_installation, later(5)).sender_lag_seconds == 0
    assert house.db.read_sync(monitoring.of_installation, later(35)).sender_lag_seconds == 25


# Logs


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged meanwhile, as JSON lines."""
    stream, root = io.StringIO(), logging.getLogger()
    held, level = root.handlers[:], root.level
    logs.configure(LogFormat.JSON, LogLevel.DEBUG, stream)
    yield stream
    root.handlers[:] = held
    root.setLevel(level)


def lines_of(log: io.StringIO, logger: str = "cc_server.requests") -> list[dict[str, Any]]:
    return [line for line in map(json.loads, log.getvalue().splitlines()) if line["logger"] == logger]


async def test_a_request_is_logged_with_its_id_and_without_what_was_sent(api: Api, log: io.StringIO) -> None:
    draft = api.house.draft()
    path = f"/api/approvals/{draft.id}/reject"
    body = {"reason_code": "other", "reason": "a secret reason"}
    answer = await api.post(path + "?q=secret-query", json=body, headers={"X-Request-Id": "r-1"})
    (line,) = lines_of(log)
    assert (line["method"], line["path"], line["status"], line["key"]) == ("POST", path, 200, "ana")
    assert (line["request_id"], answer.headers["x-request-id"]) == ("r-1", "r-1")
    assert "secret" not in log.getvalue()
    assert api.house.tokens["ana"] not in log.getvalue()


async def test_reads_that_succeed_are_logged_for_debugging_only(api: Api, log: io.StringIO) -> None:
    await api.get("/api/me")
    await api.get("/nowhere")
    assert [(line["level"], line["status"]) for line in lines_of(log)] == [("debug", 200), ("info", 404)]


async def test_a_wrong_key_is_not_logged(api: Api, log: io.StringIO) -> None:
    await api.http.get("/api/me", headers={"X-API-Key": "cc_almost-right"})
    assert lines_of(log)[0]["status"] == 401
    assert "cc_almost" not in log.getvalue()


def test_a_line_of_text_can_not_be_forged() -> None:
    record = logging.LogRecord("cc_server", logging.INFO, "", 0, "sent %s", ("a\nERROR forged \x1b[2J",), None)
    assert logs.TextLines().format(record).endswith("sent a\\x0aERROR forged \\x1b[2J")


def test_a_traceback_stands_in_its_line() -> None:
    try:
        raise ValueError("broken")
    except ValueError as error:
        trouble = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("cc_server", logging.ERROR, "", 0, "it broke", (), trouble)
    told = json.loads(logs.JsonLines().format(record))
    assert (told["message"], told["level"]) == ("it broke", "error")
    assert "ValueError: broken" in told["traceback"]
