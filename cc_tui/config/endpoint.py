"""Where a server is, when it is not the config that says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens, and the key for it."""

    url: str
    api_key: str = field(repr=False)


class NoEndpoint(Exception):
    """The server did not start; the message says why."""


class EndpointSource(Protocol):
    """A server that is starting."""

    @property
    def told(self) -> str:
        """What is made meanwhile, and how long that takes."""

    async def ready(self) -> Endpoint:
        """Wait until it accepts connections.

        Raises:
            NoEndpoint: it won't.
        """
        ...
