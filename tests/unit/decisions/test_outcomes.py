"""What became of a decision is shown, counted and said in a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from cc_tui.decisions.journal import Decision, Destination, Reason, Seen, Verb
from cc_tui.decisions.outcomes import Outcomes
from cc_tui.state.approvals.rows import LocalPhase, View
from cc_tui.state.known import Known
from cc_tui.state.messages import Level, Message
from tests.support.rows import NOON, approval, detail, row, wire_delivery
from tests.unit.decisions.support import StandingClock

WHO = "person1@clinic1.example"


class Told:
    """The state with one pending approval, and what is written into it."""

    def __init__(self) -> None:
        self.known = Known()
        self.known.approvals.put([row(1)])
        self.outcomes = Outcomes(self.known, StandingClock())

    @property
    def said(self) -> Message:
        return self.known.messages.newest(1)[0]

    @property
    def phase(self) -> LocalPhase | None:
        local = self.known.approvals.local.get(row(1).id)
        return local.phase if local is not None else None


@pytest.fixture
def told() -> Told:
    return Told()


def decision(verb: Verb = Verb.APPROVE, **changes: Any) -> Decision:
    fields: dict[str, Any] = {
        "key": "k1", "approval_id": row(1).id, "verb": verb, "seen": Seen(1, "0" * 64), "decided_at": 990.0,
        "destination": Destination("server-1", "ana"), "recipient": WHO,
    }  # fmt: skip
    return Decision(**(fields | changes))


def approved(**changes: Any) -> Any:
    return (
        approval(1, status="approved", version=2, delivery=wire_delivery(1)) if not changes else approval(1, **changes)
    )


rejected = {"status": "rejected", "version": 2, "reason_code": "wrong_facts"}


def test_a_decision_is_shown_before_the_server_has_it_and_counted_after(told: Told) -> None:
    told.outcomes.undelivered(decision())
    assert told.phase is LocalPhase.UNDELIVERED
    assert told.outcomes.tally == {"approved": 0, "rejected": 0, "conflict": 0}
    assert not told.known.messages.log
    told.outcomes.confirmed(decision(), approved())
    assert told.phase is None
    assert told.known.approvals.rows[row(1).id].status == "approved"
    assert told.outcomes.tally == {"approved": 1, "rejected": 0, "conflict": 0}


def test_a_confirmed_approval_counts_down_to_its_sending_by_the_servers_clock(told: Told) -> None:
    told.known.link.clock_offset = 100.0
    told.outcomes.confirmed(decision(), approved())
    assert told.said.text == f"approved {WHO}, leaves in {{left}} · u undo"
    assert told.said.until == NOON.timestamp() + 10 - 100
    assert (told.said.level, told.said.strong, told.said.at) == (Level.DONE, (WHO, "u"), 1_000.0)


def test_a_confirmed_approval_without_a_delivery_counts_nothing_down(told: Told) -> None:
    told.outcomes.confirmed(decision(), approved(status="approved", version=2))
    assert (told.said.text, told.said.until) == (f"approved {WHO} · u undo", None)


def test_a_confirmed_rejection_says_why(told: Told) -> None:
    told.outcomes.confirmed(decision(Verb.REJECT), approval(1, **rejected))
    assert told.said.text == f"rejected {WHO}, wrong facts · u undo"
    assert told.outcomes.tally == {"approved": 0, "rejected": 1, "conflict": 0}


def test_a_conflict_shows_what_the_server_has_and_says_it(told: Told) -> None:
    told.known.approvals.put_whole(detail(1), row(1))
    told.outcomes.conflict(decision(), "bo rejected it at 12:00", approval(1, **rejected))
    assert told.phase is LocalPhase.CONFLICT
    assert told.known.approvals.rows[row(1).id].status == "rejected"
    assert told.known.approvals.whole(row(1).id) is None, "the whole item is fetched anew"
    assert (told.said.text, told.said.level) == (f"{WHO}: bo rejected it at 12:00", Level.WARN)
    assert told.outcomes.tally == {"approved": 0, "rejected": 0, "conflict": 1}


def test_a_conflict_without_the_item_is_said_all_the_same(told: Told) -> None:
    told.outcomes.conflict(decision(), "changed", None)
    assert told.phase is LocalPhase.CONFLICT
    assert told.known.approvals.rows[row(1).id].status == "pending"
    assert told.outcomes.tally["conflict"] == 1


def test_a_refusal_stays_on_the_line_until_a_key(told: Told) -> None:
    told.outcomes.refused(decision(), "the key may not do this")
    assert told.phase is LocalPhase.REFUSED
    assert told.known.approvals.view_of(row(1).id) is View.PROBLEMS
    assert told.known.messages.shown == told.said
    assert (told.said.text, told.said.level) == (f"{WHO}: the key may not do this", Level.ERROR)
    assert sum(told.outcomes.tally.values()) == 0


def test_what_waits_for_a_word_is_not_said_again(told: Told) -> None:
    told.outcomes.offered(decision(reason=Reason("other", "x")))
    assert told.phase is LocalPhase.OFFERED
    assert told.known.approvals.local[row(1).id].reason == "other"
    assert not told.known.messages.log


def test_a_decision_that_was_dropped_was_never_sent(told: Told) -> None:
    told.outcomes.undelivered(decision())
    told.outcomes.dropped(decision())
    assert told.phase is None
    assert told.said.text == f"taken back: {WHO}, never sent"
    assert sum(told.outcomes.tally.values()) == 0


@pytest.mark.parametrize(("verb", "counted"), [(Verb.APPROVE, "approved"), (Verb.REJECT, "rejected")])
def test_an_undone_decision_comes_back_and_is_counted_no_longer(verb: Verb, counted: str, told: Told) -> None:
    came_back: list[str] = []
    told.outcomes.came_back.subscribe(came_back.append)
    told.outcomes.confirmed(decision(verb), approved() if verb is Verb.APPROVE else approval(1, **rejected))
    assert told.outcomes.tally[counted] == 1
    told.outcomes.undone(decision(verb), approval(1, version=3))
    assert told.outcomes.tally[counted] == 0
    assert told.known.approvals.rows[row(1).id].status == "pending"
    assert told.said.text == f"undone: {WHO} is pending again"
    assert came_back == [row(1).id]


def test_an_undo_that_came_too_late_changes_no_count(told: Told) -> None:
    told.outcomes.confirmed(decision(), approved())
    sent = approval(1, status="approved", version=3, delivery=wire_delivery(1, state="sent"))
    told.outcomes.undo_failed(decision(), "it is on its way", sent)
    assert (told.said.text, told.said.level) == (f"{WHO}: it is on its way", Level.WARN)
    assert told.known.approvals.rows[row(1).id].delivery.state == "sent"
    assert told.outcomes.tally["approved"] == 1
    told.outcomes.undo_failed(decision(), "the server can't be asked", None)
    assert told.known.approvals.rows[row(1).id].delivery.state == "sent"


def test_what_has_no_recipient_is_named_by_its_id(told: Told) -> None:
    told.outcomes.dropped(decision(recipient=""))
    assert row(1).id in told.said.text


def test_that_u_takes_a_decision_back_is_no_longer_said_once_it_waits_for_a_word(told: Told) -> None:
    told.outcomes.undelivered(decision())
    told.outcomes.locked_out(decision(), "revoked")
    assert told.known.messages.shown is not None
    told.outcomes.offered(decision(key="k2", approval_id=row(2).id, recipient="somebody@else.example"))
    assert told.known.messages.shown is not None
    told.outcomes.offered(decision())
    assert told.known.messages.shown is None
