"""Batches and backtests by the client, against the server as it is shipped."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from cc_api_client.client import CommandCenterClient
from cc_api_client.errors import Forbidden, NotFound, Unavailable, Unprocessable, VersionConflict, error_class
from cc_api_client.models.outbox.batches import BatchAction
from cc_api_client.models.outbox.policy import BacktestBody, PolicyBody
from cc_api_client.resources.batches import committable
from rig.pty_app import Backend, simulated_backend


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    folder: Path = tmp_path_factory.mktemp("batches")
    with simulated_backend(folder / "cc.db", approvals=40, options=("--hold-seconds=600",)) as running:
        yield running


@pytest.fixture
async def client(backend: Backend) -> AsyncIterator[CommandCenterClient]:
    made = CommandCenterClient(backend.url, backend.api_key)
    yield made
    await made.aclose()


async def test_a_batch_goes_from_the_dry_run_to_the_commit_and_back(client: CommandCenterClient) -> None:
    plan = await client.batches.plan(BatchAction.APPROVE_SAFE, matching={"sort": "-risk"})
    items = committable(plan)
    assert items
    assert plan.policy_version.startswith("default-1+")
    key = uuid4().hex
    pins = {"selection_sha256": plan.selection_sha256, "policy_version": plan.policy_version, "idempotency_key": key}
    done = await client.batches.commit(BatchAction.APPROVE_SAFE, items, **pins)
    assert {one.status for one in done.items} == {"done"}
    assert await client.batches.commit(BatchAction.APPROVE_SAFE, items, **pins) == done
    undone = await client.batches.undo(done.batch_id, idempotency_key=uuid4().hex)
    assert [(one.id, one.status) for one in undone.items] == [(one.id, "done") for one in items]
    assert all(one.item is not None and one.item.status == "pending" for one in undone.items)


async def test_many_are_rejected_for_one_reason(client: CommandCenterClient) -> None:
    page = await client.approvals.list(limit=2)
    plan = await client.batches.plan(
        BatchAction.REJECT, ids=[one.id for one in page.value.items], reason_code="other", reason="not now"
    )
    done = await client.batches.commit(
        BatchAction.REJECT, committable(plan), selection_sha256=plan.selection_sha256, reason_code="other",
        policy_version=plan.policy_version, idempotency_key=uuid4().hex, reason="not now",
    )  # fmt: skip
    assert {(one.status, one.item.reason if one.item else None) for one in done.items} == {("done", "not now")}


async def test_a_digest_of_other_items_is_unprocessable_and_another_policy_a_version_conflict(
    client: CommandCenterClient,
) -> None:
    plan = await client.batches.plan(BatchAction.APPROVE_SAFE, matching={})
    with pytest.raises(Unprocessable, match="digest"):
        await client.batches.commit(
            BatchAction.APPROVE_SAFE, committable(plan), selection_sha256="0" * 64,
            policy_version=plan.policy_version, idempotency_key=uuid4().hex,
        )  # fmt: skip
    strict = PolicyBody(version="strict", safe_kinds=["email"], risk_below=11)
    settings = (await client.settings.get()).value
    await client.settings.change({"approvals": {"policy": strict.model_dump()}}, version=settings.version,
                                 idempotency_key=uuid4().hex)  # fmt: skip
    with pytest.raises(VersionConflict, match="nothing was done"):
        await client.batches.commit(
            BatchAction.APPROVE_SAFE, committable(plan), selection_sha256=plan.selection_sha256,
            policy_version=plan.policy_version, idempotency_key=uuid4().hex,
        )  # fmt: skip


async def test_a_batch_that_is_not_there_can_not_be_undone(client: CommandCenterClient) -> None:
    with pytest.raises(NotFound):
        await client.batches.undo("nothing", idempotency_key=uuid4().hex)


async def test_a_policy_is_tried_on_the_simulated_past(client: CommandCenterClient) -> None:
    careful = PolicyBody(version="careful")
    found = await client.policies.backtest(BacktestBody(policy=careful, limit=500))
    assert (found.approve, found.deny, found.agreement_ratio) == (0, 0, 1.0)
    assert found.ask > 0
    now = datetime.now(UTC)
    bold = PolicyBody(version="bold", safe_kinds=["email", "follow_up"], risk_below=100)
    body = BacktestBody.model_validate({"policy": bold, "from": now - timedelta(days=30), "to": now})
    told = await client.policies.backtest(body)
    assert told.approve > 0
    assert len(told.regretted) <= told.approve


def test_a_request_that_still_runs_is_to_be_asked_again_not_a_conflict() -> None:
    assert error_class(409, "idempotency_in_flight") is Unavailable
    assert error_class(403, "forbidden") is Forbidden
