"""`/api/settings`: what an admin sets (contract, section 6)."""

from __future__ import annotations

from fastapi import Request, Response

from cc_api_client.models.roles import Role
from cc_api_client.models.settings import Settings, SettingsChange
from cc_server.api import calls
from cc_server.api.http.routing import asks, new_router
from cc_server.domain.begin import Turn
from cc_server.domain.controls import settings

TOPICS = ("system",)

router = new_router()


@router.get("/api/settings", response_model=Settings, **asks(Role.VIEWER))
async def get_settings(request: Request) -> Response:
    """What the installation is set to, and the engaged stops."""
    return await calls.read(request, TOPICS, settings.show, minutely=False)


@router.patch("/api/settings", response_model=Settings, **asks(Role.ADMIN, writes=True))
async def change_settings(request: Request, body: SettingsChange) -> Response:
    """Change some settings; what is left out stays, and null ends a limit."""
    version = calls.version_required(request)
    patch = body.model_dump(mode="json", exclude_unset=True)
    return await calls.write(request, lambda conn, unit: settings.change(conn, unit, patch, version), turn=Turn.CHANGES)
