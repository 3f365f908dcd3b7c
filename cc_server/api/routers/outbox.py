"""`/api/deliveries`, `/admin/outbox`, `/admin/suppression`: what leaves, and what may not (contract, 2 and 5)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import Query, Request, Response

from cc_api_client.models.base import ActionAnswer, Page
from cc_api_client.models.installation.roles import Role
from cc_api_client.models.outbox.approvals import Delivery
from cc_api_client.models.outbox.batches import ResolveBody
from cc_api_client.models.outbox.delivery_states import DeliveryState
from cc_api_client.models.outbox.legacy import OutboxAnswer, OutboxApproveBody, OutboxPage, OutboxRejectBody
from cc_api_client.models.outbox.suppression import SuppressionEntry, SuppressionIntake
from cc_server.api.calling import calls
from cc_server.api.calling.params import Cursor, Limit, one_of, sort_of, words_of
from cc_server.api.http.routing import asks, new_router
from cc_server.domain.controls import suppression
from cc_server.domain.controls.begin import Turn
from cc_server.domain.outbox import legacy
from cc_server.domain.outbox.sending import blocks, resolving

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from cc_server.domain.base.unit import Unit

TOPICS = ("approvals",)

router = new_router()


@router.get("/api/deliveries", response_model=Page[Delivery], **asks(Role.VIEWER))
async def list_deliveries(
    request: Request,
    state: Annotated[str | None, Query(description="States by comma; nothing: all.")] = None,
    sort: Annotated[str, Query(description="`created`, `-` for the newest first.")] = "-created",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """A page of deliveries."""
    _, descending = sort_of(sort, ("created",))
    wanted = resolving.Selection(words_of("state", state, DeliveryState), descending, limit, cursor)
    return await calls.read(
        request, TOPICS, lambda conn, unit: resolving.page(conn, unit.actor, wanted), minutely=False
    )


@router.post(
    "/api/deliveries/{delivery_id}/resolve",
    response_model=ActionAnswer[Delivery],
    **asks(Role.OPERATOR, writes=True),
)
async def resolve_delivery(request: Request, delivery_id: str, body: ResolveBody) -> Response:
    """Settle a delivery of which nobody knows whether it left."""
    version = calls.version_asked(request)
    return await calls.write(request, partial(resolving.resolve, delivery_id=delivery_id, told=body, version=version))


@router.post(
    "/api/deliveries/{delivery_id}/retry",
    response_model=ActionAnswer[Delivery],
    **asks(Role.OPERATOR, writes=True),
)
async def retry_delivery(request: Request, delivery_id: str) -> Response:
    """Have a delivery that failed tried again."""
    version = calls.version_asked(request)
    return await calls.write(request, partial(resolving.retry, delivery_id=delivery_id, version=version))


@router.get("/admin/outbox", response_model=OutboxPage, **asks(Role.VIEWER))
async def list_outbox(
    request: Request,
    status: Annotated[str | None, Query(description="One of them; nothing: all.")] = None,
    limit: Limit = 50,
) -> Response:
    """Rows of the outbox by their single status, the oldest first."""
    wanted = one_of("status", status, legacy.STATUSES)
    return await calls.read(
        request, TOPICS, lambda conn, unit: legacy.page(conn, unit.actor, wanted, limit), minutely=False
    )


@router.post(
    "/admin/outbox/{approval_id}/approve",
    response_model=OutboxAnswer,
    **asks(Role.OPERATOR, writes=True, versioned=False),
)
async def approve_outbox_row(request: Request, approval_id: str, body: OutboxApproveBody | None = None) -> Response:
    """Let it out, under the same rules as any approval."""
    note = body.approved_by if body else None
    return await calls.write(request, partial(legacy.approve, approval_id=approval_id, note=note))


@router.post(
    "/admin/outbox/{approval_id}/reject",
    response_model=OutboxAnswer,
    **asks(Role.OPERATOR, writes=True, versioned=False),
)
async def reject_outbox_row(request: Request, approval_id: str, body: OutboxRejectBody) -> Response:
    """Stop it, with a reason."""
    return await calls.write(request, partial(legacy.reject, approval_id=approval_id, reason=body.reason))


@router.post(
    "/admin/outbox/{approval_id}/send",
    response_model=OutboxAnswer,
    **asks(Role.OPERATOR, writes=True, versioned=False),
)
async def send_outbox_row(request: Request, approval_id: str) -> Response:
    """Nothing but a check: what was approved leaves by itself, and never before its hold is over."""
    return await calls.write(request, partial(legacy.send, approval_id=approval_id))


@router.get("/admin/suppression", response_model=Page[SuppressionEntry], **asks(Role.VIEWER))
async def list_suppressed(
    request: Request,
    email: Annotated[str | None, Query(max_length=320, description="How the address begins.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Whom never to write to, by address."""

    def look(conn: Connection, unit: Unit) -> Page[SuppressionEntry]:
        return suppression.page(conn, unit.actor, email=email, limit=limit, cursor=cursor)

    return await calls.read_fresh(request, look)


@router.post("/admin/suppression", response_model=SuppressionEntry, **asks(Role.OPERATOR, writes=True, versioned=False))
async def suppress(request: Request, body: SuppressionIntake) -> Response:
    """Never write to an address again; what waits for it is cancelled. Known already: its entry."""
    return await calls.write(request, partial(blocks.suppress, intake=body), turn=Turn.CHANGES)


@router.delete(
    "/admin/suppression/{entry_id}",
    status_code=204,
    response_class=Response,
    **asks(Role.OPERATOR, writes=True, versioned=False),
)
async def unsuppress(request: Request, entry_id: str) -> Response:
    """Let an address be written to again; what was cancelled because of it stays cancelled."""
    return await calls.write(request, partial(suppression.remove, entry_id=entry_id), turn=Turn.CHANGES, status=204)
