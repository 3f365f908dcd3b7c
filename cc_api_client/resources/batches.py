"""Batches: many decisions at once, first as a dry run; and what a policy would have done (contract, section 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cc_api_client.models.outbox.approvals import ReasonCode
from cc_api_client.models.outbox.batches import BatchAction, BatchBody, BatchItem, BatchPlan, BatchResult, BatchWould
from cc_api_client.models.outbox.policy import BacktestBody, BacktestResult
from cc_api_client.resources.answers import parse, path_of
from cc_api_client.transport import Request, Transport

_PATH = "/api/approvals/batches"
BATCH_SECONDS = 60.0
"""500 decisions, each on its server's disk before the next, take longer than one does."""


class Batches:
    """`/api/approvals/batches`. Every method raises `CommandCenterError`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def plan(
        self,
        action: BatchAction,
        *,
        ids: Sequence[str] | None = None,
        matching: Mapping[str, str] | None = None,
        reason_code: str | None = None,
        reason: str | None = None,
    ) -> BatchPlan:
        """What a batch on these ids, or on the first 500 that match a list's filters, would do; nothing is done."""
        body = BatchBody(
            action=action, ids=list(ids) if ids is not None else None, dry_run=True, reason=reason,
            filter=dict(matching) if matching is not None else None, reason_code=_code(reason_code),
        )  # fmt: skip
        return parse(await self._post(_PATH, body, None), BatchPlan, _PATH)

    async def commit(
        self,
        action: BatchAction,
        items: Sequence[BatchItem],
        *,
        selection_sha256: str,
        policy_version: str,
        idempotency_key: str,
        reason_code: str | None = None,
        reason: str | None = None,
    ) -> BatchResult:
        """Do exactly what a dry run listed; the same key again resumes what was cut off."""
        body = BatchBody(
            action=action, items=list(items), dry_run=False, selection_sha256=selection_sha256,
            policy_version=policy_version, reason_code=_code(reason_code), reason=reason,
        )  # fmt: skip
        return parse(await self._post(_PATH, body, idempotency_key), BatchResult, _PATH)

    async def undo(self, batch_id: str, *, idempotency_key: str) -> BatchResult:
        """Take back what a batch did, as far as that can be done."""
        path = path_of("api", "approvals", "batches", batch_id, "undo")
        answer = await self._transport.send(
            Request("POST", path, idempotency_key=idempotency_key, timeout_seconds=BATCH_SECONDS)
        )
        return parse(answer.body, BatchResult, path)

    async def _post(self, path: str, body: BatchBody, key: str | None) -> bytes:
        sent = body.model_dump_json(exclude_none=True).encode()
        request = Request("POST", path, body=sent, idempotency_key=key, timeout_seconds=BATCH_SECONDS)
        return (await self._transport.send(request)).body


class Policies:
    """`/api/policy`. Every method raises `CommandCenterError`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def backtest(self, body: BacktestBody) -> BacktestResult:
        """What a policy would have done with what people decided."""
        path = "/api/policy/backtest"
        sent = body.model_dump_json(exclude_none=True, by_alias=True).encode()
        answer = await self._transport.send(Request("POST", path, body=sent, timeout_seconds=BATCH_SECONDS))
        return parse(answer.body, BacktestResult, path)


def committable(plan: BatchPlan) -> list[BatchItem]:
    """The items of a dry run that its commit sends: those that would be done."""
    return [
        BatchItem(id=one.id, version=one.version, payload_sha256=one.payload_sha256)
        for one in plan.items
        if one.would == BatchWould.OK
    ]


def _code(told: str | None) -> ReasonCode | None:
    return ReasonCode(told) if told is not None else None
