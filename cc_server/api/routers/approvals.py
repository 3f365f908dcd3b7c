"""`/api/approvals`: list, read, decide, undo, edit (contract, section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import Query, Request, Response

from cc_api_client.models.base import ActionAnswer
from cc_api_client.models.installation.roles import Role
from cc_api_client.models.outbox.approvals import (
    Approval,
    ApprovalDetail,
    ApprovalEdit,
    ApprovalKind,
    ApprovalPage,
    ApprovalStatus,
    ApproveBody,
    ReasonCode,
    RejectBody,
)
from cc_api_client.models.outbox.delivery_states import DeliveryState
from cc_server.api.calling import calls
from cc_server.api.calling.params import Cursor, Limit, one_of, sort_of, words_of
from cc_server.api.http.problems import RequestProblem
from cc_server.api.http.routing import asks, new_router
from cc_server.domain.outbox import decisions, detail, edits, listing
from cc_server.domain.outbox.decisions import Seen
from cc_server.domain.outbox.listing import Filter, Selection

TOPICS = ("approvals",)
RETURNED = frozenset({"undone", "blocked", "imported"})

router = new_router()


@router.get("/api/approvals", response_model=ApprovalPage, **asks(Role.VIEWER))
async def list_approvals(
    request: Request,
    status: Annotated[str, Query(description="States by comma.")] = "pending",
    delivery: Annotated[str | None, Query(description="States of the newest delivery, by comma.")] = None,
    returned: Annotated[str | None, Query(description="Why it is pending again, by comma.")] = None,
    kind: Annotated[str | None, Query(description="Kinds by comma.")] = None,
    agent: Annotated[str | None, Query(description="Who wrote it.")] = None,
    to: Annotated[str | None, Query(description="To which address.")] = None,
    lead: Annotated[str | None, Query(description="About which lead.")] = None,
    q: Annotated[str | None, Query(max_length=200, description="Words in subject, text, address or name.")] = None,
    safe: Annotated[bool | None, Query(description="Whether the server calls it safe.")] = None,
    min_risk: Annotated[int | None, Query(ge=0, le=100, description="The lowest score.")] = None,
    sort: Annotated[
        str, Query(description="risk, created, decided, expires, kind or agent; `-` for descending.")
    ] = "created",
    limit: Limit = 50,
    cursor: Cursor = None,
    view: Annotated[str | None, Query(description="`row` leaves out what only a detail needs.")] = None,
) -> Response:
    """A page of approvals, with the counts of all views."""
    column, descending = sort_of(sort, listing.SORTS)
    told = {"status": status, "delivery": delivery, "returned": returned, "kind": kind, "agent": agent, "to": to,
            "lead": lead, "q": q}  # fmt: skip
    selection = Selection(
        filter=filter_of(told, "query", safe=safe, min_risk=min_risk), sort=column, descending=descending,
        limit=limit, cursor=cursor, whole=one_of("view", view, ("row",)) is None,
    )  # fmt: skip
    return await calls.read(
        request,
        TOPICS,
        lambda conn, unit: listing.page(conn, unit.actor, selection),
        minutely=False,
        sparse=not selection.whole,
    )


def filter_of(told: Mapping[str, str | None], place: str, *, safe: bool | None, min_risk: int | None) -> Filter:
    """The filter of a list, from its parameters as texts.

    Raises:
        RequestProblem: a word that means nothing there.
    """
    return Filter(
        status=words_of("status", told.get("status"), ApprovalStatus, place),
        delivery=words_of("delivery", told.get("delivery"), DeliveryState, place),
        returned=words_of("returned", told.get("returned"), RETURNED, place),
        kind=words_of("kind", told.get("kind"), ApprovalKind, place),
        agent=told.get("agent"), to=told.get("to"), lead=told.get("lead"), q=told.get("q"), safe=safe,
        min_risk=min_risk,
    )  # fmt: skip


@router.get("/api/approvals/{approval_id}", response_model=ApprovalDetail, **asks(Role.VIEWER))
async def get_approval(request: Request, approval_id: str) -> Response:
    """One approval with its lead, run, history and trail."""
    return await calls.read(
        request, TOPICS, lambda conn, unit: detail.detail(conn, unit.actor, approval_id), minutely=False
    )


@router.post(
    "/api/approvals/{approval_id}/approve", response_model=ActionAnswer[Approval], **asks(Role.OPERATOR, writes=True)
)
async def approve_approval(request: Request, approval_id: str, body: ApproveBody | None = None) -> Response:
    """Let it out, as it was seen."""
    told = body or ApproveBody()
    seen = Seen(calls.version_asked(request), told.payload_sha256)
    return await calls.write(request, partial(decisions.approve, approval_id=approval_id, seen=seen, note=told.note))


@router.post(
    "/api/approvals/{approval_id}/reject", response_model=ActionAnswer[Approval], **asks(Role.OPERATOR, writes=True)
)
async def reject_approval(request: Request, approval_id: str, body: RejectBody) -> Response:
    """Stop it, with a reason."""
    if body.reason_code is ReasonCode.OTHER and not (body.reason or "").strip():
        raise RequestProblem.of_field("body", "reason", "the reason `other` needs words")
    seen = Seen(calls.version_asked(request), body.payload_sha256)
    return await calls.write(
        request,
        partial(
            decisions.reject,
            approval_id=approval_id,
            seen=seen,
            reason_code=body.reason_code.value,
            reason=body.reason,
        ),
    )


@router.post(
    "/api/approvals/{approval_id}/undo", response_model=ActionAnswer[Approval], **asks(Role.OPERATOR, writes=True)
)
async def undo_approval(request: Request, approval_id: str) -> Response:
    """Take a decision back, while nothing has left."""
    seen = Seen(calls.version_asked(request))
    return await calls.write(request, partial(decisions.undo, approval_id=approval_id, seen=seen))


@router.patch("/api/approvals/{approval_id}", response_model=Approval, **asks(Role.OPERATOR, writes=True))
async def edit_approval(request: Request, approval_id: str, body: ApprovalEdit) -> Response:
    """Change a pending draft before it is sent."""
    version = calls.version_required(request)
    changes = _changes(body)
    return await calls.write(request, lambda conn, unit: edits.edit(conn, unit, approval_id, changes, version))


def _changes(body: ApprovalEdit) -> dict[str, Any]:
    """What the body changes; only the name and the payload can be removed.

    Raises:
        RequestProblem: subject or text is null.
    """
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    for name in ("subject", "body"):
        if name in changes and changes[name] is None:
            raise RequestProblem.of_field("body", name, "a text is expected; it can be empty, not removed")
    return changes
