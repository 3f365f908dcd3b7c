"""What became of decisions: written into the state, and said. Knows neither the journal's file nor Textual."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cc_tui.state.approvals.rows import LocalDecision, LocalPhase, row_of
from cc_tui.state.clock import Clock
from cc_tui.state.known import Known
from cc_tui.state.messages import Level, Message
from cc_tui.state.signal import Signal

if TYPE_CHECKING:
    from cc_api_client.models.outbox.approvals import Approval
    from cc_tui.decisions.journal import Decision


class Outcomes:
    """Writes what became of decisions into the state, and says it."""

    def __init__(self, known: Known, clock: Clock) -> None:
        self._known = known
        self._clock = clock
        self.tally: dict[str, int] = {"approved": 0, "rejected": 0, "conflict": 0}
        """What this run decided, for the empty queue's words."""
        self.offers: Signal[None] = Signal()
        """Decisions wait for the operator's word, and it is known that they did not arrive, or can't be known."""
        self.came_back: Signal[str] = Signal()
        """An approval whose decision was taken back."""

    def undelivered(self, decision: Decision) -> None:
        """It is on disk; the screen may change now."""
        self._local(decision, LocalPhase.UNDELIVERED)

    def locked_out(self, decision: Decision, sentence: str) -> None:
        """The server does not take the key; that is said once, however often it is tried."""
        known = self._known.approvals.local.get(decision.approval_id)
        if known is None or known.sentence != sentence:
            self._local(decision, LocalPhase.UNDELIVERED, sentence)
            self._say(locked_out_words(_who(decision), self._clock.wall()))

    def offered(self, decision: Decision) -> None:
        """It waits for the operator's word."""
        self._local(decision, LocalPhase.OFFERED)
        self._known.messages.outdate_about(_who(decision))

    def confirmed(self, decision: Decision, approval: Approval) -> None:
        """The server has it: its word stands from now on."""
        self._known.approvals.put([row_of(approval)])
        self._known.approvals.undecide(decision.approval_id)
        self.tally["approved" if decision.verb == "approve" else "rejected"] += 1
        self._say_confirmed(decision, approval)

    def conflict(self, decision: Decision, sentence: str, approval: Approval | None) -> None:
        """Someone was first, or the draft changed."""
        if approval is not None:
            self._known.approvals.put([row_of(approval)])
            self._known.approvals.forget_wholes([approval.id])
        self._local(decision, LocalPhase.CONFLICT, sentence)
        self.tally["conflict"] += 1
        self._say(Message(f"{_who(decision)}: {sentence}", Level.WARN, self._clock.wall(), (_who(decision),)))

    def refused(self, decision: Decision, sentence: str) -> None:
        """The server will not take it; it is kept under problems."""
        self._local(decision, LocalPhase.REFUSED, sentence)
        self._say(Message(f"{_who(decision)}: {sentence}", Level.ERROR, self._clock.wall(), (_who(decision),)))

    def dropped(self, decision: Decision) -> None:
        """The operator took it back, or dropped it."""
        self._known.approvals.undecide(decision.approval_id)
        may_have_arrived = decision.is_offered or decision.trouble_kind is not None
        words = (
            f"forgotten: {_who(decision)}; the draft is as the server has it"
            if may_have_arrived
            else f"taken back: {_who(decision)}, never sent"
        )
        self._say(Message(words, Level.DONE, self._clock.wall(), (_who(decision),)))

    def undo_asked(self, decision: Decision) -> None:
        """The server is asked; its answer replaces this, most often at once."""
        words = f"asking the server to take back {_who(decision)}"
        self._say(
            Message(words, Level.NOTE, self._clock.wall(), (_who(decision),), short="asking the server to take it back")
        )

    def undo_waits(self, decision: Decision) -> None:
        """No answer came yet."""
        words = f"{_who(decision)}: waits for the server's answer, then it is taken back"
        short = "waits for the server's answer, then takes it back"
        self._say(Message(words, Level.NOTE, self._clock.wall(), (_who(decision),), short=short))

    def undone(self, decision: Decision, approval: Approval) -> None:
        """The server took it back."""
        self._known.approvals.put([row_of(approval)])
        self.tally["approved" if decision.verb == "approve" else "rejected"] -= 1
        words = f"undone: {_who(decision)} is pending again"
        self._say(Message(words, Level.DONE, self._clock.wall(), (_who(decision),)))
        self.came_back.emit(decision.approval_id)

    def undo_failed(self, decision: Decision, sentence: str, approval: Approval | None) -> None:
        """Too late."""
        if approval is not None:
            self._known.approvals.put([row_of(approval)])
        self._say(Message(f"{_who(decision)}: {sentence}", Level.WARN, self._clock.wall(), (_who(decision),)))

    def _say_confirmed(self, decision: Decision, approval: Approval) -> None:
        who = _who(decision)
        if decision.verb == "reject":
            why = approval.reason or str(approval.reason_code or "").replace("_", " ")
            words, short = f"rejected {who}, {why} · u undo", f"rejected {who} · u undo"
            self._say(Message(words, Level.DONE, self._clock.wall(), (who, "u"), short=short))
            return
        delivery = approval.delivery
        until = delivery.not_before.timestamp() - self._known.link.clock_offset if delivery is not None else None
        if until is not None and until <= self._clock.wall():
            until = None
        words = f"approved {who}, leaves in {{left}} · u undo" if until is not None else f"approved {who} · u undo"
        short = words.removeprefix("approved ").replace(",", "") if until is not None else ""
        self._say(Message(words, Level.DONE, self._clock.wall(), (who, "u"), until, short=short))

    def _local(self, decision: Decision, phase: LocalPhase, sentence: str | None = None) -> None:
        reason = decision.reason.code if decision.reason is not None else None
        local = LocalDecision(decision.verb, phase, decision.decided_at, decision.key, reason, sentence)
        self._known.approvals.decide(decision.approval_id, local)

    def _say(self, message: Message) -> None:
        self._known.messages.say(message)


def locked_out_words(what: str, at: float) -> Message:
    """Say of what was decided that it waits for the key."""
    words = f"kept on this disk until the server takes the key: {what} · u takes it back"
    return Message(words, Level.WARN, at, (what, "u"), short="kept until the server takes the key · u undo")


def _who(decision: Decision) -> str:
    return decision.recipient or decision.approval_id
