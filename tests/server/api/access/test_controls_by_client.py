"""The client's settings, stops, suppression and deliveries against the real server over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cc_api_client.client import CommandCenterClient
from cc_api_client.errors import CommandCenterError, Conflict, Forbidden, VersionConflict
from cc_server.domain.outbox.sending.claims import NotAccepted, Unclear
from tests.server.serving import Served


@pytest.fixture
async def admin(server: Served) -> AsyncIterator[CommandCenterClient]:
    client = CommandCenterClient(server.url, server.house.tokens["admin"])
    yield client
    await client.aclose()


@pytest.fixture
async def ana(server: Served) -> AsyncIterator[CommandCenterClient]:
    client = CommandCenterClient(server.url, server.house.tokens["ana"])
    yield client
    await client.aclose()


async def test_settings_are_changed_at_the_version_that_was_read(admin: CommandCenterClient) -> None:
    seen = (await admin.settings.get()).value
    after = await admin.settings.change(
        {"approvals": {"hold_seconds": 25}}, version=seen.version, idempotency_key="one"
    )
    assert (after.approvals.hold_seconds, after.version) == (25, seen.version + 1)
    with pytest.raises(VersionConflict):
        await admin.settings.change({"budgets": {"daily_usd": None}}, version=seen.version, idempotency_key="two")
    with pytest.raises(ValueError, match="hold_secs"):
        await admin.settings.change({"approvals": {"hold_secs": 1}}, version=after.version, idempotency_key="three")


async def test_a_stop_is_engaged_seen_and_let_go(admin: CommandCenterClient, ana: CommandCenterClient) -> None:
    dry = await ana.settings.turn_stop(engaged=True, reason="wrong prices", dry_run=True, idempotency_key="dry")
    assert (dry.changed, dry.kill_switch) == (False, [])
    stopped = await ana.settings.turn_stop(engaged=True, reason="wrong prices", idempotency_key="stop")
    assert (stopped.status, stopped.changed) == ("engaged", True)
    assert [one.reason for one in (await admin.operations.me()).kill_switch] == ["wrong prices"]
    with pytest.raises(Forbidden):
        await ana.settings.turn_stop(engaged=False, reason="mended", idempotency_key="let-go")
    freed = await admin.settings.turn_stop(engaged=False, reason="mended", idempotency_key="let-go")
    assert (freed.status, freed.kill_switch) == ("released", [])


async def test_an_address_is_suppressed_listed_and_let_go(ana: CommandCenterClient) -> None:
    entry = await ana.suppression.add("Maya@clinic.example", "asked us to stop", idempotency_key="add")
    assert entry.email == "maya@clinic.example"
    assert (await ana.suppression.list(email="may")).value.items == [entry]
    await ana.suppression.remove(entry.id, idempotency_key="remove")
    assert (await ana.suppression.list()).value.items == []


async def test_deliveries_in_trouble_are_settled_and_tried_again(server: Served, ana: CommandCenterClient) -> None:
    house = server.house
    for outcome in (Unclear("the connection broke"), NotAccepted("no such mailbox", is_passing=False)):
        house.approve(house.draft())
        house.leave_hold()
        house.settle(house.claim_one(), outcome)
    (unknown,) = (await ana.deliveries.list(state="unknown")).value.items
    settled = await ana.deliveries.resolve(
        unknown.id, "sent", "in their inbox", version=unknown.version, idempotency_key="settle"
    )
    assert (settled.status, settled.item.state) == ("sent", "sent")
    with pytest.raises(Conflict):
        await ana.deliveries.resolve(unknown.id, "failed", "?", version=settled.item.version, idempotency_key="again")
    (failed,) = (await ana.deliveries.list(state="failed")).value.items
    with pytest.raises(CommandCenterError):
        await ana.deliveries.retry(failed.id, version=failed.version + 7, idempotency_key="too-late")
    assert (await ana.deliveries.retry(failed.id, version=failed.version, idempotency_key="retry")).status == "ready"
