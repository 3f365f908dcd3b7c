"""What is fetched of what the operator looks at."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from cc_api_client.client import CommandCenterClient
from cc_tui.state.clock import SystemClock
from cc_tui.state.known import Known
from cc_tui.sync.watch import NEIGHBOURS_SECONDS, Watch
from tests.support.rows import detail, row, wire_approval

FIRST, SECOND = row(1).id, row(2).id


class Approvals:
    """Hands out whole items, and remembers of which."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def get(self, approval_id: str) -> Any:
        self.asked.append(approval_id)
        return SimpleNamespace(value=detail(1 if approval_id == FIRST else 2, version=2))


def watched() -> tuple[Known, Watch, Approvals, list[tuple[str, float]]]:
    known, approvals, wanted = Known(), Approvals(), list[tuple[str, float]]()
    known.approvals.load([row(1), row(2)])
    for number in (1, 2):
        known.approvals.put_whole(detail(number), row(number))
    client = cast("CommandCenterClient", SimpleNamespace(approvals=approvals))
    return known, Watch(client, known, SystemClock(), lambda name, wait: wanted.append((name, wait))), approvals, wanted


def told(known: Known, number: int, version: int) -> None:
    """An event told of an edit."""
    known.approvals.put([row(number, version=version)])
    known.approvals.tell_whole(row(number).id, wire_approval(number, version=version))


def test_a_draft_that_an_event_told_whole_is_not_fetched_at_once_but_its_surroundings_are_in_a_while() -> None:
    known, watch, approvals, wanted = watched()
    told(known, 1, version=2)
    told(known, 2, version=2)
    watch.items([FIRST, SECOND], is_moved=False)
    assert wanted == [("near", NEIGHBOURS_SECONDS)]
    asyncio.run(watch.fetch_near())
    assert approvals.asked == [FIRST]
    assert not known.approvals.is_amended(FIRST)


def test_a_neighbour_that_an_event_told_is_fetched_once_the_cursor_rests_on_it() -> None:
    known, watch, approvals, wanted = watched()
    told(known, 2, version=2)
    watch.items([FIRST, SECOND], is_moved=False)
    assert wanted == []
    watch.items([SECOND, FIRST], is_moved=True)
    assert wanted == [("near", NEIGHBOURS_SECONDS)]
    asyncio.run(watch.fetch_near())
    assert approvals.asked == [SECOND]


def test_nothing_is_fetched_of_what_is_at_hand() -> None:
    _, watch, _, wanted = watched()
    watch.items([FIRST, SECOND], is_moved=True)
    watch.items([FIRST, SECOND], is_moved=False)
    assert wanted == []
