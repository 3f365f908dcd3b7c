"""The event stream of the server as it is shipped, read by the whole client."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TypeVar
from uuid import uuid4

import pytest

from cc_api_client.client import CommandCenterClient
from cc_api_client.errors import (
    Unsupported,
)
from cc_api_client.models.events import EventPosition, Topic
from cc_api_client.models.outbox.approvals import Approval
from cc_api_client.stream import Connected, Disconnected, Events, EventStream, StreamItem
from rig.direct_api import DirectApi
from rig.pty_app import Backend
from tests.client.against_server.asking import Keys, approve, key
from tests.support.no_jitter import NoJitter
from tests.support.patience import PATIENCE_SECONDS
from tests.support.relay import relay_to

ItemT = TypeVar("ItemT")


@contextlib.asynccontextmanager
async def listening(stream: EventStream) -> AsyncIterator[AsyncIterator[StreamItem]]:
    """The stream's items, for at most a minute."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        items = aiter(stream)
        try:
            yield items
        finally:
            await stream.aclose()
            assert isinstance(items, AsyncGenerator)
            await items.aclose()


async def until(stream: AsyncIterator[StreamItem], kind: type[ItemT]) -> ItemT:
    """The next item of that kind; others before it are left aside."""
    async for item in stream:
        if isinstance(item, kind):
            return item
    raise AssertionError(f"the stream ended without {kind.__name__}")


async def test_a_change_is_told_with_what_caused_it(client: CommandCenterClient, pending: Approval) -> None:
    async with listening(client.events()) as stream:
        await until(stream, Connected)
        await approve(client, pending, "caused-" + pending.id)
        told = await until(stream, Events)
    assert (told.events[0].id, told.events[0].type) == (pending.id, "approval.decided")
    assert told.events[0].cause is not None
    assert told.events[0].cause.idempotency_key == "caused-" + pending.id


async def test_a_stream_tells_only_the_topics_that_were_asked_for(
    client: CommandCenterClient, pending: Approval, other: DirectApi
) -> None:
    async with listening(client.events([Topic.AGENTS])) as stream:
        await until(stream, Connected)
        other.reject(other.approval(pending.id))
        await client.agents.pause("follow-up", "a look", idempotency_key=key())
        told = await until(stream, Events)
        await client.agents.resume("follow-up", idempotency_key=key())
    assert {event.topic for event in told.events} == {Topic.AGENTS}


async def test_events_up_to_a_snapshot_are_not_told_again(client: CommandCenterClient, pending: Approval) -> None:
    await approve(client, pending)
    snapshot = await client.approvals.get(pending.id)
    assert snapshot.event_seq is not None
    async with listening(client.events(since=snapshot.event_seq)) as stream:
        up = await until(stream, Connected)
        assert up.resumed
        await client.approvals.undo(pending.id, version=snapshot.value.version, idempotency_key=key())
        told = await until(stream, Events)
    assert told.events[0].seq is not None
    assert told.events[0].seq > snapshot.event_seq.seq


async def test_a_cut_stream_resumes_without_missing_or_repeating_an_event(
    backend: Backend, pending: Approval, other: DirectApi
) -> None:
    def edit(times: int) -> int:
        for _ in range(times):
            version: int = other.edit(other.approval(pending.id), subject=f"edited {uuid4()}")["version"]
        return version

    versions, cuts, resumed = [], 0, []
    async with relay_to(backend.url) as relay:
        through = CommandCenterClient(relay.url, backend.api_key, rng=NoJitter())
        async with listening(through.events([Topic.APPROVALS])) as stream:
            await until(stream, Connected)
            for _ in range(3):
                edit(2)  # on their way, when the wire is cut
                relay.cut()
                newest = edit(3)
                async for item in stream:
                    match item:
                        case Disconnected():
                            cuts += 1
                        case Connected():
                            resumed.append(item.resumed)
                        case Events(events=events):
                            versions += [event.version for event in events if event.id == pending.id]
                    if newest in versions:
                        break
        await through.aclose()
    assert cuts >= 3
    assert resumed == [True] * len(resumed) and len(resumed) >= 3
    assert versions == list(range(pending.version + 1, pending.version + 16))


async def test_another_history_is_said(backend: Backend, client: CommandCenterClient) -> None:
    async with listening(client.events(since=EventPosition(str(uuid4()), 7))) as stream:
        up = await until(stream, Connected)
    me = await client.operations.me()
    assert not up.resumed
    assert up.position.epoch == me.epoch


async def test_a_key_that_may_not_hear_events_is_told_to_poll(backend: Backend, keys: Keys) -> None:
    mute = CommandCenterClient(backend.url, keys["intake"], rng=NoJitter())
    with pytest.raises(Unsupported):
        async with listening(mute.events()) as stream:
            async for item in stream:
                assert not isinstance(item, Disconnected), str(item)
    await mute.aclose()


async def test_a_stream_that_is_closed_does_not_reconnect(backend: Backend, client: CommandCenterClient) -> None:
    async with relay_to(backend.url) as relay:
        through = CommandCenterClient(relay.url, backend.api_key, rng=NoJitter())
        stream = through.events()
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for item in stream:
                if isinstance(item, Connected):
                    await stream.aclose()
                    relay.cut()
        assert relay.accepted == 1
        await through.aclose()
