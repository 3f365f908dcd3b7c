"""What calls leave behind in memory."""

from __future__ import annotations

import gc
import json
import sys
import uuid
import weakref
from collections.abc import Iterator

import pytest

from cc_api_client.client import CommandCenterClient
from cc_api_client.models.outbox.approvals import Delivery
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


def test_texts_of_the_wire_are_not_remembered() -> None:
    def read(count: int) -> None:
        for _ in range(count):
            ids = {"id": str(uuid.uuid4()), "approval_id": str(uuid.uuid4())}
            told = {"client_id": "c", "channel": "email", "state": "held", "not_before": "2026-11-25T12:00:00Z"}
            Delivery.model_validate_json(json.dumps(ids | told | {"version": 1}))

    read(10)
    gc.collect()
    before = sys.getallocatedblocks()
    read(2_000)
    gc.collect()
    assert sys.getallocatedblocks() - before < 500
