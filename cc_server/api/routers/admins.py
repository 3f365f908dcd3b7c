"""The house itself: API keys and the audit trail (contract, sections 2 and 6). Admins only."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import Query, Request, Response

from cc_api_client.models.base import Page
from cc_api_client.models.installation.audit import AuditRow
from cc_api_client.models.installation.keys import ApiKey, CreatedApiKey, NewApiKey
from cc_api_client.models.installation.roles import Role
from cc_server.api.calling import calls
from cc_server.api.calling.params import Cursor, Limit
from cc_server.api.http.routing import asks, new_router
from cc_server.domain.access import keys
from cc_server.domain.base import audit

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from cc_server.domain.base.unit import Unit

router = new_router()


@router.get("/api/audit", response_model=Page[AuditRow], **asks(Role.ADMIN))
async def list_audit(
    request: Request,
    actor: Annotated[str | None, Query(max_length=200, description="Done by this key or component.")] = None,
    action: Annotated[str | None, Query(max_length=64, description="This action, as `approval.approve`.")] = None,
    object: Annotated[str | None, Query(max_length=200, description="On the object with this id.")] = None,  # noqa: A002  (the contract's word)
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """What was done and tried, newest first."""
    wanted = audit.Wanted(actor, action, object)
    return await calls.read_fresh(request, lambda conn, unit: audit.page(conn, unit.actor, wanted, limit, cursor))


@router.get("/api/settings/api-keys", response_model=Page[ApiKey], **asks(Role.ADMIN))
async def list_keys(request: Request, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Keys by name, revoked ones too; a bound key sees those that see no more than itself."""
    return await calls.read_fresh(request, lambda conn, unit: keys.page(conn, unit.actor, limit, cursor))


@router.post(
    "/api/settings/api-keys",
    status_code=201,
    response_model=CreatedApiKey,
    **asks(Role.ADMIN, writes=True, versioned=False),
)
async def create_key(request: Request, body: NewApiKey) -> Response:
    """Make a key; its token is in this answer and nowhere else, not even in the same answer given again."""

    def make(conn: Connection, unit: Unit) -> CreatedApiKey:
        return keys.create(conn, unit, body.name, body.role.value, body.client_ids)

    return await calls.write(request, make, status=201, told_once=("token",))


@router.delete(
    "/api/settings/api-keys/{key_id}",
    status_code=204,
    response_class=Response,
    **asks(Role.ADMIN, writes=True, versioned=False),
)
async def revoke_key(request: Request, key_id: str) -> Response:
    """End a key for good; its streams are closed at once."""
    return await calls.write(request, partial(keys.revoke, key_id=key_id), status=204)
