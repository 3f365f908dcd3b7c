"""A batch is on disk before it is told, sent under its one key until the server answers, and undone as a whole."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cc_api_client.errors import (
    CommandCenterError,
    Forbidden,
    RateLimited,
    ServerFault,
    Unauthorized,
    Unavailable,
    Unprocessable,
    Unreachable,
    VersionConflict,
)
from cc_api_client.models.outbox.batches import BatchResult, BatchResultItem
from cc_tui.decisions.batch_outcomes import BatchOutcomes
from cc_tui.decisions.batches import Batch, BatchedItem, BatchJournal
from cc_tui.decisions.delivery.batch_sender import BatchSender
from cc_tui.decisions.journal import Journal, Reason
from cc_tui.state.approvals.rows import LocalPhase
from cc_tui.state.known import Known
from tests.unit.decisions.support import ELSEWHERE, HERE, StandingClock, approval


def batch(key: str = "b1", *ids: str, **changes: Any) -> Batch:
    """A batch that approves."""
    items = tuple(BatchedItem(one, 3, "ab" * 32, f"{one}@acme.example") for one in ids or ("one", "two"))
    fields: dict[str, Any] = {
        "key": key, "action": "approve_safe", "items": items, "selection_sha256": "cd" * 32, "policy_version": "v7",
        "decided_at": 1_000.0, "destination": HERE,
    }  # fmt: skip
    return Batch(**(fields | changes))


def done(found: Batch) -> BatchResult:
    items = [BatchResultItem(id=one.approval_id, status="done", item=approval(one.approval_id)) for one in found.items]
    return BatchResult(batch_id=f"id of {found.key}", items=items)


class Port:
    """The server's part."""

    def __init__(self) -> None:
        self.answer: Callable[[Batch], BatchResult | CommandCenterError] = done
        self.undo_answer: BatchResult | CommandCenterError | None = None
        self.sent: list[Batch] = []
        self.undone: list[str] = []
        self.gate: asyncio.Event | None = None

    async def commit(self, found: Batch) -> BatchResult:
        self.sent.append(found)
        if self.gate is not None:
            await self.gate.wait()
        answer = self.answer(found)
        if isinstance(answer, CommandCenterError):
            raise answer
        return answer

    async def undo(self, batch_id: str, idempotency_key: str) -> BatchResult:
        self.undone.append(f"{batch_id} by {idempotency_key}")
        if isinstance(self.undo_answer, CommandCenterError):
            raise self.undo_answer
        if self.undo_answer is not None:
            return self.undo_answer
        last = self.sent[-1]
        pending = [approval(one.approval_id, "pending", 5) for one in last.items]
        items = [BatchResultItem(id=one.id, status="done", item=one) for one in pending]
        return BatchResult(batch_id=batch_id, items=items)


