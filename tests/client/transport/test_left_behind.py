"""What calls leave behind in memory."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from cc_api_client.client import CommandCenterClient
from cc_api_client.transport import Transport
from tests.client.transport.asking import a_get
from tests.client.wire_server import WireServer, json_reply


@pytest.fixture
def lost() -> Iterator[list[object]]:
    """What only the collector found, once it collected; it runs when it is told to."""
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    yield gc.garbage
    gc.set_debug(0)
    gc.garbage.clear()
    if was_on:
        gc.enable()


async def test_a_call_leaves_nothing_to_the_collector(wire: WireServer, way: Transport, lost: list[object]) -> None:
    wire.reply(json_reply({"items": [1]}, etag='"a"'))
    for _ in range(5):
        await way.send(a_get())
    gc.collect()
    assert [found for found in lost if type(found).__module__.startswith(("httpx", "httpcore"))] == []


async def test_what_reads_an_answer_is_built_once(wire: WireServer, client: CommandCenterClient) -> None:
    wire.reply(json_reply({"items": []}))
    read_with = weakref.ref(type((await client.agents.list()).value))
    gc.collect()
    assert read_with() is not None
    assert type((await client.agents.list()).value) is read_with()
