"""Deciding over the whole client at the server as it is shipped, and what it refuses."""

from __future__ import annotations

import pytest

from cc_api_client.client import CommandCenterClient
from cc_api_client.errors import (
    Conflict,
    Forbidden,
    NotFound,
    PreconditionRequired,
    Unauthorized,
    Unprocessable,
    VersionConflict,
)
from cc_api_client.models.outbox.approvals import Approval, ApprovalEdit, ApprovalStatus, ReasonCode
from cc_api_client.models.outbox.delivery_states import DeliveryState
from cc_api_client.transport import Request, Transport
from rig.direct_api import DirectApi
from rig.pty_app import Backend
from tests.client.against_server.asking import Keys, approve, key
from tests.support.no_jitter import NoJitter


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
