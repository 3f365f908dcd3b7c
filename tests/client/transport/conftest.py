"""A server that answers as it is told, and two ways to it."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator, Callable

import pytest

from cc_api_client.client import CommandCenterClient
from cc_api_client.transport import (
    Transport,
)
from tests.client.transport.asking import KEY
from tests.client.wire_server import WireServer, wire_server
from tests.support.no_jitter import NoJitter
from tests.support.played_time import PlayedLoop


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], AbstractEventLoop]]:
    """Client and server share a loop, and its time."""
    return {"played": PlayedLoop}


@pytest.fixture
async def wire() -> AsyncIterator[WireServer]:
    async with wire_server() as server:
        yield server


@pytest.fixture
async def way(wire: WireServer) -> AsyncIterator[Transport]:
    made = Transport(wire.url, KEY, rng=NoJitter())
    yield made
    await made.aclose()


@pytest.fixture
async def client(wire: WireServer) -> AsyncIterator[CommandCenterClient]:
    made = CommandCenterClient(wire.url, KEY, rng=NoJitter())
    yield made
    await made.aclose()