class Desk:
    """A sender with a real journal and the real state."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known = Known()
        self.clock = StandingClock()
        self.port = Port()
        self.tally = {"approved": 0, "rejected": 0, "conflict": 0}
        self.back: list[str] = []
        self.file = Journal(folder)
        self.journal = BatchJournal(self.file)
        outcomes = BatchOutcomes(self.known, self.clock, self.tally, self.back.append)
        self.sender = BatchSender(self.journal, outcomes, self.clock, Random(1), lambda: "new key")

    @property
    def is_offered(self) -> bool:
        return LocalPhase.OFFERED in self.phases().values()

    def phases(self) -> dict[str, LocalPhase]:
        return {one: local.phase for one, local in self.known.approvals.local.items()}

    def said(self) -> list[str]:
        return [message.text for message in self.known.messages.log]

    async def until(self, holds: Callable[[], bool]) -> None:
        for _ in range(2_000):
            if holds():
                return
            self.clock.seconds += 0.05
            self.sender.loop.look()
            await asyncio.sleep(0)
        raise AssertionError(f"it never came about; said: {self.said()}, sent: {self.port.sent}")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.sender.connect(self.port, HERE)
        task = asyncio.create_task(self.sender.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_a_batch_is_on_disk_before_it_is_told_and_gone_once_the_server_answered(desk: Desk) -> None:
    desk.sender.decide(batch())
    assert desk.phases() == {"one": LocalPhase.UNDELIVERED, "two": LocalPhase.UNDELIVERED}
    assert desk.journal.batches(HERE) == [batch()]
    async with desk.running():
        await desk.until(lambda: not desk.sender.waiting())
    assert desk.port.sent == [batch()]
    assert desk.phases() == {}
    assert desk.known.approvals.rows["one"].status == "approved"
    assert (desk.tally["approved"], desk.said()[-1]) == (2, "approved 2 drafts · u undo")


async def test_every_part_of_a_batch_survives_the_disk(desk: Desk) -> None:
    told = batch("b2", "one", action="reject", reason=Reason("other", "naïve"), is_offered=True, trouble="why")
    desk.journal.record(told)
    assert desk.journal.batches(HERE) == [told]
    assert desk.journal.batches(ELSEWHERE) == []


@pytest.mark.parametrize(
    "error", [Unreachable("gone", sent=True), Unavailable("busy", status=503), ServerFault("broken", status=500)]
)
async def test_a_batch_is_sent_again_under_its_key_until_the_server_answers(
    desk: Desk, error: CommandCenterError
) -> None:
    desk.port.answer = lambda found: error if len(desk.port.sent) < 3 else done(found)
    async with desk.running():
        desk.sender.decide(batch())
        await desk.until(lambda: not desk.sender.waiting())
    assert [one.key for one in desk.port.sent] == ["b1"] * 3


@pytest.mark.parametrize("error", [Unavailable("restarting", status=503), RateLimited("slow down", status=429)])
async def test_a_batch_waits_as_long_as_the_server_asks_and_no_wake_makes_it_earlier(
    desk: Desk, error: Unavailable | RateLimited
) -> None:
    error.retry_after_seconds = 60.0
    desk.port.answer = lambda found: error if len(desk.port.sent) < 2 else done(found)
    async with desk.running():
        desk.sender.decide(batch())
        await desk.until(lambda: bool(desk.port.sent))
        asked_at = desk.clock.seconds
        await desk.until(lambda: not desk.sender.waiting())
    assert desk.clock.seconds - asked_at >= 59.9
    assert len(desk.port.sent) == 2


async def test_the_last_moment_waits_for_what_is_under_way_and_no_longer(desk: Desk) -> None:
    desk.port.gate = asyncio.Event()
    async with desk.running():
        desk.sender.decide(batch())
        flushing = asyncio.create_task(desk.sender.flush(60.0))
        await desk.until(lambda: bool(desk.port.sent))
        assert not flushing.done()
        desk.port.gate.set()
        assert await flushing == 0
        assert await desk.sender.flush(60.0) == 0


async def test_what_cannot_be_delivered_in_the_last_moment_is_counted(desk: Desk) -> None:
    desk.port.gate = asyncio.Event()
    async with desk.running():
        desk.sender.decide(batch())
        assert await desk.sender.flush(0.05) == 2


async def test_what_was_not_done_is_told_item_by_item(desk: Desk) -> None:
    taken = approval("two", "rejected").model_copy(update={"decided_by": "Ana"})
    desk.port.answer = lambda found: BatchResult(
        batch_id="x",
        items=[BatchResultItem(id="one", status="done", item=approval("one")),
               BatchResultItem(id="two", status="conflict", code="already_decided", item=taken)],
    )  # fmt: skip
    async with desk.running():
        desk.sender.decide(batch())
        await desk.until(lambda: not desk.sender.waiting())
    assert desk.said() == [
        "two@acme.example: already rejected by Ana", "approved 1 of 2 drafts (! says why 1 not) · u undo",
    ]  # fmt: skip
    assert desk.tally == {"approved": 1, "rejected": 0, "conflict": 1}


@pytest.mark.parametrize("error", [VersionConflict("the policy changed", status=412), Unprocessable("no", status=422)])
async def test_a_list_that_is_no_longer_true_does_nothing_and_waits_again(
    desk: Desk, error: CommandCenterError
) -> None:
    desk.port.answer = lambda _found: error
    async with desk.running():
        desk.sender.decide(batch())
        await desk.until(lambda: not desk.sender.waiting())
        assert not await desk.sender.undo_newest()
    assert desk.phases() == {}
    assert desk.said() == [f"nothing was approved: {error}"]


async def test_a_key_that_may_not_keeps_the_batch_and_says_why(desk: Desk) -> None:
    desk.port.answer = lambda _found: Forbidden("read only", status=403)
    async with desk.running():
        desk.sender.decide(batch())
        await desk.until(lambda: LocalPhase.REFUSED in desk.phases().values())
        assert [one.trouble for one in desk.sender.waiting()] == ["read only"]
        desk.sender.drop(["b1"])
    assert (desk.sender.waiting(), desk.phases()) == ([], {})


async def test_a_batch_waits_for_the_key_to_be_taken_again_and_that_is_said_once(desk: Desk) -> None:
    desk.port.answer = lambda _found: Unauthorized("the key is not accepted", status=401)
    async with desk.running():
        desk.sender.decide(batch())
        await desk.until(lambda: len(desk.port.sent) == 1 and desk.sender.loop.is_idle)
        desk.sender.reached()
        await desk.until(lambda: len(desk.port.sent) == 2 and desk.sender.loop.is_idle)
        told = [one for one in desk.known.messages.newest(9) if "until the server takes the key" in one.text]
        assert (len(told), set(desk.phases().values())) == (1, {LocalPhase.UNDELIVERED})
        desk.port.answer = done
        desk.sender.reached()
        await desk.until(lambda: not desk.sender.waiting())


async def test_undo_before_the_delivery_drops_it_and_nothing_is_sent(desk: Desk) -> None:
    desk.sender.decide(batch())
    assert await desk.sender.undo_newest()
    async with desk.running():
        await asyncio.sleep(0)
    assert (desk.port.sent, desk.phases()) == ([], {})
    assert desk.said() == ["taken back: 2 drafts, never sent"]


async def test_undo_after_the_delivery_asks_the_server_for_the_whole_batch(desk: Desk) -> None:
    async with desk.running():
        desk.sender.decide(batch())
        await desk.until(lambda: not desk.sender.waiting())
        assert await desk.sender.undo_newest()
        assert not await desk.sender.undo_newest()
    assert desk.port.undone == ["id of b1 by new key"]
    assert (desk.back, desk.tally["approved"]) == (["one"], 0)
    assert desk.said()[-1] == "undone: 2 drafts pending again"


async def test_undo_while_it_is_being_sent_waits_for_the_answer_first(desk: Desk) -> None:
    desk.port.gate = asyncio.Event()
    async with desk.running():
        desk.sender.decide(batch())
        await desk.until(lambda: bool(desk.port.sent))
        undoing = asyncio.create_task(desk.sender.undo_newest())
        await asyncio.sleep(0)
        desk.port.gate.set()
        assert await undoing
    assert (len(desk.port.sent), len(desk.port.undone)) == (1, 1)


async def test_undo_of_a_batch_that_may_have_arrived_waits_for_an_answer_and_then_takes_it_back(desk: Desk) -> None:
    desk.port.answer = lambda found: Unreachable("cut off", sent=True) if len(desk.port.sent) < 4 else done(found)
    async with desk.running():
        desk.sender.decide(batch())
        await desk.until(lambda: bool(desk.port.sent))
        undoing = asyncio.create_task(desk.sender.undo_newest())
        await desk.until(lambda: bool(desk.said()))
        assert desk.said() == ["2 drafts: the server has not answered; when it has, all are taken back"]
        assert desk.sender.waiting() == [batch()]
        await desk.until(undoing.done)
    assert desk.port.undone == ["id of b1 by new key"]
    assert desk.said()[-1] == "undone: 2 drafts pending again"


async def test_an_old_batch_is_sent_only_on_a_word(desk: Desk) -> None:
    desk.sender.decide(batch(decided_at=0.0))
    async with desk.running():
        await desk.until(lambda: desk.is_offered)
        assert desk.port.sent == []
        desk.sender.send(["b1"])
        await desk.until(lambda: not desk.sender.waiting())
    assert [one.key for one in desk.port.sent] == ["b1"]


async def test_a_try_that_finds_the_server_after_hours_sends_no_batch_without_a_word(desk: Desk) -> None:
    desk.port.answer = lambda _found: Unreachable("nobody listens")
    async with desk.running():
        desk.sender.decide(batch())
        await desk.until(lambda: len(desk.port.sent) == 3 and desk.sender.loop.is_idle)
        desk.port.answer = done
        desk.clock.seconds += 3_600.0
        await desk.until(lambda: desk.is_offered or not desk.sender.waiting())
        assert desk.is_offered
        desk.sender.send(["b1"])
        await desk.until(lambda: not desk.sender.waiting())
    assert len(desk.port.sent) == 4


async def test_a_batch_of_an_app_that_is_gone_is_adopted_and_offered(desk: Desk, tmp_path: Path) -> None:
    desk.sender.decide(batch())
    desk.file._db.close()
    descriptor = desk.file._lock
    assert descriptor is not None

    os.close(descriptor)
    heir = Desk(tmp_path)
    assert heir.file.adopt_orphans() == 1
    assert heir.journal.batches(HERE) == [replace(batch(), is_offered=True)]
    async with heir.running():
        await heir.until(lambda: heir.is_offered)
    assert heir.port.sent == []


async def test_a_journal_with_a_batch_in_it_stays(desk: Desk) -> None:
    desk.sender.decide(batch())
    desk.file.close()
    assert desk.file.path.exists()
