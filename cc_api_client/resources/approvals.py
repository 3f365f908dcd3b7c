"""Approvals: list, read, decide, undo, edit (contract, section 5)."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from pydantic import ValidationError

from cc_api_client.errors import Conflict, VersionConflict
from cc_api_client.models.outbox.approvals import (
    Approval,
    ApprovalDetail,
    ApprovalEdit,
    ApprovalPage,
    ApproveBody,
    ReasonCode,
    RejectBody,
)
from cc_api_client.resources.answers import Acted, Snapshot, act, body_of, fetch, parse, path_of
from cc_api_client.transport import Request, Transport

T = TypeVar("T")


class Approvals:
    """`/api/approvals`. Every method raises `CommandCenterError`; conflicts carry the approval as it is."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(
        self,
        *,
        status: str | None = None,
        delivery: str | None = None,
        returned: str | None = None,
        kind: str | None = None,
        agent: str | None = None,
        to: str | None = None,
        q: str | None = None,
        safe: bool | None = None,
        min_risk: int | None = None,
        sort: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
        view: str | None = None,
    ) -> Snapshot[ApprovalPage]:
        """One page; `view="row"` leaves out what only a detail needs."""
        params = {
            "status": status, "delivery": delivery, "returned": returned, "kind": kind, "agent": agent, "to": to,
            "q": q, "safe": safe, "min_risk": min_risk, "sort": sort, "limit": limit, "cursor": cursor, "view": view,
        }  # fmt: skip
        return await fetch(self._transport, "/api/approvals", ApprovalPage, params)

    async def get(self, approval_id: str) -> Snapshot[ApprovalDetail]:
        """One approval with what surrounds it."""
        return await fetch(self._transport, path_of("api", "approvals", approval_id), ApprovalDetail)

    async def approve(
        self, approval_id: str, *, version: int, payload_sha256: str, idempotency_key: str, note: str | None = None
    ) -> Acted[Approval]:
        """Let out what was seen: that version, that hash."""
        body = ApproveBody(payload_sha256=payload_sha256) if note is None else ApproveBody(
            payload_sha256=payload_sha256, note=note
        )  # fmt: skip
        return await self._decide(approval_id, "approve", body_of(body), version, idempotency_key)

    async def reject(
        self,
        approval_id: str,
        *,
        version: int,
        payload_sha256: str,
        idempotency_key: str,
        reason_code: str,
        reason: str | None = None,
    ) -> Acted[Approval]:
        """Stop what was seen; the reason `other` needs words."""
        body = RejectBody(reason_code=ReasonCode(reason_code), payload_sha256=payload_sha256)
        if reason is not None:
            body = body.model_copy(update={"reason": reason})
        return await self._decide(
            approval_id, "reject", body.model_dump_json(exclude_none=True).encode(), version, idempotency_key
        )

    async def undo(self, approval_id: str, *, version: int, idempotency_key: str) -> Acted[Approval]:
        """Take a decision back, while its delivery has not been dispatched."""
        return await self._decide(approval_id, "undo", None, version, idempotency_key)

    async def edit(self, approval_id: str, changes: ApprovalEdit, *, version: int, idempotency_key: str) -> Approval:
        """Change a pending draft that was read at `version`."""
        path = path_of("api", "approvals", approval_id)
        request = Request("PATCH", path, body=body_of(changes), idempotency_key=idempotency_key, version=version)
        answer = await _with_item(self._transport.send(request))
        return parse(answer.body, Approval, path)

    async def _decide(
        self, approval_id: str, action: str, body: bytes | None, version: int, key: str
    ) -> Acted[Approval]:
        path = path_of("api", "approvals", approval_id, action)
        request = Request("POST", path, body=body, idempotency_key=key, version=version)
        return await _with_item(act(self._transport, request, Approval))


async def _with_item(call: Awaitable[T]) -> T:
    """Give a conflict the approval it carries, as a model."""
    try:
        return await call
    except (Conflict, VersionConflict) as error:
        if isinstance(error.raw_item, dict):
            try:
                error.item = Approval.model_validate(error.raw_item)
            except ValidationError:
                error.item = None
        raise
