"""What the routers are given: the database, the hub of events, the settings, and how the parts of the process are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cc_api_client.models.installation.status import Component
from cc_server.api.http.limits import InFlight
from cc_server.config import ServerSettings
from cc_server.db.database import Database
from cc_server.events.hub import Hub


@dataclass(frozen=True, slots=True)
class Services:
    """One process's parts."""

    db: Database
    hub: Hub
    settings: ServerSettings
    components: Callable[[], list[Component]]
    in_flight: InFlight = field(default_factory=InFlight)
    known_clients: set[str] = field(default_factory=set)
    """Clients that were asked for and found: there are none that cease to be."""
