"""The client: one object for one server and one key, with a resource an attribute."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from cc_api_client.models.events import EventPosition
from cc_api_client.resources.agents import Agents
from cc_api_client.resources.approvals import Approvals
from cc_api_client.resources.batches import Batches, Policies
from cc_api_client.resources.clients import Clients
from cc_api_client.resources.keys import ApiKeys, AuditTrail
from cc_api_client.resources.operations import Operations
from cc_api_client.resources.outbox import Deliveries, Suppression
from cc_api_client.resources.settings import InstallationSettings
from cc_api_client.stream import EventStream
from cc_api_client.transport import Transport


class CommandCenterClient:
    """`client.approvals.approve(...)`. Opens nothing before the first call; `aclose` ends it.

    Args:
        base_url: the server's address.
        api_key: sent in a header, shown nowhere.
        client_id: narrows everything to one client; `all`: everything that the key may see.
        timeout_seconds: for one call with all its retries.
        rng: jitter of retries.

    Raises:
        ValueError: the address or the key can't be used; says why, without the key.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        client_id: str | None = None,
        timeout_seconds: float = 10.0,
        rng: Random | None = None,
    ) -> None:
        self._rng = rng or Random()
        self._transport = Transport(
            base_url, api_key, client_id=client_id, timeout_seconds=timeout_seconds, rng=self._rng
        )
        self.approvals = Approvals(self._transport)
        self.batches = Batches(self._transport)
        self.policies = Policies(self._transport)
        self.agents = Agents(self._transport)
        self.clients = Clients(self._transport)
        self.operations = Operations(self._transport)
        self.deliveries = Deliveries(self._transport)
        self.suppression = Suppression(self._transport)
        self.settings = InstallationSettings(self._transport)
        self.keys = ApiKeys(self._transport)
        self.audit = AuditTrail(self._transport)

    def __repr__(self) -> str:
        return f"CommandCenterClient({self._transport.base_url!r})"

    @property
    def base_url(self) -> str:
        """The server's address."""
        return self._transport.base_url

    def events(self, topics: Iterable[str] | None = None, since: EventPosition | None = None) -> EventStream:
        """The stream of events from `since` on (None: from now), of all topics or some."""
        return EventStream(self._transport.base_url, self._transport.headers, topics=topics, since=since, rng=self._rng)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()
