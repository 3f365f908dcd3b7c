"""Deliveries, and whom never to write to (contract, sections 2 and 5)."""

from __future__ import annotations

from cc_api_client.models.base import Page
from cc_api_client.models.outbox.approvals import Delivery
from cc_api_client.models.outbox.batches import ResolveBody, ResolveOutcome
from cc_api_client.models.outbox.suppression import SuppressionEntry, SuppressionIntake
from cc_api_client.resources.answers import Acted, Snapshot, act, body_of, fetch, parse, path_of
from cc_api_client.transport import Request, Transport

SUPPRESSION = "/admin/suppression"


class Deliveries:
    """`/api/deliveries`. Every method raises `CommandCenterError`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(
        self, *, state: str | None = None, sort: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Snapshot[Page[Delivery]]:
        """One page; `state` takes several by comma."""
        params = {"state": state, "sort": sort, "limit": limit, "cursor": cursor}
        return await fetch(self._transport, "/api/deliveries", Page[Delivery], params)

    async def resolve(
        self, delivery_id: str, outcome: str, note: str, *, version: int, idempotency_key: str
    ) -> Acted[Delivery]:
        """Settle one that is `unknown`: it was `sent`, `not_sent` or `failed`; the note says how that is known.

        Raises:
            ValueError: no such outcome, or no note.
        """
        body = body_of(ResolveBody(outcome=ResolveOutcome(outcome), note=note))
        path = path_of("api", "deliveries", delivery_id, "resolve")
        request = Request("POST", path, body=body, idempotency_key=idempotency_key, version=version)
        return await act(self._transport, request, Delivery)

    async def retry(self, delivery_id: str, *, version: int, idempotency_key: str) -> Acted[Delivery]:
        """Have one that failed tried again."""
        path = path_of("api", "deliveries", delivery_id, "retry")
        request = Request("POST", path, idempotency_key=idempotency_key, version=version)
        return await act(self._transport, request, Delivery)


class Suppression:
    """`/admin/suppression`. Every method raises `CommandCenterError`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(
        self, *, email: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Snapshot[Page[SuppressionEntry]]:
        """One page by address; `email`: how it begins."""
        params = {"email": email, "limit": limit, "cursor": cursor}
        return await fetch(self._transport, SUPPRESSION, Page[SuppressionEntry], params)

    async def add(self, email: str, reason: str | None = None, *, idempotency_key: str) -> SuppressionEntry:
        """Never write to an address again; what waits for it is cancelled. Known already: its entry."""
        body = SuppressionIntake(email=email) if reason is None else SuppressionIntake(email=email, reason=reason)
        request = Request("POST", SUPPRESSION, body=body_of(body), idempotency_key=idempotency_key)
        return parse((await self._transport.send(request)).body, SuppressionEntry, SUPPRESSION)

    async def remove(self, entry_id: str, *, idempotency_key: str) -> None:
        """Let an address be written to again; what was cancelled because of it stays cancelled."""
        path = path_of("admin", "suppression", entry_id)
        await self._transport.send(Request("DELETE", path, idempotency_key=idempotency_key))
