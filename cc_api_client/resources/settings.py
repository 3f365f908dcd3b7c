"""Settings of the installation (contract, section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cc_api_client.models.settings import KillSwitchAnswer, KillSwitchBody, Settings, SettingsChange
from cc_api_client.resources.answers import Snapshot, body_of, fetch, parse
from cc_api_client.transport import Request, Transport

PATH = "/api/settings"


class InstallationSettings:
    """`/api/settings`. Every method raises `CommandCenterError`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def get(self) -> Snapshot[Settings]:
        """What the installation is set to, and the engaged stops."""
        return await fetch(self._transport, PATH, Settings)

    async def change(self, changes: Mapping[str, Any], *, version: int, idempotency_key: str) -> Settings:
        """Change what was read at `version`: `{"approvals": {"hold_seconds": 20}}`; null ends a limit.

        Raises:
            ValueError: no such setting, or a value that can't be used.
        """
        body = body_of(SettingsChange.model_validate(changes))
        request = Request("PATCH", PATH, body=body, idempotency_key=idempotency_key, version=version)
        return parse((await self._transport.send(request)).body, Settings, PATH)

    async def turn_stop(
        self, *, engaged: bool, reason: str, scope: str = "all", dry_run: bool = False, idempotency_key: str
    ) -> KillSwitchAnswer:
        """Stop everything, one agent (`agent:<id>`) or one client (`client:<id>`), or let go.

        Args:
            engaged: True stops, False lets go.
            reason: why; kept in the audit trail.
            scope: what it is about.
            dry_run: only count what it would hold.
            idempotency_key: of this intent.

        Raises:
            ValueError: a scope that means nothing, or no reason.
        """
        told = KillSwitchBody(engaged=engaged, reason=reason, scope=scope, dry_run=dry_run)
        path = f"{PATH}/kill-switch"
        request = Request("POST", path, body=body_of(told), idempotency_key=idempotency_key)
        return parse((await self._transport.send(request)).body, KillSwitchAnswer, path)
