"""What is never replayed comes four times a second at most: the newest word, and every line of a log."""

from __future__ import annotations

import asyncio
from typing import Any

from cc_server.events.coalescing import LINES_MOST, Coalescer
from cc_server.events.log import Volatile
from tests.support.patience import PATIENCE_SECONDS


def lines(*messages: str, agent: str = "a", client_id: str | None = None) -> Volatile:
    said: list[dict[str, Any]] = [{"message": one} for one in messages]
    return Volatile("agents", "agent.log", agent, client_id, "2026-11-23T12:00:00Z", {"lines": said})


def beat(moment: str) -> Volatile:
    return Volatile("agents", "agent.heartbeat", "a", None, moment, {"last_heartbeat_at": moment})


async def told_of(events: list[Volatile], how_many: int) -> list[tuple[float, Volatile]]:
    """What is told of events that come all at once, and when."""
    loop = asyncio.get_running_loop()
    found: list[tuple[float, Volatile]] = []
    enough = asyncio.Event()

    def deliver(event: Volatile) -> None:
        found.append((loop.time(), event))
        if len(found) == how_many:
            enough.set()

    coalescer = Coalescer(deliver)
    for event in events:
        coalescer.offer(event)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await enough.wait()
    return found


async def test_the_first_is_told_at_once_and_the_newest_after_a_pause() -> None:
    (_, one), (_, other) = await told_of([beat("1"), beat("2"), beat("3")], 2)
    assert (one.at, other.at) == ("1", "3")


async def test_no_line_of_a_log_is_left_out() -> None:
    told = await told_of([lines("a"), lines("b"), lines("c", "d")], 2)
    said = [line["message"] for _, event in told for line in event.data["lines"]]
    assert said == ["a", "b", "c", "d"]
    assert not any(event.data.get("truncated") for _, event in told)


async def test_more_lines_than_an_event_holds_are_said_to_be_cut() -> None:
    many = [lines("first"), *(lines(f"{number}") for number in range(LINES_MOST + 5))]
    _, (_, event) = await told_of(many, 2)
    assert event.data["truncated"] is True
    assert [line["message"] for line in event.data["lines"]] == [f"{number}" for number in range(5, LINES_MOST + 5)]


async def test_objects_and_clients_do_not_wait_for_each_other() -> None:
    told = await told_of([lines("a"), lines("b", agent="b"), lines("c", client_id="x")], 3)
    assert [event.data["lines"][0]["message"] for _, event in told] == ["a", "b", "c"]
