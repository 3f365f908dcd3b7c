"""The client's keys and audit trail against the real server over a real socket, and how a revoked key's stream ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import websockets

from cc_api_client.client import CommandCenterClient
from cc_api_client.errors import Forbidden, Unauthorized
from cc_api_client.models.installation.keys import NewApiKey
from cc_api_client.models.installation.roles import Role
from cc_server.cli.main import main
from tests.server.serving import Served
from tests.support.patience import PATIENCE_SECONDS


@pytest.fixture
async def admin(server: Served) -> AsyncIterator[CommandCenterClient]:
    client = CommandCenterClient(server.url, server.house.tokens["admin"])
    yield client
    await client.aclose()


async def test_a_key_is_made_used_listed_and_revoked(server: Served, admin: CommandCenterClient) -> None:
    made = await admin.keys.create(NewApiKey(name="eva", role=Role.VIEWER), idempotency_key="one")
    assert made.token is not None
    again = await admin.keys.create(NewApiKey(name="eva", role=Role.VIEWER), idempotency_key="one")
    assert (again.key, again.token) == (made.key, None)
    eva = CommandCenterClient(server.url, made.token)
    assert (await eva.operations.me()).name == "eva"
    with pytest.raises(Forbidden):
        await eva.keys.list()
    names = [key.name for key in (await admin.keys.list(limit=500)).value.items]
    assert "eva" in names
    await admin.keys.revoke(made.key.id, idempotency_key="two")
    with pytest.raises(Unauthorized):
        await eva.operations.me()
    await eva.aclose()
    lines = (await admin.audit.list(object_id=made.key.id)).value.items
    assert [line.action for line in lines] == ["key.revoke", "key.create"]


async def stream_of(server: Served, name: str) -> websockets.ClientConnection:
    socket = await websockets.connect(
        server.socket_url, additional_headers={"X-API-Key": server.house.tokens[name]}, open_timeout=PATIENCE_SECONDS
    )
    await socket.recv()
    return socket


async def close_code(socket: websockets.ClientConnection) -> int | None:
    """With which code the stream is closed."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        try:
            while True:
                await socket.recv()
        except websockets.ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


async def test_a_revoked_keys_streams_are_closed_at_once_and_others_stay(
    server: Served, admin: CommandCenterClient
) -> None:
    one, two, other = await stream_of(server, "tom"), await stream_of(server, "tom"), await stream_of(server, "ana")
    (tom,) = (key for key in (await admin.keys.list(limit=500)).value.items if key.name == "tom")
    await admin.keys.revoke(tom.id, idempotency_key="one")
    assert [await close_code(one), await close_code(two)] == [4401, 4401]
    await other.ping()
    await other.close()


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
async def test_a_key_that_a_command_revoked_loses_its_streams_too(server: Served) -> None:
    socket = await stream_of(server, "tom")
    assert await asyncio.to_thread(main, ["keys", "revoke", "tom", "--db", str(server.house.db.address)]) == 0
    assert await close_code(socket) == 4401
