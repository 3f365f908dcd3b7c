"""What the loop is asked for later: done when it is due, when all keys before it are there, and never lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any, cast

from cc_tui.ui.terminal.driver import FrameDriver
from cc_tui.ui.terminal.painter import Painter
from cc_tui.ui.terminal.turns import Turns
from tests.support.patience import PATIENCE_SECONDS


class StandIn:
    """An app, and a painter, that are told."""

    is_running = True

    def __init__(self) -> None:
        self.painted = 0
        self.failed: list[Exception] = []

    def paint_after(self, call: Callable[[], object]) -> None:
        call()
        self.painted += 1

    def _handle_exception(self, error: Exception) -> None:
        self.failed.append(error)


class Reading(FrameDriver):
    """A driver that still reads for so many looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    @property
    def is_reading(self) -> bool:
        self.looks -= 1
        return self.looks >= 0


def turns_of(app: StandIn, driver: FrameDriver | None = None) -> Turns:
    return Turns(cast("Any", app), cast("Painter", app), lambda: driver, monotonic)


async def test_a_key_is_judged_when_it_is_due_and_not_before() -> None:
    app, done = StandIn(), asyncio.Event()
    due = monotonic() + 0.0125
    turns_of(app).when_read(due, done.set)
    await asyncio.wait_for(done.wait(), PATIENCE_SECONDS)
    assert monotonic() >= due
    assert app.painted == 1


async def test_a_key_is_judged_behind_all_that_was_read_before_it_was_due() -> None:
    app, done, driver = StandIn(), asyncio.Event(), Reading(looks=20)
    turns_of(app, driver).when_read(monotonic(), done.set)
    await asyncio.wait_for(done.wait(), PATIENCE_SECONDS)
    assert driver.looks < 0


async def test_what_was_handed_over_meanwhile_comes_first() -> None:
    order: list[str] = []
    done = asyncio.Event()
    turns = turns_of(StandIn(), Reading(looks=1))
    turns.when_read(monotonic(), lambda: order.append("judged"))
    loop = asyncio.get_running_loop()
    loop.call_soon_threadsafe(order.append, "handed over")
    loop.call_later(0.05, done.set)
    await asyncio.wait_for(done.wait(), PATIENCE_SECONDS)
    assert order == ["handed over", "judged"]


async def test_what_fails_goes_where_the_app_has_its_failures() -> None:
    app = StandIn()

    def fails() -> None:
        raise ValueError("broken")

    turns_of(app).do(fails)
    assert [str(error) for error in app.failed] == ["broken"]


async def test_nothing_is_done_once_the_app_has_ended() -> None:
    app = StandIn()
    app.is_running = False
    turns_of(app).do(lambda: app.failed.append(ValueError("too late")))
    assert app.failed == []
