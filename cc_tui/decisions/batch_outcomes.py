"""What became of batches: written into the state, and said; each item that was not done has its own line in the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cc_api_client.models.outbox.batches import BatchStatus
from cc_tui.decisions.batches import Batch
from cc_tui.decisions.outcomes import locked_out_words
from cc_tui.state.approvals.rows import LocalDecision, LocalPhase, row_of
from cc_tui.state.clock import Clock
from cc_tui.state.known import Known
from cc_tui.state.messages import Level, Message

if TYPE_CHECKING:
    from cc_api_client.models.outbox.approvals import Approval
    from cc_api_client.models.outbox.batches import BatchResult, BatchResultItem

_DONE = {"approve": "approved", "reject": "rejected"}
_WHY = {
    "version_conflict": "it changed since you looked",
    "not_safe": "a flag or the policy keeps it, look at it by itself",
    "expired": "it expired",
    "cancelled": "it was cancelled",
    "not_found": "it is gone, or this key may not see it",
    "not_deliverable": "it can't be delivered",
    "self_approval": "you edited it, somebody else has to approve it",
    "undo_window_closed": "it has left already",
}


class BatchOutcomes:
    """The sink of the batches' sender.

    Args:
        known: the state.
        clock: time.
        tally: what this run decided, by word; kept for the empty queue's words.
        came_back: called with an approval whose decision was taken back.
    """

    def __init__(
        self,
        known: Known,
        clock: Clock,
        tally: dict[str, int],
        came_back: Callable[[str], None],
    ) -> None:
        self._known = known
        self._clock = clock
        self._tally = tally
        self._came_back = came_back

    def batch_kept(self, batch: Batch) -> None:
        """It is on disk; the screen may change now."""
        phase = LocalPhase.UNDELIVERED
        if batch.trouble is not None:
            phase = LocalPhase.REFUSED
        elif batch.is_offered:
            phase = LocalPhase.OFFERED
            self._known.messages.outdate_about(_count(batch))
        reason = batch.reason.code if batch.reason is not None else None
        local = LocalDecision(batch.verb, phase, batch.decided_at, batch.key, reason, batch.trouble)
        for item in batch.left:
            self._known.approvals.decide(item.approval_id, local)
        if batch.trouble is not None:
            self._say(f"{_count(batch)} not {_DONE[batch.verb]}: {batch.trouble}", Level.ERROR)

    def batch_locked_out(self, batch: Batch, sentence: str) -> None:
        """The server does not take the key; that is said once, however often it is tried."""
        known = self._known.approvals.local.get(batch.left[0].approval_id) if batch.left else None
        if known is not None and known.sentence == sentence:
            return
        for item in batch.left:
            local = self._known.approvals.local.get(item.approval_id)
            if local is not None:
                self._known.approvals.decide(item.approval_id, replace(local, sentence=sentence))
        self._known.messages.say(locked_out_words(_count(batch), self._clock.wall()))

    def batch_arrived(self, batch: Batch, items: Sequence[Approval]) -> None:
        """The server has a part of it, and the answer was lost: these stand as the server has them."""
        self._known.approvals.put([row_of(item) for item in items])
        for item in items:
            self._known.approvals.undecide(item.id)
        told = f"{len(batch.arrived)} of {len(batch.items)}"
        words = f"{told} drafts of a batch were {_DONE[batch.verb]} before its answer was lost"
        short = f"{told} {_DONE[batch.verb]}; the rest waits"
        self._say(f"{words}; the rest waits for your word", Level.WARN, short=short)

    def batch_done(self, batch: Batch, result: BatchResult) -> None:
        """The server's word stands from now on."""
        self._take(batch, result.items)
        done = [one for one in result.items if one.status == BatchStatus.DONE]
        self._tally[_DONE[batch.verb]] += len(done)
        self._tally["conflict"] += sum(one.status == BatchStatus.CONFLICT for one in result.items)
        self._tell_each(batch, result.items)
        held = [one.item.delivery for one in done if one.item is not None]
        leaves = [delivery.not_before for delivery in held if delivery is not None]
        until = min(leaves).timestamp() - self._known.link.clock_offset if leaves else None
        if until is not None and until <= self._clock.wall():
            until = None
        undone = len(batch.items) - len(done)
        ends = (", the first leaves in {left}" if until is not None else "") + (" · u undo" if done else "")
        words = f"{_DONE[batch.verb]} {_of(done, batch)}" + (f" (! says why {undone} not)" if undone else "") + ends
        short = f"{len(done)} of {len(batch.items)} {_DONE[batch.verb]}{ends.replace(', the first leaves', ', leaves')}"
        self._say(words, Level.DONE if done else Level.WARN, ("!", "u"), until, short)

    def batch_refused(self, batch: Batch, sentence: str) -> None:
        """Nothing of it was done; all of it waits again."""
        self._undecide(batch)
        self._say(f"nothing was {_DONE[batch.verb]}: {sentence}", Level.ERROR)

    def batch_dropped(self, batch: Batch) -> None:
        """The operator took it back, or dropped it."""
        self._undecide(batch)
        may_have_arrived = batch.is_offered or batch.trouble is not None
        words = "forgotten: {}; each is as the server has it" if may_have_arrived else "taken back: {}, never sent"
        self._say(words.format(_drafts(len(batch.left))), Level.DONE)
        self._came_back((batch.left or batch.items)[0].approval_id)

    def batch_undo_asked(self, batch: Batch) -> None:
        """The server is asked; its answer replaces this, most often at once."""
        self._say(f"asking the server to take back {_count(batch)}", Level.NOTE)

    def batch_undo_waits(self, batch: Batch) -> None:
        """No answer came yet."""
        self._say(f"{_count(batch)}: the server has not answered; when it has, all are taken back", Level.NOTE)

    def batch_undone(self, batch: Batch, result: BatchResult) -> None:
        """The server took back what it could."""
        self._take(batch, result.items)
        done = [one for one in result.items if one.status == BatchStatus.DONE]
        self._tally[_DONE[batch.verb]] -= len(done)
        self._tell_each(batch, result.items)
        words = f"undone: {_of(done, batch)} pending again"
        words += " · ! says why not the others" if len(done) < len(result.items) else ""
        self._say(words, Level.DONE if done else Level.WARN, ("!",))
        if done:
            self._came_back(done[0].id)

    def batch_undo_failed(self, batch: Batch, sentence: str) -> None:
        """The server would not."""
        self._say(f"{_count(batch)} not undone: {sentence}", Level.WARN)

    def _take(self, batch: Batch, items: Iterable[BatchResultItem]) -> None:
        rows = [row_of(one.item) for one in items if one.item is not None]
        self._known.approvals.put(rows)
        self._known.approvals.forget_wholes([row.id for row in rows])
        self._undecide(batch)

    def _undecide(self, batch: Batch) -> None:
        for item in batch.items:
            self._known.approvals.undecide(item.approval_id)

    def _tell_each(self, batch: Batch, items: Iterable[BatchResultItem]) -> None:
        """A line in the log for each item that was not done."""
        who = {item.approval_id: item.recipient for item in batch.items}
        for one in items:
            if one.status != BatchStatus.DONE:
                name = who.get(one.id) or one.id
                self._say(f"{name}: {_why(one)}", Level.NOTE, (name,))

    def _say(
        self, words: str, level: Level, strong: tuple[str, ...] = (), until: float | None = None, short: str = ""
    ) -> None:
        self._known.messages.say(Message(words, level, self._clock.wall(), strong, until, short=short))


def _why(item: BatchResultItem) -> str:
    if item.code == "already_decided" and item.item is not None:
        return f"already {item.item.status}" + (f" by {item.item.decided_by}" if item.item.decided_by else "")
    return _WHY.get(item.code or "", item.code or "not done")


def _count(batch: Batch) -> str:
    return _drafts(len(batch.items))


def _drafts(count: int) -> str:
    return f"{count} draft{'s' if count != 1 else ''}"


def _of(done: list[BatchResultItem], batch: Batch) -> str:
    return _count(batch) if len(done) == len(batch.items) else f"{len(done)} of {_count(batch)}"
