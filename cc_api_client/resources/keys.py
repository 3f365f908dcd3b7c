"""API keys and the audit trail, for admins (contract, sections 2 and 6)."""

from __future__ import annotations

from cc_api_client.models.base import Page
from cc_api_client.models.installation.audit import AuditRow
from cc_api_client.models.installation.keys import ApiKey, CreatedApiKey, NewApiKey
from cc_api_client.resources.answers import Snapshot, body_of, fetch, parse, path_of
from cc_api_client.transport import Request, Transport

KEYS = "/api/settings/api-keys"
AUDIT = "/api/audit"


class ApiKeys:
    """Who may ask the server. Every method raises `CommandCenterError`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, *, limit: int | None = None, cursor: str | None = None) -> Snapshot[Page[ApiKey]]:
        """Keys by name, revoked ones too."""
        return await fetch(self._transport, KEYS, Page[ApiKey], {"limit": limit, "cursor": cursor})

    async def create(self, new: NewApiKey, *, idempotency_key: str) -> CreatedApiKey:
        """Make a key; its token is told this once."""
        request = Request("POST", KEYS, body=body_of(new), idempotency_key=idempotency_key)
        return parse((await self._transport.send(request)).body, CreatedApiKey, KEYS)

    async def revoke(self, key_id: str, *, idempotency_key: str) -> None:
        """End a key for good."""
        path = path_of("api", "settings", "api-keys", key_id)
        await self._transport.send(Request("DELETE", path, idempotency_key=idempotency_key))


class AuditTrail:
    """What was done and tried. Every method raises `CommandCenterError`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        object_id: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Snapshot[Page[AuditRow]]:
        """Lines, newest first."""
        told = {"actor": actor, "action": action, "object": object_id, "limit": limit, "cursor": cursor}
        return await fetch(self._transport, AUDIT, Page[AuditRow], told)
