"""The flood is a stream as the contract has it: our client takes every event, in order, none missing."""

from __future__ import annotations

import asyncio
import threading
import time
from itertools import islice

from bench.app.flood import Flood, flooded
from bench.app.happenings import a_business_day, edits
from cc_api_client.client import CommandCenterClient
from cc_api_client.models.events import Event, EventPosition
from cc_api_client.stream import Connected, Events
from cc_tui.state.known import Known
from cc_tui.sync.intake import Intake
from rig.pty_app import Backend
from tests.support.patience import PATIENCE_SECONDS
from tests.support.rows import NOON, row, wire_approval


async def test_a_client_takes_every_event_of_a_flood_in_order() -> None:
    stream = Flood(edits([wire_approval(1), wire_approval(2)]), 1_000)
    nowhere = Backend("http://127.0.0.1:1", "a-key", 0)
    with flooded(nowhere, stream) as backend:
        client = CommandCenterClient(backend.url, backend.api_key)
        events: list[Event] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for item in client.events(since=EventPosition("e", 5)):
                assert isinstance(item, Connected | Events), item
                if isinstance(item, Events):
                    events += item.events
                elif not events:
                    threading.Thread(
                        target=stream.until, args=(time.monotonic() + PATIENCE_SECONDS,), daemon=True
                    ).start()
                if len(events) >= 200:
                    break
        await client.aclose()
    assert [event.seq for event in events] == list(range(6, 6 + len(events)))
    assert [event.version for event in events if event.id == events[0].id] == list(range(2, 2 + len(events) // 2))


def test_a_day_of_business_leaves_as_many_waiting_as_there_were_and_nothing_in_it_is_unread() -> None:
    known = Known()
    intake = Intake(known, lambda _feed: None)
    known.approvals.put([row(1), row(2)])
    agent = {"id": "outreach", "name": "Outreach", "status": "idle", "version": 1}
    run = {"id": "r1", "client_id": "c1", "status": "success", "version": 1}
    for seq, told in enumerate(islice(a_business_day([wire_approval(1), wire_approval(2)], [agent], [run]), 1_000)):
        intake.apply(Event.model_validate({"frame": "event", "seq": seq, "at": NOON.isoformat()} | told))
    assert known.link.unread_events == 0
    counts = known.approvals.counts
    assert (counts.pending, counts.rejected, counts.sent, counts.leaving) == (2, 50, 49, 1)
