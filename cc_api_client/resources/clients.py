"""Clients of the business (contract, section 6)."""

from __future__ import annotations

from cc_api_client.models.base import Page
from cc_api_client.models.clients import BusinessClient
from cc_api_client.resources.answers import Snapshot, fetch
from cc_api_client.transport import Transport


class Clients:
    """`/api/clients`. Every method raises `CommandCenterError`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self, *, limit: int = 50, cursor: str | None = None) -> Snapshot[Page[BusinessClient]]:
        """One page of clients."""
        return await fetch(self._transport, "/api/clients", Page[BusinessClient], {"limit": limit, "cursor": cursor})
