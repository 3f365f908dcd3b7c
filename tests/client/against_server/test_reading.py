"""Reading over the whole client from the server as it is shipped."""

from __future__ import annotations

from typing import Any

import pytest

from cc_api_client.client import CommandCenterClient
from cc_api_client.models.installation.roles import Role
from cc_api_client.models.outbox.approvals import Approval
from cc_api_client.models.work.intake import LeadIntake
from rig.pty_app import Backend
from tests.client.against_server.asking import key


async def test_the_server_lives_and_is_ready(client: CommandCenterClient) -> None:
    assert (await client.operations.health()).status == "ok"
    ready = await client.operations.ready()
    assert (ready.status, ready.failing) == ("ok", [])


async def test_the_server_tells_who_the_key_is(client: CommandCenterClient) -> None:
    me = await client.operations.me()
    assert (me.role, me.client_ids, me.kill_switch) == (Role.ADMIN, None, [])
    assert me.server_id and me.epoch


async def test_status_and_metrics_count_the_same_queue(client: CommandCenterClient) -> None:
    status, metrics = await client.operations.status(), await client.operations.metrics()
    assert status.queue == metrics.value.queue
    assert status.components is not None
    assert "database" in {component.name for component in status.components}
    assert len(metrics.value.recent_runs) == 15


async def test_the_first_screen_needs_one_call(client: CommandCenterClient) -> None:
    stats = await client.operations.dashboard()
    assert stats.value.outbox.queued == stats.value.approvals_pending
    assert stats.event_seq is not None
    assert stats.value.series is not None
    assert stats.value.series.pipeline[0].stage == "prospect"


async def test_a_run_is_read_with_its_steps(client: CommandCenterClient) -> None:
    newest = (await client.operations.metrics()).value.recent_runs[0]
    run = await client.operations.run(newest.id)
    assert (run.value.id, run.value.status) == (newest.id, newest.status)


async def test_a_lead_that_is_handed_in_twice_is_taken_once(backend: Backend, client: CommandCenterClient) -> None:
    business = (await client.clients.list(limit=1)).value.items[0]
    narrow = CommandCenterClient(backend.url, backend.api_key, client_id=business.id)
    lead = LeadIntake(name="Ana", email="ana@clinic.example", timestamp="2026-11-23T12:00:00Z")
    first = await narrow.operations.submit_lead(lead, idempotency_key=key())
    again = await narrow.operations.submit_lead(lead, idempotency_key=key())
    assert (first.status, again.status) == ("queued", "duplicate")
    assert first.job_id is not None
    await narrow.aclose()


# Clients


async def test_clients_are_listed_page_by_page(client: CommandCenterClient) -> None:
    everyone = (await client.clients.list(limit=500)).value
    names, cursor = [], None
    while True:
        page = (await client.clients.list(limit=2, cursor=cursor)).value
        assert len(page.items) <= 2
        names += [business.name for business in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert names == [business.name for business in everyone.items]
    assert len(names) == everyone.total


# Agents


async def test_agents_are_listed_and_read_whole(client: CommandCenterClient) -> None:
    agents = (await client.agents.list()).value.items
    assert "email-draft" in {agent.id for agent in agents}
    detail = (await client.agents.get("email-draft")).value
    assert detail.performance is not None
    assert len(detail.cost_history) > 0


async def test_runs_are_listed_newest_first_and_by_status(client: CommandCenterClient) -> None:
    page = (await client.agents.runs("caller", limit=5)).value
    started = [run.started_at for run in page.items if run.started_at is not None]
    assert len(page.items) == 5
    assert started == sorted(started, reverse=True)
    rest = (await client.agents.runs("caller", limit=5, cursor=page.next_cursor)).value
    assert not {run.id for run in page.items} & {run.id for run in rest.items}
    failed = (await client.agents.runs("caller", status="failed")).value.items
    assert {run.status for run in failed} == {"failed"}


async def test_a_log_is_read_from_a_line_on(client: CommandCenterClient) -> None:
    lines = (await client.agents.logs("email-draft", limit=10)).value.items
    assert len(lines) > 2
    after = (await client.agents.logs("email-draft", after=lines[-2].seq)).value.items
    assert [line.seq for line in after] == [lines[-1].seq]


async def test_an_agent_is_paused_with_a_reason_and_resumed(client: CommandCenterClient) -> None:
    paused = await client.agents.pause("outreach", "too pushy", idempotency_key=key())
    assert (paused.status, paused.changed, paused.item.pause_reason) == ("paused", True, "too pushy")
    again = await client.agents.pause("outreach", idempotency_key=key())
    assert (again.changed, again.item.pause_reason) == (False, "too pushy")
    resumed = await client.agents.resume("outreach", idempotency_key=key())
    assert (resumed.status, resumed.changed) == ("active", True)
    assert resumed.item.version > paused.item.version


# Reading approvals


async def test_approvals_are_listed_with_counts_and_read_whole(client: CommandCenterClient) -> None:
    page = await client.approvals.list(status="pending", limit=500)
    assert page.value.summary is not None
    assert page.value.summary.pending == len(page.value.items) == page.value.total
    whole = (await client.approvals.get(page.value.items[0].id)).value
    assert whole.body
    assert whole.payload_sha256 == page.value.items[0].payload_sha256


async def test_rows_leave_out_what_only_a_detail_needs(client: CommandCenterClient) -> None:
    rows = (await client.approvals.list(view="row", limit=5)).value.items
    assert len(rows) == 5
    assert all(row.body is None and row.preview and row.payload_sha256 for row in rows)


@pytest.mark.parametrize("filters", [{"kind": "call_script"}, {"agent": "email-draft"}, {"min_risk": 40}])
async def test_filters_are_the_servers_work(filters: dict[str, Any], client: CommandCenterClient) -> None:
    everything = (await client.approvals.list(status="pending", limit=500)).value.items
    found = (await client.approvals.list(status="pending", limit=500, **filters)).value.items
    fits = {
        "kind": lambda one, value: one.kind == value,
        "agent": lambda one, value: one.agent_name == value,
        "min_risk": lambda one, value: one.risk.score >= value,
    }
    ((name, value),) = filters.items()
    assert {one.id for one in found} == {one.id for one in everything if fits[name](one, value)}
    assert 0 < len(found) < len(everything)


async def test_a_search_finds_by_words(pending: Approval, client: CommandCenterClient) -> None:
    found = (await client.approvals.list(q=pending.to_email)).value
    assert pending.id in {one.id for one in found.items}
    assert found.total is None


async def test_what_did_not_change_is_confirmed_only(client: CommandCenterClient) -> None:
    first = await client.approvals.list(sort="-created", limit=3)
    second = await client.approvals.list(sort="-created", limit=3)
    assert second.value == first.value
    if not second.not_modified:  # the minute turned over between the two, and the tag with it
        second = await client.approvals.list(sort="-created", limit=3)
    assert second.not_modified
