"""Every route × role × client, from one table that is held to the API's own description.

A new route fails the first test until it stands in the table; from then on the others call it with every role, with a
bound key on its own and on a foreign client's objects, and look for anything foreign in whatever it answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx
import pytest

from cc_api_client.models.installation.roles import Role
from cc_api_client.models.work.agents import LogLevel
from cc_api_client.models.work.runs import RunStatus
from cc_server.api.http.routing import ANY_KEY, ANYBODY, ROLE_KEY
from cc_server.db.tables import metadata, suppression
from cc_server.domain import leads
from cc_server.domain.access import keys
from cc_server.domain.base.actors import SYSTEM, Actor
from cc_server.domain.leads import NewLead
from cc_server.domain.outbox.sending.claims import Unclear
from cc_server.domain.work import agents, jobs, runs
from cc_server.domain.work.agents import Said
from rig.house import AGENT, House
from tests.server.serving import Api, api_of

pytestmark = pytest.mark.parametrize("house", ["sqlite"], indirect=True)

OWN, FOREIGN, NOBODYS = "own-mark", "foreign-mark", "nobodys-mark"
"""In every text of the bound key's client, of another, and of none."""


@dataclass(frozen=True)
class Route:
    """A route, whom it lets in, and what a bound key may do there."""

    method: str
    path: str
    asks: str
    body: dict[str, Any] | None = None
    query: dict[str, str] = field(default_factory=dict)
    if_match: bool = False
    is_house: bool = False
    """Whether it changes what belongs to the installation: a bound key may not."""

    @property
    def id(self) -> str:
        return f"{self.method} {self.path}"


POLICY = {
    "version": "0", "safe_kinds": [], "risk_below": 10, "cooldown_days": 7, "sequence_kinds": [], "daily_cap": 10,
    "agent_min_success": 0.5, "hold_seconds": 10, "deny_flags": [],
}  # fmt: skip
TABLE = [
    Route("GET", "/health", ANYBODY),
    Route("GET", "/ready", ANYBODY),
    Route("GET", "/status", ANYBODY),
    Route("GET", "/api/me", ANY_KEY),
    Route("GET", "/admin/metrics", "viewer"),
    Route("GET", "/api/dashboard/stats", "viewer"),
    Route("GET", "/api/clients", "viewer"),
    Route("POST", "/webhook/lead", "intake", {"name": "Maya", "email": "new@clinic.example"}),
    Route("GET", "/api/approvals", "viewer", query={"status": "pending,approved,rejected,expired,cancelled"}),
    Route("GET", "/api/approvals/{approval_id}", "viewer"),
    Route("PATCH", "/api/approvals/{approval_id}", "operator", {"subject": f"{OWN} 2"}, if_match=True),
    Route("POST", "/api/approvals/{approval_id}/approve", "operator"),
    Route("POST", "/api/approvals/{approval_id}/reject", "operator", {"reason_code": "tone"}),
    Route("POST", "/api/approvals/{approval_id}/undo", "operator"),
    Route("POST", "/api/approvals/batches", "operator", {"action": "approve", "filter": {}, "dry_run": True}),
    Route("POST", "/api/approvals/batches/{batch_id}/undo", "operator"),
    Route("POST", "/api/policy/backtest", "operator", {"policy": POLICY}),
    Route("GET", "/api/deliveries", "viewer"),
    Route("POST", "/api/deliveries/{delivery_id}/resolve", "operator", {"outcome": "sent", "note": "x"}, if_match=True),
    Route("POST", "/api/deliveries/{delivery_id}/retry", "operator"),
    Route("GET", "/admin/outbox", "viewer"),
    Route("POST", "/admin/outbox/{approval_id}/approve", "operator", {}),
    Route("POST", "/admin/outbox/{approval_id}/reject", "operator", {"reason": "no"}),
    Route("POST", "/admin/outbox/{approval_id}/send", "operator"),
    Route("GET", "/admin/suppression", "viewer"),
    Route("POST", "/admin/suppression", "operator", {"email": "stop@clinic.example"}),
    Route("DELETE", "/admin/suppression/{entry_id}", "operator"),
    Route("GET", "/api/jobs", "viewer"),
    Route("POST", "/api/jobs/{job_id}/retry", "operator"),
    Route("POST", "/api/jobs/{job_id}/cancel", "operator"),
    Route("GET", "/api/agents", "viewer"),
    Route("GET", "/api/agents/{agent_id}", "viewer"),
    Route("GET", "/api/agents/{agent_id}/runs", "viewer"),
    Route("GET", "/api/agents/{agent_id}/logs", "viewer"),
    Route("POST", "/api/agents/{agent_id}/pause", "operator", is_house=True),
    Route("POST", "/api/agents/{agent_id}/resume", "operator", is_house=True),
    Route("GET", "/api/runs/{run_id}", "viewer"),
    Route("GET", "/api/settings", "viewer"),
    Route("PATCH", "/api/settings", "admin", {"approvals": {"four_eyes": True}}, if_match=True, is_house=True),
    Route("POST", "/api/settings/kill-switch", "operator", {"engaged": True, "reason": "x"}, is_house=True),
    Route("GET", "/api/settings/api-keys", "admin"),
    Route("POST", "/api/settings/api-keys", "admin", {"name": "new", "role": "viewer"}),
    Route("DELETE", "/api/settings/api-keys/{key_id}", "admin"),
    Route("GET", "/api/audit", "admin"),
    Route("GET", "/api/events", "viewer"),
]  # fmt: skip
KEYED = [route for route in TABLE if route.asks not in (ANYBODY, ANY_KEY)]
NO_ID = "00000000-0000-4000-8000-000000000000"
PARTS = ("approval_id", "batch_id", "delivery_id", "entry_id", "run_id", "key_id", "job_id")
SHARED = {"agent_id": AGENT}
BOUND = {"intake": "bound intake", "viewer": "bound viewer", "operator": "bound", "admin": "bound admin"}


