"""A key sees the rows of its clients, and what is of another client is as good as none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cc_api_client.models.outbox.approvals import Approval
from cc_api_client.models.work.agents import LogLevel
from cc_api_client.models.work.runs import RunStatus
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.work import agents, runs
from cc_server.domain.work.agents import Said
from rig.house import AGENT, House
from tests.server.api.asking import LEAD, NOBODY, epoch_of, path_of, problem_of
from tests.server.serving import Api, api_of


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
