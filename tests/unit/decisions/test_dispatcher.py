"""Decisions reach the server exactly as they were made, each under its one key, until it answers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from cc_api_client.errors import (
    CommandCenterError,
    Conflict,
    Forbidden,
    RateLimited,
    ServerFault,
    Unauthorized,
    Unavailable,
    Unreachable,
    VersionConflict,
)
from cc_tui.decisions.delivery.dispatcher import Dispatcher
from cc_tui.decisions.journal import Journal, TroubleKind
from tests.unit.decisions.support import ELSEWHERE, HERE, FakePort, FakeSink, StandingClock, approval, decision


class Desk:
    """A dispatcher with all it needs."""

    def __init__(self, folder: Path) -> None:
        self.clock = StandingClock()
        self.sink = FakeSink()
        self.port = FakePort()
        self.journal = Journal(folder)
        keys = iter(range(1_000))
        self.dispatcher = Dispatcher(self.journal, self.sink, self.clock, Random(1), lambda: f"new-{next(keys)}")

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let the loop turn until something holds; time passes only for the back-off."""
        for _ in range(2_000):
            if holds():
                return
            self.clock.seconds += 0.05
            self.dispatcher.loop.look()
            await asyncio.sleep(0)
        raise AssertionError(f"it never came about; told: {self.sink.told}, sent: {self.port.calls}")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver while the block runs."""
        task = asyncio.create_task(self.dispatcher.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_a_decision_is_on_disk_before_it_is_told_and_gone_once_it_is_confirmed(desk: Desk) -> None:
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision())
        assert [one.key for one in desk.journal.decisions()] == ["k1"]
        await desk.until(lambda: desk.sink.words("k1") == ["undelivered", "confirmed"])
    assert desk.journal.decisions() == []


@pytest.mark.parametrize("trouble", [Unreachable("no answer", sent=True), Unavailable("restarting"), ServerFault("500"),
                                     RateLimited("slow down")])  # fmt: skip
async def test_what_the_server_did_not_answer_is_sent_again_under_the_same_key(
    desk: Desk, trouble: CommandCenterError
) -> None:
    answers: list[CommandCenterError] = [trouble, trouble]
    desk.port.answer = lambda approval_id: answers.pop() if answers else approval(approval_id)
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision())
        await desk.until(lambda: "confirmed" in desk.sink.words("k1"))
    assert desk.port.calls == [("approve", "one", "k1")] * 3


@pytest.mark.parametrize("error", [Conflict("Tom was first"), VersionConflict("it changed")])
async def test_a_conflict_is_told_kept_with_its_sentence_and_never_sent_again(
    desk: Desk, error: CommandCenterError
) -> None:
    desk.port.answer = lambda _id: error
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision())
        await desk.until(lambda: "conflict" in desk.sink.words("k1"))
        desk.dispatcher.reached()
        await desk.until(lambda: desk.dispatcher.loop.is_idle)
    assert len(desk.port.calls) == 1
    assert [one.trouble_kind for one in desk.journal.decisions()] == [TroubleKind.CONFLICT]


async def test_a_key_that_is_taken_again_delivers_what_was_decided_meanwhile(desk: Desk) -> None:
    desk.port.answer = lambda _id: Unauthorized("revoked")
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision())
        await desk.until(lambda: "locked out" in desk.sink.words("k1"))
        assert [one.trouble_kind for one in desk.dispatcher.waiting()] == [None]
        desk.port.answer = lambda one: approval(one, "approved", 4)
        desk.dispatcher.reached()
        await desk.until(lambda: "confirmed" in desk.sink.words("k1"))
    assert {key for _verb, _id, key in desk.port.calls} == {"k1"}


async def test_what_a_refused_key_decided_long_ago_waits_for_a_word_once_the_key_is_taken(desk: Desk) -> None:
    desk.port.answer = lambda _id: Unauthorized("revoked")
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision(decided_at=desk.clock.wall() - 800))
        await desk.until(lambda: "locked out" in desk.sink.words("k1"))
        desk.port.answer = lambda one: approval(one, "approved", 4)
        desk.clock.seconds += 200
        desk.dispatcher.reached()
        await desk.until(lambda: "offered" in desk.sink.words("k1"))
    assert "confirmed" not in desk.sink.words("k1")


async def test_undo_drops_what_a_refused_key_decided(desk: Desk) -> None:
    desk.port.answer = lambda _id: Unauthorized("revoked")
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision())
        await desk.until(lambda: "locked out" in desk.sink.words("k1") and desk.dispatcher.loop.is_idle)
        assert await desk.dispatcher.undo_newest()
    assert desk.journal.decisions() == []


async def test_a_key_that_may_not_keeps_the_decision_and_says_so(desk: Desk) -> None:
    desk.port.answer = lambda _id: Forbidden("read only")
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision())
        await desk.until(lambda: "refused" in desk.sink.words("k1"))
    assert [one.key for one in desk.journal.decisions()] == ["k1"]


async def test_decisions_made_for_another_server_are_never_sent_here(desk: Desk) -> None:
    desk.journal.record(decision("k9", "nine", destination=ELSEWHERE))
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision())
        await desk.until(lambda: "confirmed" in desk.sink.words("k1"))
    assert [key for _verb, _id, key in desk.port.calls] == ["k1"]


async def test_back_within_a_quarter_of_an_hour_it_is_delivered_by_itself_later_only_on_a_word(desk: Desk) -> None:
    desk.dispatcher.decide(decision("old", "one", decided_at=desk.clock.wall() - 1_000))
    desk.dispatcher.decide(decision("new", "two", decided_at=desk.clock.wall() - 800))
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        await desk.until(lambda: "confirmed" in desk.sink.words("new"))
        assert [one.key for one in desk.dispatcher.offered()] == ["old"]
        assert desk.sink.words("old")[-1] == "offered"
        desk.dispatcher.send(["old"])
        await desk.until(lambda: "confirmed" in desk.sink.words("old"))


@pytest.mark.parametrize("trouble", [Unreachable("nobody listens"), Unauthorized("revoked")])
async def test_a_try_that_finds_the_server_after_hours_sends_nothing_without_a_word(
    desk: Desk, trouble: CommandCenterError
) -> None:
    desk.port.answer = lambda _id: trouble
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision())
        await desk.until(lambda: len(desk.port.calls) == 3 and desk.dispatcher.loop.is_idle)
        desk.port.answer = approval
        desk.clock.seconds += 3_600.0
        await desk.until(lambda: desk.sink.words("k1")[-1] in ("offered", "confirmed"))
    assert desk.sink.words("k1")[-1] == "offered"
    assert len(desk.port.calls) == 3


async def test_what_is_to_be_sent_after_all_is_not_asked_about_again_while_the_word_is_fresh(desk: Desk) -> None:
    desk.port.answer = lambda _id: Unreachable("nobody listens")
    desk.dispatcher.decide(decision(decided_at=desk.clock.wall() - 1_000))
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.send(["k1"])
        await desk.until(lambda: len(desk.port.calls) == 3 and desk.dispatcher.loop.is_idle)
        desk.port.answer = approval
        desk.dispatcher.reached()
        await desk.until(lambda: not desk.dispatcher.waiting())
    assert desk.sink.words("k1").count("offered") == 1


async def test_an_offered_decision_can_be_dropped_and_is_never_sent(desk: Desk) -> None:
    desk.journal.record(decision("old", "one", is_offered=True))
    desk.dispatcher.connect(desk.port, HERE)
    desk.dispatcher.drop(["old"])
    assert desk.sink.words("old") == ["offered", "dropped"]
    assert desk.journal.decisions() == []
    assert desk.port.calls == []


async def test_undo_of_an_undelivered_decision_drops_it_without_asking_the_server(desk: Desk) -> None:
    desk.dispatcher.decide(decision())
    desk.dispatcher.connect(desk.port, HERE)
    assert await desk.dispatcher.undo_newest()
    assert desk.sink.words("k1")[-1] == "dropped"
    assert desk.journal.decisions() == []
    assert desk.port.calls == []


async def test_undo_of_a_delivered_decision_asks_the_server_newest_first(desk: Desk) -> None:
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision("k1", "one"))
        desk.dispatcher.decide(decision("k2", "two"))
        await desk.until(lambda: "confirmed" in desk.sink.words("k2") and "confirmed" in desk.sink.words("k1"))
        assert await desk.dispatcher.undo_newest()
        assert await desk.dispatcher.undo_newest()
        assert not await desk.dispatcher.undo_newest()
    assert [(verb, of) for verb, of, _key in desk.port.calls[2:]] == [("undo", "two"), ("undo", "one")]


async def test_undo_of_a_decision_that_may_have_arrived_waits_for_an_answer_and_then_takes_it_back(desk: Desk) -> None:
    answers: list[CommandCenterError] = [Unreachable("no answer", sent=True)] * 3
    desk.port.answer = lambda approval_id: answers.pop() if answers else approval(approval_id)
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision())
        await desk.until(lambda: len(answers) < 3)
        undoing = asyncio.create_task(desk.dispatcher.undo_newest())
        await desk.until(undoing.done)
        assert undoing.result()
    assert [verb for verb, _id, _key in desk.port.calls] == ["approve"] * 4 + ["undo"]
    assert desk.sink.words("k1") == ["undelivered", "undo_waits", "confirmed", "undone"]


@pytest.mark.parametrize("last", [Unreachable("nobody listens"), Unauthorized("revoked")])
async def test_what_an_earlier_try_may_have_brought_is_not_taken_for_unsent(
    desk: Desk, last: CommandCenterError
) -> None:
    last.in_doubt = True
    answers = [last]
    desk.port.answer = lambda approval_id: answers.pop() if answers else approval(approval_id)
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision())
        await desk.until(lambda: not answers)
        undoing = asyncio.create_task(desk.dispatcher.undo_newest())
        await desk.until(undoing.done)
    assert [verb for verb, _id, _key in desk.port.calls] == ["approve", "approve", "undo"]


async def test_a_decision_whose_sending_broke_may_have_arrived_and_is_not_taken_for_unsent(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    answers = [ZeroDivisionError("nobody foresaw this")]
    desk.port.answer = lambda approval_id: answers.pop() if answers else approval(approval_id)
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision())
        await desk.until(lambda: "nobody foresaw" in caplog.text)
        undoing = asyncio.create_task(desk.dispatcher.undo_newest())
        await desk.until(undoing.done)
    assert [verb for verb, _id, _key in desk.port.calls] == ["approve", "approve", "undo"]
    assert desk.sink.words("k1") == ["undelivered", "undo_waits", "confirmed", "undone"]


async def test_undo_pressed_again_says_again_what_it_waits_for_and_takes_back_nothing_else(desk: Desk) -> None:
    desk.port.gate = asyncio.Event()
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision("k1", "one"))
        desk.dispatcher.decide(decision("k2", "two", decided_at=1_001.0))
        await desk.until(lambda: len(desk.port.calls) == 2)
        undoing = asyncio.create_task(desk.dispatcher.undo_newest())
        await desk.until(lambda: "undo_waits" in desk.sink.words("k2"))
        assert await desk.dispatcher.undo_newest()
        desk.port.gate.set()
        assert await undoing
        await desk.until(lambda: "confirmed" in desk.sink.words("k1"))
    assert desk.sink.words("k2").count("undo_waits") == 2
    assert [of for verb, of, _key in desk.port.calls if verb == "undo"] == ["two"]


async def test_two_undos_at_once_take_back_two_decisions(desk: Desk) -> None:
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision("k1", "one"))
        desk.dispatcher.decide(decision("k2", "two", decided_at=1_001.0))
        await desk.until(lambda: not desk.dispatcher.waiting())
        assert all(await asyncio.gather(desk.dispatcher.undo_newest(), desk.dispatcher.undo_newest()))
    assert [(verb, of) for verb, of, _key in desk.port.calls[2:]] == [("undo", "two"), ("undo", "one")]


async def test_undo_of_a_decision_that_turns_out_to_be_too_late_takes_back_no_other(desk: Desk) -> None:
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision("k1", "one"))
        await desk.until(lambda: not desk.dispatcher.waiting())
        desk.port.answer = lambda _id: Conflict("Tom was first")
        desk.port.gate = asyncio.Event()
        desk.dispatcher.decide(decision("k2", "two", decided_at=1_001.0))
        await desk.until(lambda: len(desk.port.calls) == 2)
        undoing = asyncio.create_task(desk.dispatcher.undo_newest())
        await desk.until(lambda: "undo_waits" in desk.sink.words("k2"))
        desk.port.gate.set()
        assert await undoing
    assert desk.sink.words("k1") == ["undelivered", "confirmed"]


async def test_undo_of_a_decision_in_flight_waits_for_its_answer_then_asks_the_server(desk: Desk) -> None:
    desk.port.gate = asyncio.Event()
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision())
        await desk.until(lambda: bool(desk.port.calls))
        undoing = asyncio.create_task(desk.dispatcher.undo_newest())
        await asyncio.sleep(0)
        assert len(desk.port.calls) == 1
        desk.port.gate.set()
        assert await undoing
    assert [verb for verb, _id, _key in desk.port.calls] == ["approve", "undo"]


async def test_an_undo_that_comes_too_late_is_told_and_not_tried_again(desk: Desk) -> None:
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision())
        await desk.until(lambda: "confirmed" in desk.sink.words("k1"))
        desk.port.answer = lambda _id: Conflict("it is sent")
        assert await desk.dispatcher.undo_newest()
        assert not await desk.dispatcher.undo_newest()
    assert desk.sink.words("k1")[-1] == "undo_failed"


async def test_an_undo_that_the_server_did_not_answer_can_be_tried_again(desk: Desk) -> None:
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision())
        await desk.until(lambda: "confirmed" in desk.sink.words("k1"))
        desk.port.answer = lambda _id: Unreachable("cut")
        with pytest.raises(Unreachable):
            await desk.dispatcher.undo_newest()
        desk.port.answer = approval
        assert await desk.dispatcher.undo_newest()


async def test_forty_decisions_are_each_sent_once_in_order_a_few_at_a_time(desk: Desk) -> None:
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        for number in range(40):
            desk.dispatcher.decide(decision(f"k{number:02}", f"item-{number}"))
        await desk.until(lambda: sum(word == "confirmed" for word, _key in desk.sink.told) == 40)
    assert sorted(key for _verb, _id, key in desk.port.calls) == [f"k{number:02}" for number in range(40)]


async def test_what_another_app_left_behind_is_offered_when_the_server_is_reached_again(tmp_path: Path) -> None:
    desk, other = Desk(tmp_path), Journal(tmp_path)
    other.record(decision("k9", "nine"))
    desk.dispatcher.connect(desk.port, HERE)
    assert desk.sink.words("k9") == []
    other._db.close()
    assert other._lock is not None
    os.close(other._lock)
    desk.dispatcher.reached()
    assert desk.sink.words("k9") == ["offered"]
    desk.dispatcher.reached()
    assert desk.sink.words("k9") == ["offered"]


async def test_the_last_moment_ends_as_soon_as_nothing_is_left_to_send(desk: Desk) -> None:
    desk.port.gate = asyncio.Event()
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision("k1", "one"))
        desk.dispatcher.decide(decision("k2", "two"))
        flushing = asyncio.create_task(desk.dispatcher.flush(60.0))
        await desk.until(lambda: len(desk.port.calls) == 2)
        assert not flushing.done()
        desk.port.gate.set()
        assert await flushing == 0


async def test_what_fails_at_last_is_counted_when_the_last_moment_is_over(desk: Desk) -> None:
    desk.port.answer = lambda _id: Unreachable("gone", sent=False)
    desk.dispatcher.connect(desk.port, HERE)
    async with desk.running():
        desk.dispatcher.decide(decision())
        assert await desk.dispatcher.flush(0.05) == 1