def each(routes: list[Route]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("route", routes, ids=lambda route: route.id)


def with_ids(route: Route, ids: dict[str, str]) -> str:
    return route.path.format(**SHARED | ids)


async def call(api: Api, route: Route, key: str | None, ids: dict[str, str], **headers: str) -> httpx.Response:
    body = dict(route.body) if route.body is not None else None
    if body is not None and route.path == "/api/settings/api-keys" and key == "bound admin":
        body["client_ids"] = [api.house.other_client_id]
    sent = headers | ({"If-Match": '"1"'} if route.if_match else {})
    return await api.call(
        route.method, with_ids(route, ids), key, json=body, params=route.query, headers=sent
    )  # fmt: skip


# Roles


async def test_every_route_of_the_api_stands_in_the_table(api: Api) -> None:
    described = {
        (method.upper(), path): operation[ROLE_KEY]
        for path, item in (await api.get("/openapi.json", None)).json()["paths"].items()
        for method, operation in item.items()
    }
    assert {(route.method, route.path): route.asks for route in TABLE} == described


@each(TABLE)
async def test_a_route_lets_in_the_roles_that_the_table_says(api: Api, route: Route) -> None:
    nothing = dict.fromkeys(PARTS, NO_ID)
    open_ = await call(api, Route(route.method, route.path, route.asks), None, nothing)
    assert (open_.status_code == 401) == (route.asks != ANYBODY)
    for name, role in (("intake", Role.INTAKE), ("viewer", Role.VIEWER), ("ana", Role.OPERATOR), ("admin", Role.ADMIN)):
        may = route.asks in (ANYBODY, ANY_KEY) or role.includes(Role(route.asks))
        answer = await call(api, Route(route.method, route.path, route.asks), name, nothing)
        assert (answer.status_code == 403) == (not may), (name, answer.text)
        assert answer.status_code != 401


# Clients


@dataclass
class Two:
    """What there is of the bound key's own client and of a foreign one, by the parameter that takes it."""

    api: Api
    own: dict[str, str]
    foreign: dict[str, str]
    nobodys: dict[str, str]

    def foreign_words(self) -> set[str]:
        """Every id of a row that is not the bound key's, and the marks in its texts."""
        mine = self.api.house.other_client_id
        found = {FOREIGN, NOBODYS, self.api.house.client_id}
        for table in metadata.sorted_tables:
            if {"id", "client_id"} <= set(table.c.keys()):
                found |= {str(row["id"]) for row in self.api.house.all(table) if row["client_id"] not in (mine, "")}
        return found - {""}


def of_client(house: House, client_id: str, mark: str, number: int) -> dict[str, str]:
    """One of each kind for a client; every text says whose it is."""
    marked = {"client_id": client_id, "subject": f"{mark} subject", "to_name": mark}
    unknown = house.draft(**marked, to_email=f"{mark}.unknown@clinic.example")
    house.approve(unknown)
    house.leave_hold()
    house.settle(house.claim_one(), Unclear(f"{mark}: the connection broke"))
    lead = house.do(leads.add, client_id, NewLead(f"{mark}.lead@clinic.example", mark), by=SYSTEM)
    pending = house.draft(**marked, to_email=f"{mark}@clinic.example", lead_id=lead.id)
    delivery = house.now(unknown).delivery
    assert delivery is not None
    actor = Actor("ana", "key of ana", "operator", frozenset({client_id}), client_id)
    house.db.write_sync(
        lambda conn: conn.execute(
            suppression.insert(),
            {"id": f"{mark}-entry-{number}", "client_id": client_id, "email": f"{mark}.gone@clinic.example",
             "reason": mark, "created_at": house.clock.now()},
        ) and None
    )  # fmt: skip
    job_id = house.do(
        jobs.enqueue, client_id, job_type=mark, agent_name=AGENT, run_id=None, payload={"lead_id": mark}, by=SYSTEM
    )
    key = house.do(keys.create, f"{mark} key", "viewer", [client_id], by=SYSTEM)
    return {
        "approval_id": pending.id, "delivery_id": delivery.id, "entry_id": f"{mark}-entry-{number}",
        "job_id": job_id,
        "run_id": a_run(house, client_id, mark), "key_id": key.key.id, "actor": actor.name,
    }  # fmt: skip


def a_run(house: House, client_id: str | None, mark: str) -> str:
    run_id = house.do(
        runs.queue, client_id, agent_name=AGENT, automation_name=mark, lead_email=f"{mark}@run.example", by=SYSTEM
    )
    house.do(runs.begin, run_id, AGENT, by=SYSTEM)
    house.do(runs.finish, run_id, runs.Result(RunStatus.SUCCESS, Decimal("1.00")), by=SYSTEM)
    house.do(agents.log, AGENT, [Said(LogLevel.INFO, f"{mark} line", run_id, client_id)], by=SYSTEM)
    return run_id


async def a_batch(api: Api, key: str, approval_id: str, client_id: str) -> str:
    """A batch of one item, done."""
    path, headers = "/api/approvals/batches", {"X-Client-Id": client_id}
    wanted = {"action": "reject", "reason_code": "tone"}
    plan = (await api.post(path, key, json=wanted | {"ids": [approval_id], "dry_run": True}, headers=headers)).json()
    items = [{name: item[name] for name in ("id", "version", "payload_sha256")} for item in plan["items"]]
    pinned = {"items": items, "selection_sha256": plan["selection_sha256"], "policy_version": plan["policy_version"]}
    answer = await api.post(path, key, json=wanted | pinned | {"dry_run": False}, headers=headers)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["batch_id"])


