"""`/api/settings`: what an admin sets (contract, section 6)."""

from __future__ import annotations

from functools import partial

from fastapi import Request, Response

from cc_api_client.models.installation.roles import Role
from cc_api_client.models.settings import KillSwitchAnswer, KillSwitchBody, Settings, SettingsChange
from cc_server.api.calling import calls
from cc_server.api.http.routing import asks, new_router
from cc_server.domain.controls import kill_switch, settings
from cc_server.domain.controls.begin import Turn

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


@router.post(
    "/api/settings/kill-switch", response_model=KillSwitchAnswer, **asks(Role.OPERATOR, writes=True, versioned=False)
)
async def turn_kill_switch(request: Request, body: KillSwitchBody) -> Response:
    """Stop everything, one agent or one client, or let go; a dry run only counts what it would hold."""
    if body.dry_run:
        return await calls.read_fresh(request, partial(kill_switch.answer, wanted=body))
    return await calls.write(request, partial(kill_switch.turn, wanted=body), turn=Turn.CHANGES)
