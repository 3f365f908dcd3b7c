"""What an earlier start left behind: what had arrived is settled, and only the rest is offered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from cc_api_client.errors import CommandCenterError, NotFound, Unreachable
from cc_api_client.models.outbox.approvals import Approval
from cc_api_client.models.outbox.batches import BatchResult, BatchResultItem
from cc_tui.decisions.batch_outcomes import BatchOutcomes
from cc_tui.decisions.batches import Batch, BatchedItem, BatchJournal
from cc_tui.decisions.deciding import Deciding
from cc_tui.decisions.delivery.batch_sender import BatchSender
from cc_tui.decisions.delivery.dispatcher import Dispatcher
from cc_tui.decisions.journal import Journal
from cc_tui.decisions.outcomes import Outcomes
from cc_tui.state.known import Known
from tests.unit.decisions.support import HERE, FakePort, StandingClock, approval, decision, rejection


class BatchesPort:
    """Answers a batch as done."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.undone: list[str] = []

    async def commit(self, batch: Batch) -> BatchResult:
        self.sent.append(batch.key)
        return BatchResult(batch_id="b", items=list(_done(batch, "approved", 4)))

    async def undo(self, batch_id: str, idempotency_key: str) -> BatchResult:
        del idempotency_key
        self.undone.append(batch_id)
        return BatchResult(batch_id=batch_id, items=[])


def _done(batch: Batch, status: str, version: int) -> Iterable[BatchResultItem]:
    for one in batch.items:
        yield BatchResultItem(id=one.approval_id, status="done", item=approval(one.approval_id, status, version))