@pytest.fixture
async def two(house: House) -> Any:
    own, foreign = house.other_client_id, house.client_id
    made = house.do(keys.create, "bound admin", "admin", [own], by=SYSTEM)
    house.tokens["bound admin"] = made.token or ""
    found = {mark: of_client(house, client, mark, 1) for mark, client in ((OWN, own), (FOREIGN, foreign))}
    nobodys = {"run_id": a_run(house, None, NOBODYS)}
    async with api_of(house) as api:
        for mark, client in ((OWN, own), (FOREIGN, foreign)):
            other = house.draft(client_id=client, subject=f"{mark} batch", to_email=f"{mark}.batch@clinic.example")
            found[mark]["batch_id"] = await a_batch(api, "ana", other.id, client)
        yield Two(api, found[OWN], found[FOREIGN], nobodys)


def whole(ids: dict[str, str]) -> dict[str, str]:
    return dict.fromkeys(PARTS, NO_ID) | ids


@each(KEYED)
async def test_a_bound_key_reaches_its_own_clients_objects(two: Two, route: Route) -> None:
    answer = await call(two.api, route, BOUND[route.asks], whole(two.own))
    if route.is_house:
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    else:
        assert answer.status_code not in (401, 403, 404, 422), answer.text


@each([route for route in KEYED if any(f"{{{part}}}" in route.path for part in PARTS)])
async def test_a_foreign_object_is_as_good_as_none(two: Two, route: Route) -> None:
    key = BOUND[route.asks]
    before = {table.name: two.api.house.all(table) for table in metadata.sorted_tables if table.name in _CHANGED}
    unknown = await call(two.api, route, key, whole({}))
    for ids in (two.foreign, two.nobodys):
        for headers in ({}, {"X-Client-Id": "all"}):
            answer = await call(two.api, route, key, whole(ids), **headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), answer.text
            assert answer.json()["detail"] == unknown.json()["detail"]
    after = {table.name: two.api.house.all(table) for table in metadata.sorted_tables if table.name in _CHANGED}
    assert after == before


