"""A stream that the server refuses is asked for again: a key's role may change, and what stands before a server too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from cc_api_client.client import CommandCenterClient
from cc_api_client.errors import CommandCenterError, Unauthorized, Unsupported
from cc_api_client.models.events import EventPosition
from cc_api_client.stream import Connected
from cc_tui.state.clock import SystemClock
from cc_tui.state.known import Known
from cc_tui.state.link import LinkPhase
from cc_tui.sync import poller as polling
from cc_tui.sync import sync as syncing
from cc_tui.sync.sync import Sync
from tests.client.wire_server import WireServer, json_reply, wire_server
from tests.support.patience import until_true


class Stream:
    """One subscription: refused, or up until it is left."""

    def __init__(self, refusal: CommandCenterError | None) -> None:
        self._refusal = refusal

    async def __aiter__(self) -> AsyncIterator[Connected]:
        if self._refusal is not None:
            raise self._refusal
        yield Connected(EventPosition("e", 1), True, datetime.now(UTC))
        await asyncio.Event().wait()

    async def aclose(self) -> None:
        """Nothing is open."""


class Client(CommandCenterClient):
    """A client whose first subscriptions are refused."""

    refusals = 1
    refusal: CommandCenterError = Unsupported("no stream for this key", status=403)
    asked = 0

    def events(self, topics: Iterable[str] | None = None, since: EventPosition | None = None) -> Any:
        """The next subscription."""
        del topics, since
        self.asked += 1
        return Stream(self.refusal if self.asked <= self.refusals else None)


class Desk:
    """The state, kept true by a server that answers everything with an empty list."""

    def __init__(self, wire: WireServer) -> None:
        wire.reply(json_reply({"items": [], "total": 0}, x_event_seq="e.1"))
        self.wire = wire
        self.known = Known()
        self.client = Client(wire.url, "a-key")
        self.sync = Sync(self.client, self.known, SystemClock(), Random(1), poll_seconds=0.2)

    def times_asked_for(self, path: str) -> int:
        return sum(path in one.target for one in self.wire.heard)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.sync.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.client.aclose()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with wire_server() as wire:
        yield Desk(wire)


@pytest.fixture
def by_itself_never(monkeypatch: pytest.MonkeyPatch) -> None:
    """No stream is asked for again unless somebody wants it."""
    monkeypatch.setattr(syncing, "STREAM_AGAIN_SECONDS", 1_000_000.0)


@pytest.mark.usefixtures("by_itself_never")
async def test_a_refused_stream_is_asked_for_again_when_the_operator_refreshes(desk: Desk) -> None:
    async with desk.running():
        await until_true(lambda: desk.client.asked == 1 and desk.known.link.link.phase is LinkPhase.POLLING)
        desk.sync.refresh()
        await until_true(lambda: desk.known.link.link.phase is LinkPhase.LIVE)
    assert desk.client.asked == 2


async def test_a_refused_stream_is_asked_for_again_after_a_while(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syncing, "STREAM_AGAIN_SECONDS", 0.05)
    desk.client.refusals = 3
    async with desk.running():
        await until_true(lambda: desk.known.link.link.phase is LinkPhase.LIVE)
    assert desk.client.asked == 4


@pytest.mark.usefixtures("by_itself_never")
async def test_what_was_missed_without_a_stream_is_fetched_once_it_is_there(desk: Desk) -> None:
    async with desk.running():
        await until_true(lambda: desk.client.asked == 1 and desk.times_asked_for("/clients") >= 1)
        before = desk.times_asked_for("/clients")
        desk.sync._stream_wanted.set()
        await until_true(lambda: desk.known.link.link.phase is LinkPhase.LIVE)
        await until_true(lambda: desk.times_asked_for("/clients") > before)


async def test_a_server_that_takes_the_key_again_is_asked_for_its_stream_at_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "REFUSED_SECONDS", 0.05)
    desk.client.refusal = Unauthorized("unknown key", status=401)
    desk.client.refusals = 1_000_000
    taken = list(desk.wire.replies)
    async with desk.running():
        await until_true(lambda: desk.client.asked >= 1)  # from a snapshot on, which stood before the key was refused
        desk.wire.reply(json_reply({"title": "Unauthorized", "detail": "unknown key"}, 401))
        heard = len(desk.wire.heard)
        await until_true(lambda: len(desk.wire.heard) > heard + polling.FETCHES_AT_ONCE)
        await until_true(lambda: desk.known.link.link.phase is LinkPhase.REFUSED)
        desk.client.refusals = 0
        desk.wire.replies = taken
        await until_true(lambda: desk.known.link.link.phase is LinkPhase.LIVE)