class Desk:
    """Both senders on a real journal, with the real state."""

    def __init__(self, folder: Path) -> None:
        self.known, self.clock, self.port, self.batches = Known(), StandingClock(), FakePort(), BatchesPort()
        self.journal, self.offers = Journal(folder), 0
        told, rng = Outcomes(self.known, self.clock), Random(1)
        batch_told = BatchOutcomes(self.known, self.clock, told.tally, told.came_back.emit)
        self.deciding = Deciding(
            Dispatcher(self.journal, told, self.clock, rng, lambda: "new"),
            BatchSender(BatchJournal(self.journal), batch_told, self.clock, rng, lambda: "new"),
            self._offered,
        )

    def _offered(self) -> None:
        self.offers += 1

    def said(self) -> list[str]:
        return [message.text for message in self.known.messages.log]

    async def until(self, holds: Callable[[], bool]) -> None:
        for _ in range(2_000):
            if holds():
                return
            await asyncio.sleep(0)
        raise AssertionError(f"it never came about; said: {self.said()}")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        deciding = self.deciding
        deciding.connect(self.port, self.batches, HERE)
        tasks = [asyncio.create_task(one) for one in (deciding.run(), deciding.singles.run(), deciding.batches.run())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def batch() -> Batch:
    items = tuple(BatchedItem(one, 3, "ab" * 32, f"{one}@acme.example") for one in ("one", "two"))
    return Batch("b1", "approve", items, "cd" * 32, "v7", 1_000.0, HERE, is_offered=True)


def ours(approval_id: str, status: str = "approved") -> Approval:
    return approval(approval_id, status, 4, decided_by="ana")


async def test_what_had_arrived_is_settled_without_a_word_and_can_be_taken_back(desk: Desk) -> None:
    desk.journal.record(decision("k1", "one", is_offered=True))
    desk.port.kept = ours
    async with desk.running():
        await desk.until(lambda: not desk.deciding.singles.waiting())
        assert (desk.offers, desk.known.approvals.local, desk.port.calls) == (0, {}, [])
        assert desk.known.approvals.rows["one"].status == "approved"
        assert await desk.deciding.undo_newest()
    assert [verb for verb, _id, _key in desk.port.calls] == ["undo"]


@pytest.mark.parametrize(
    "kept",
    [
        approval("two", "pending", 3),
        approval("two", "approved", 4, decided_by="ana"),
        approval("two", "rejected", 4, decided_by="tom"),
        approval("two", "rejected", 5, decided_by="ana"),
        approval("two", "pending", 5),
        NotFound("no such approval", status=404),
    ],
    ids=["pending", "other verb", "other person", "later", "taken back", "gone"],
)
async def test_what_the_server_does_not_have_from_this_key_waits_for_a_word(
    desk: Desk, kept: Approval | CommandCenterError
) -> None:
    desk.journal.record(decision("k0", "zero", is_offered=True))
    rejected = rejection()
    desk.journal.record(rejected)
    desk.journal.offer([rejected.key])
    desk.port.kept = lambda approval_id: kept if approval_id == "two" else ours(approval_id)
    async with desk.running():
        await desk.until(lambda: desk.offers > 0)
    assert [one.key for one in desk.deciding.singles.offered()] == [rejected.key]
    assert desk.port.calls == []


async def test_a_server_that_cannot_be_asked_is_asked_again_when_it_is_reached(desk: Desk) -> None:
    desk.journal.record(decision("k1", "one", is_offered=True))
    desk.port.kept = lambda _id: Unreachable("gone")
    async with desk.running():
        await desk.until(lambda: desk.offers > 0)
        desk.port.kept = ours
        desk.deciding.reached()
        await desk.until(lambda: not desk.deciding.singles.waiting())
    assert desk.offers == 1


async def test_what_waited_too_long_is_asked_about_also_where_the_link_was_never_seen_to_break(desk: Desk) -> None:
    async with desk.running():
        desk.port.answer = lambda _id: Unreachable("nobody listens")
        desk.deciding.singles.decide(decision())
        await desk.until(lambda: bool(desk.port.calls) and desk.deciding.singles.loop.is_idle)
        desk.port.answer = approval
        desk.clock.seconds += 3_600.0
        desk.deciding.singles.loop.look()
        await desk.until(lambda: desk.offers > 0 or not desk.deciding.singles.waiting())
    assert (desk.offers, len(desk.port.calls)) == (1, 1)


async def test_what_was_offered_once_is_not_offered_at_every_reach(desk: Desk) -> None:
    desk.journal.record(decision("k1", "one", is_offered=True))
    async with desk.running():
        await desk.until(lambda: desk.offers == 1)
        desk.deciding.reached()
        await desk.until(lambda: len(desk.port.asked) == 2)
        await desk.until(lambda: not desk.deciding._look.is_set())
    assert desk.offers == 1


async def test_a_batch_that_had_arrived_is_asked_for_its_answer_and_undone_as_a_whole(desk: Desk) -> None:
    BatchJournal(desk.journal).record(batch())
    desk.port.kept = ours
    async with desk.running():
        await desk.until(lambda: not desk.deciding.batches.waiting())
        assert (desk.offers, desk.known.approvals.local) == (0, {})
        assert await desk.deciding.undo_newest()
    assert (desk.batches.sent, desk.batches.undone) == (["b1"], ["b"])


def half_done(approval_id: str) -> Approval:
    return ours(approval_id) if approval_id == "one" else approval("two", "pending", 3)


async def test_the_part_of_a_batch_that_had_arrived_stands_as_decided_and_only_the_rest_is_offered(desk: Desk) -> None:
    BatchJournal(desk.journal).record(batch())
    desk.port.kept = half_done
    async with desk.running():
        await desk.until(lambda: desk.offers > 0)
        assert (desk.batches.sent, [one.key for one in desk.deciding.batches.offered()]) == ([], ["b1"])
        assert list(desk.known.approvals.local) == ["two"]
        assert desk.known.approvals.rows["one"].status == "approved"
        assert desk.deciding.waiting_count() == 1
        told = "1 of 2 drafts of a batch were approved before its answer was lost; the rest waits for your word"
        assert desk.said() == [told]
        desk.deciding.reached()
        await desk.until(lambda: len(desk.port.asked) == 4)
    assert desk.said() == [told]


async def test_the_part_of_a_batch_that_had_arrived_can_be_taken_back_by_itself(desk: Desk) -> None:
    BatchJournal(desk.journal).record(batch())
    desk.port.kept = half_done
    async with desk.running():
        await desk.until(lambda: desk.offers > 0)
        assert await desk.deciding.undo_newest()
        assert [(verb, one) for verb, one, _key in desk.port.calls] == [("undo", "one")]
        assert not await desk.deciding.undo_newest()
    assert [one.key for one in desk.deciding.batches.offered()] == ["b1"]


async def test_the_rest_of_a_batch_goes_on_a_word_under_its_key_and_is_taken_back_as_a_whole(desk: Desk) -> None:
    BatchJournal(desk.journal).record(batch())
    desk.port.kept = half_done
    async with desk.running():
        await desk.until(lambda: desk.offers > 0)
        desk.deciding.send(["b1"])
        await desk.until(lambda: not desk.deciding.batches.waiting())
        assert await desk.deciding.undo_newest()
        assert not await desk.deciding.undo_newest()
    assert (desk.batches.sent, desk.batches.undone, desk.port.calls) == (["b1"], ["b"], [])


async def test_the_rest_of_a_batch_that_is_forgotten_is_counted_without_what_had_arrived(desk: Desk) -> None:
    BatchJournal(desk.journal).record(batch())
    desk.port.kept = half_done
    async with desk.running():
        await desk.until(lambda: desk.offers > 0)
        desk.deciding.drop(["b1"])
    assert desk.said()[-1] == "forgotten: 1 draft; each is as the server has it"
    assert (desk.deciding.waiting_count(), desk.known.approvals.local) == (0, {})


async def test_a_batch_whose_items_others_decided_is_offered_and_not_sent(desk: Desk) -> None:
    BatchJournal(desk.journal).record(batch())
    desk.port.kept = lambda approval_id: approval(approval_id, "approved", 4, decided_by="tom")
    async with desk.running():
        await desk.until(lambda: desk.offers > 0)
    assert desk.batches.sent == []
