"""Settings of the installation (contract, section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cc_api_client.models.settings import Settings, SettingsChange
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
