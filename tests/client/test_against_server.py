"""The whole client against the server as it is shipped: a process of its own, a database, a socket."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from pathlib import Path
from random import Random
from typing import Any, TypeVar
from uuid import uuid4

import pytest

from cc_api_client.client import CommandCenterClient
from cc_api_client.errors import (
    Conflict,
    Forbidden,
    NotFound,
    PreconditionRequired,
    Unauthorized,
    Unprocessable,
    Unsupported,
    VersionConflict,
)
from cc_api_client.models.events import EventPosition, Topic
from cc_api_client.models.installation.roles import Role
from cc_api_client.models.outbox.approvals import Approval, ApprovalEdit, ApprovalStatus, ReasonCode
from cc_api_client.models.outbox.delivery_states import DeliveryState
from cc_api_client.models.work.intake import LeadIntake
from cc_api_client.stream import Connected, Disconnected, Events, EventStream, StreamItem
from cc_api_client.transport import Request, Transport
from rig.direct_api import DirectApi
from rig.pty_app import CC_SERVER, Backend, simulated_backend
from tests.support.relay import relay_to

ItemT = TypeVar("ItemT")

STREAM_SECONDS = 20.0


class NoJitter(Random):
    """Draws the least there is: a reconnect comes at once."""

    def uniform(self, a: float, b: float) -> float:
        return min(a, b)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backend") / "cc.db"


@pytest.fixture(scope="module")
def backend(database: Path) -> Iterator[Backend]:
    with simulated_backend(database, approvals=40, options=("--hold-seconds=600",)) as running:
        yield running


class Keys(dict[str, str]):
    """A key for each role, made when it is first asked for, as an administrator makes one."""

    def __init__(self, database: Path) -> None:
        super().__init__()
        self._database = database

    def __missing__(self, role: str) -> str:
        made = subprocess.run(
            [CC_SERVER, "keys", "create", f"the {role}", "--role", role, "--db", str(self._database)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        self[role] = made.stdout.split()[-1]
        return self[role]


@pytest.fixture(scope="module")
def keys(backend: Backend, database: Path) -> Keys:
    assert backend.pid, "the database is made by the server"
    return Keys(database)


@pytest.fixture(scope="module")
def drafts(backend: Backend) -> Iterator[str]:
    """Emails that wait for a word, each for one test."""
    with DirectApi(backend) as direct:
        waiting = direct.approvals(status="pending", kind="email")
    return iter([approval["id"] for approval in waiting])


@pytest.fixture
async def client(backend: Backend) -> AsyncIterator[CommandCenterClient]:
    made = CommandCenterClient(backend.url, backend.api_key, rng=NoJitter())
    yield made
    await made.aclose()


@pytest.fixture
def other(backend: Backend) -> Iterator[DirectApi]:
    """Somebody else at the same server."""
    with DirectApi(backend) as direct:
        yield direct


@pytest.fixture
async def pending(client: CommandCenterClient, drafts: Iterator[str]) -> Approval:
    """A draft that nobody has touched."""
    return (await client.approvals.get(next(drafts))).value


def key() -> str:
    return uuid4().hex


# Operations


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


# Deciding


async def test_an_approval_is_approved_held_and_undone(client: CommandCenterClient, pending: Approval) -> None:
    done = await approve(client, pending)
    assert (done.status, done.changed, done.replayed) == ("approved", True, False)
    assert done.item.delivery is not None
    assert done.item.delivery.state is DeliveryState.HELD
    undone = await client.approvals.undo(pending.id, version=done.item.version, idempotency_key=key())
    assert (undone.item.status, undone.item.decided_by) == (ApprovalStatus.PENDING, None)
    assert undone.item.version > done.item.version > pending.version


async def test_a_rejection_keeps_its_reason(client: CommandCenterClient, pending: Approval) -> None:
    done = await client.approvals.reject(
        pending.id, version=pending.version, payload_sha256=pending.payload_sha256 or "", idempotency_key=key(),
        reason_code="other", reason="they moved",
    )  # fmt: skip
    assert (done.status, done.item.reason_code, done.item.reason) == ("rejected", ReasonCode.OTHER, "they moved")
    assert done.item.delivery is None


async def test_the_same_key_gets_the_same_answer(client: CommandCenterClient, pending: Approval) -> None:
    first = await approve(client, pending, "the-key-" + pending.id)
    again = await approve(client, pending, "the-key-" + pending.id)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.item == first.item
    with pytest.raises(Unprocessable) as caught:
        await client.approvals.approve(
            pending.id, version=pending.version, payload_sha256=pending.payload_sha256 or "",
            idempotency_key="the-key-" + pending.id, note="another request",
        )  # fmt: skip
    assert caught.value.code == "idempotency_mismatch"


async def test_who_comes_second_is_told_who_decided_first(
    client: CommandCenterClient, pending: Approval, other: DirectApi
) -> None:
    theirs = other.reject(other.approval(pending.id), "tone")
    with pytest.raises(Conflict) as caught:
        await approve(client, pending)
    error = caught.value
    assert (error.status, error.code) == (409, "already_decided")
    assert error.item is not None
    assert (error.item.id, error.item.status, error.item.version) == (pending.id, "rejected", theirs["version"])
    assert error.item.decided_by == theirs["decided_by"]


async def test_what_changed_since_it_was_seen_is_not_approved(
    client: CommandCenterClient, pending: Approval, other: DirectApi
) -> None:
    other.edit(other.approval(pending.id), subject="Another subject")
    with pytest.raises(VersionConflict) as caught:
        await approve(client, pending)
    assert (caught.value.status, caught.value.code) == (412, "version_conflict")
    assert caught.value.item is not None
    assert caught.value.item.subject == "Another subject"
    assert (await client.approvals.get(pending.id)).value.status is ApprovalStatus.PENDING


async def test_another_hash_than_the_drafts_is_not_approved(client: CommandCenterClient, pending: Approval) -> None:
    with pytest.raises(VersionConflict):
        await client.approvals.approve(
            pending.id, version=pending.version, payload_sha256="0" * 64, idempotency_key=key()
        )
    assert (await client.approvals.get(pending.id)).value.status is ApprovalStatus.PENDING


async def test_an_edit_makes_a_new_version_with_another_hash(client: CommandCenterClient, pending: Approval) -> None:
    changes = ApprovalEdit(subject="Straße, 東京 and a \x1b[31mred\x1b[0m one", body="Hi,\n\nshort.")
    edited = await client.approvals.edit(pending.id, changes, version=pending.version, idempotency_key=key())
    assert (edited.subject, edited.body) == (changes.subject, changes.body)
    assert edited.version == pending.version + 1
    assert edited.payload_sha256 != pending.payload_sha256
    assert edited.original is not None
    assert edited.original.subject == pending.subject


async def test_an_edit_of_what_changed_carries_what_it_became(
    client: CommandCenterClient, pending: Approval, other: DirectApi
) -> None:
    other.edit(other.approval(pending.id), subject="Theirs")
    with pytest.raises(VersionConflict) as caught:
        await client.approvals.edit(
            pending.id, ApprovalEdit(subject="Mine"), version=pending.version, idempotency_key=key()
        )
    assert caught.value.item is not None
    assert caught.value.item.subject == "Theirs"


async def test_undo_of_what_is_pending_changes_nothing(client: CommandCenterClient, pending: Approval) -> None:
    done = await client.approvals.undo(pending.id, version=pending.version, idempotency_key=key())
    assert (done.changed, done.item.version, done.status) == (False, pending.version, "pending")


async def test_the_same_decision_under_another_key_changes_nothing(
    client: CommandCenterClient, pending: Approval
) -> None:
    first = await approve(client, pending)
    again = await approve(client, pending)
    assert (again.changed, again.replayed, again.item.version) == (False, False, first.item.version)


# What the server refuses


async def test_a_wrong_key_is_unauthorized_everywhere(backend: Backend) -> None:
    wrong = CommandCenterClient(backend.url, "no-such-key-at-all", rng=NoJitter())
    with pytest.raises(Unauthorized) as caught:
        await wrong.operations.me()
    assert "no-such-key-at-all" not in str(caught.value)
    with pytest.raises(Unauthorized):
        async for _ in wrong.events():
            pytest.fail("a stream for a wrong key")
    await wrong.aclose()


@pytest.mark.parametrize("opaque", ["00000000-0000-4000-8000-000000000000", "no such thing", "a%2Fb", "é", "x?y#z"])
async def test_an_id_that_is_unknown_or_none_is_not_found(opaque: str, client: CommandCenterClient) -> None:
    for call in (client.agents.get, client.approvals.get, client.operations.run):
        with pytest.raises((NotFound, Unprocessable)):
            await call(opaque)


async def test_another_clients_approval_is_not_found(
    backend: Backend, client: CommandCenterClient, pending: Approval
) -> None:
    everyone = (await client.clients.list()).value.items
    elsewhere = next(business.id for business in everyone if business.id != pending.client_id)
    narrow = CommandCenterClient(backend.url, backend.api_key, client_id=elsewhere)
    with pytest.raises(NotFound):
        await narrow.approvals.get(pending.id)
    assert pending.id not in {one.id for one in (await narrow.approvals.list(limit=500)).value.items}
    await narrow.aclose()


async def test_a_refused_field_is_named(client: CommandCenterClient) -> None:
    with pytest.raises(Unprocessable) as caught:
        await client.approvals.list(sort="no_such_field")
    assert any("sort" in error for error in caught.value.errors)


async def test_an_edit_without_a_version_is_refused(backend: Backend, pending: Approval) -> None:
    way = Transport(backend.url, backend.api_key)
    with pytest.raises(PreconditionRequired):
        await way.send(Request("PATCH", f"/api/approvals/{pending.id}", body=b"{}", idempotency_key=key()))
    await way.aclose()


async def test_a_key_that_may_only_look_is_forbidden_to_decide(backend: Backend, keys: Keys, pending: Approval) -> None:
    looker = CommandCenterClient(backend.url, keys["viewer"])
    assert (await looker.approvals.get(pending.id)).value.id == pending.id
    with pytest.raises(Forbidden):
        await approve(looker, pending)
    await looker.aclose()


@pytest.mark.parametrize(
    "role",
    [
        "intake",
        pytest.param(
            "viewer",
        ),
        "operator",
    ],
)
async def test_any_key_may_ask_who_it_is(role: str, backend: Backend, keys: Keys) -> None:
    somebody = CommandCenterClient(backend.url, keys[role])
    try:
        assert (await somebody.operations.me()).role == role
    finally:
        await somebody.aclose()


# The stream


async def test_a_change_is_told_with_what_caused_it(client: CommandCenterClient, pending: Approval) -> None:
    async with listening(client.events()) as stream:
        await until(stream, Connected)
        await approve(client, pending, "caused-" + pending.id)
        told = await until(stream, Events)
    assert (told.events[0].id, told.events[0].type) == (pending.id, "approval.decided")
    assert told.events[0].cause is not None
    assert told.events[0].cause.idempotency_key == "caused-" + pending.id


async def test_a_stream_tells_only_the_topics_that_were_asked_for(
    client: CommandCenterClient, pending: Approval, other: DirectApi
) -> None:
    async with listening(client.events([Topic.AGENTS])) as stream:
        await until(stream, Connected)
        other.reject(other.approval(pending.id))
        await client.agents.pause("follow-up", "a look", idempotency_key=key())
        told = await until(stream, Events)
        await client.agents.resume("follow-up", idempotency_key=key())
    assert {event.topic for event in told.events} == {Topic.AGENTS}


async def test_events_up_to_a_snapshot_are_not_told_again(client: CommandCenterClient, pending: Approval) -> None:
    await approve(client, pending)
    snapshot = await client.approvals.get(pending.id)
    assert snapshot.event_seq is not None
    async with listening(client.events(since=snapshot.event_seq)) as stream:
        up = await until(stream, Connected)
        assert up.resumed
        await client.approvals.undo(pending.id, version=snapshot.value.version, idempotency_key=key())
        told = await until(stream, Events)
    assert told.events[0].seq is not None
    assert told.events[0].seq > snapshot.event_seq.seq


async def test_a_cut_stream_resumes_without_missing_or_repeating_an_event(
    backend: Backend, pending: Approval, other: DirectApi
) -> None:
    def edit(times: int) -> int:
        for _ in range(times):
            version: int = other.edit(other.approval(pending.id), subject=f"edited {uuid4()}")["version"]
        return version

    versions, cuts, resumed = [], 0, []
    async with relay_to(backend.url) as relay:
        through = CommandCenterClient(relay.url, backend.api_key, rng=NoJitter())
        async with listening(through.events([Topic.APPROVALS])) as stream:
            await until(stream, Connected)
            for _ in range(3):
                edit(2)  # on their way, when the wire is cut
                relay.cut()
                newest = edit(3)
                async for item in stream:
                    match item:
                        case Disconnected():
                            cuts += 1
                        case Connected():
                            resumed.append(item.resumed)
                        case Events(events=events):
                            versions += [event.version for event in events if event.id == pending.id]
                    if newest in versions:
                        break
        await through.aclose()
    assert (cuts, resumed) == (3, [True, True, True])
    assert versions == list(range(pending.version + 1, pending.version + 16))


async def test_another_history_is_said(backend: Backend, client: CommandCenterClient) -> None:
    async with listening(client.events(since=EventPosition(str(uuid4()), 7))) as stream:
        up = await until(stream, Connected)
    me = await client.operations.me()
    assert not up.resumed
    assert up.position.epoch == me.epoch


async def test_a_key_that_may_not_hear_events_is_told_to_poll(backend: Backend, keys: Keys) -> None:
    mute = CommandCenterClient(backend.url, keys["intake"], rng=NoJitter())
    with pytest.raises(Unsupported):
        async with listening(mute.events()) as stream:
            async for item in stream:
                assert not isinstance(item, Disconnected), str(item)
    await mute.aclose()


async def test_a_stream_that_is_closed_does_not_reconnect(backend: Backend, client: CommandCenterClient) -> None:
    async with relay_to(backend.url) as relay:
        through = CommandCenterClient(relay.url, backend.api_key, rng=NoJitter())
        stream = through.events()
        async with asyncio.timeout(STREAM_SECONDS):
            async for item in stream:
                if isinstance(item, Connected):
                    await stream.aclose()
                    relay.cut()
        assert relay.accepted == 1
        await through.aclose()


# Helpers


async def approve(client: CommandCenterClient, seen: Approval, under: str | None = None) -> Any:
    return await client.approvals.approve(
        seen.id, version=seen.version, payload_sha256=seen.payload_sha256 or "", idempotency_key=under or key()
    )


@contextlib.asynccontextmanager
async def listening(stream: EventStream) -> AsyncIterator[AsyncIterator[StreamItem]]:
    """The stream's items, for at most 20 s."""
    async with asyncio.timeout(STREAM_SECONDS):
        items = aiter(stream)
        try:
            yield items
        finally:
            await stream.aclose()
            assert isinstance(items, AsyncGenerator)
            await items.aclose()


async def until(stream: AsyncIterator[StreamItem], kind: type[ItemT]) -> ItemT:
    """The next item of that kind; others before it are left aside."""
    async for item in stream:
        if isinstance(item, kind):
            return item
    raise AssertionError(f"the stream ended without {kind.__name__}")