_CHANGED = {"approvals", "deliveries", "suppression", "runs", "leads", "batches", "jobs_queue"}


@each(KEYED)
async def test_a_foreign_client_is_as_good_as_none(two: Two, route: Route) -> None:
    answer = await call(two.api, route, BOUND[route.asks], whole(two.own), **{"X-Client-Id": two.api.house.client_id})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), answer.text


def asked(route: Route, epoch: str) -> Iterator[Route]:
    """The route, and what else it can be asked for."""
    yield route
    if route.path == "/api/events":
        yield Route(route.method, route.path, route.asks, query={"after": f"{epoch}.0"})
    if route.path == "/api/deliveries":
        yield Route(route.method, route.path, route.asks, query={"state": "unknown"})


@each(KEYED)
async def test_nothing_foreign_is_in_any_answer_to_a_bound_key(two: Two, route: Route) -> None:
    epoch = (await two.api.get("/api/me", "bound")).json()["epoch"]
    words = two.foreign_words()
    assert len(words) > 10
    for key in {BOUND[route.asks], "bound admin"} if route.method == "GET" else {BOUND[route.asks]}:
        for one in asked(route, epoch):
            for headers in ({}, {"X-Client-Id": "all"}, {"X-Client-Id": two.api.house.other_client_id}):
                answer = await call(two.api, one, key, whole(two.own), **headers)
                told = answer.text + json.dumps(dict(answer.headers))
                assert not {word for word in words if word in told}, (key, headers)


async def test_an_unbound_key_sees_all_of_it(two: Two) -> None:
    """The words that the test above looks for are really told to whoever may hear them."""
    reads = [route for route in KEYED if route.method == "GET"]
    told = "".join([(await call(two.api, route, "admin", whole(two.own))).text for route in reads])
    assert not {word for word in (OWN, FOREIGN, NOBODYS, two.api.house.client_id) if word not in told}
