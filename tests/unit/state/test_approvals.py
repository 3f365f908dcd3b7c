"""The store of approvals: rows, versions, counts, and what was decided here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cc_tui.state.approvals.lists import ApprovalList
from cc_tui.state.approvals.rows import ApprovalRow, LocalDecision, LocalPhase, View, Weight, word_of
from cc_tui.state.approvals.store import DECIDED_KEPT, LOOKED_EVERY, UNOPENED_KEPT, ApprovalStore, Counts
from cc_tui.state.load import Load
from tests.support.rows import NOON, detail, flag, row, wire_delivery


def store_with(*numbers: int) -> ApprovalStore:
    store = ApprovalStore()
    store.load(row(number) for number in numbers)
    store.set_counts(Counts(pending=len(numbers)))
    return store


def decision(phase: LocalPhase = LocalPhase.UNDELIVERED) -> LocalDecision:
    return LocalDecision("approve", phase, NOON.timestamp(), "key-1")


def test_an_older_version_never_replaces_a_newer_one() -> None:
    store = ApprovalStore()
    store.put([row(1, version=3, subject="new")])
    store.put([row(1, version=2, subject="old")])
    assert store.rows[row(1).id].subject == "new"


def test_a_draft_that_was_judged_again_shows_the_newer_word_under_the_same_version() -> None:
    store = ApprovalStore()
    store.put([row(1, safe=False)])
    store.put([row(1, safe=True)])
    assert store.rows[row(1).id].safe
    store.put([row(1, safe=True, subject="told again")])
    assert store.rows[row(1).id].subject != "told again"


def test_a_row_that_leaves_a_view_moves_the_counts() -> None:
    store = store_with(1, 2)
    store.put([row(1, version=2, status="approved", delivery=wire_delivery(1))])
    assert (store.counts.pending, store.counts.leaving) == (1, 1)


def test_a_new_pending_row_is_counted() -> None:
    store = store_with(1)
    store.put([row(2)])
    assert store.counts.pending == 2


def test_a_change_of_an_unknown_row_makes_the_counts_doubtful() -> None:
    store = store_with(1)
    store.put([row(9, status="rejected")])
    assert store.counts_doubtful


def test_an_undelivered_decision_counts_as_a_problem_and_no_longer_as_pending() -> None:
    store = store_with(1, 2)
    store.decide(row(1).id, decision())
    assert (store.counts.pending, store.counts.problems, store.undelivered_count) == (1, 1, 1)
    store.undecide(row(1).id)
    assert (store.counts.pending, store.counts.problems) == (2, 0)


def test_a_conflict_stands_under_problems_until_it_is_dropped() -> None:
    store = store_with(1)
    store.put([row(1, version=2, status="rejected")])
    store.decide(row(1).id, decision(LocalPhase.CONFLICT))
    assert store.view_of(row(1).id) is View.PROBLEMS
    assert (store.counts.problems, store.counts.rejected) == (1, 1)


def test_rows_that_the_server_no_longer_has_are_dropped_but_not_those_that_just_came() -> None:
    store = store_with(1, 2)
    began = row(2).created_at
    store.forget_missing(View.PENDING, store.in_view(View.PENDING), before=began)
    assert list(store.rows) == [row(2).id]


def test_a_whole_item_older_than_its_row_is_not_at_hand() -> None:
    store = store_with(1)
    store.put_whole(detail(1), row(1))
    assert store.whole(row(1).id) is not None
    store.put([row(1, version=2)])
    assert store.whole(row(1).id) is None


def test_the_heaviest_flag_weighs_and_an_unknown_severity_is_a_warning() -> None:
    flags = [flag(severity="info"), flag(severity="catastrophic")]
    assert row(1, risk={"score": 5, "parts": [], "flags": flags}).weight is Weight.WARN


def test_blocked_items_stand_under_problems() -> None:
    returned = {"why": "blocked", "reasons": ["stale"], "at": NOON.isoformat()}
    assert row(1, returned=returned).view is View.PROBLEMS


def decided(number: int, status: str) -> ApprovalRow:
    """A row that was decided, later numbers later; made cheaply, many of them."""
    one, word = _DECIDED[status], word_of("Ana", NOON.timestamp() + number, "")
    return replace(one, id=f"{status}-{number}", alike=replace(one.alike, word=word))


_DECIDED = {
    "sent": row(1, status="approved", delivery=wire_delivery(1, state="sent")),
    "rejected": row(1, status="rejected"),
    "expired": row(1, status="expired"),
    "cancelled": row(1, status="cancelled"),
}
A_DAY = 5 * (DECIDED_KEPT + LOOKED_EVERY)


@pytest.mark.parametrize("status", sorted(_DECIDED))
@pytest.mark.parametrize("is_opened", [True, False])
def test_a_day_of_events_keeps_the_newest_decided_rows_and_no_more(status: str, is_opened: bool) -> None:
    store = store_with(1, 2)
    for view in View if is_opened else ():
        store.set_load(view, Load().answered(NOON.timestamp()))
    for number in range(A_DAY):
        store.put([decided(number, status)])
    kept = DECIDED_KEPT if is_opened and status != "cancelled" else UNOPENED_KEPT
    ended = [one for one in store.rows.values() if one.is_decided]
    assert kept <= len(ended) < kept + LOOKED_EVERY
    newest = range(A_DAY - kept, A_DAY)
    assert {one.id for one in ended} >= {f"{status}-{number}" for number in newest}
    assert {row(1).id, row(2).id} <= store.rows.keys()


def test_a_row_that_a_decision_a_mark_or_a_list_needs_is_never_let_go() -> None:
    store = ApprovalStore()
    shown = ApprovalList(store, View.SENT, NOON.timestamp)
    other = ApprovalList(store, View.PENDING, NOON.timestamp)
    store.set_load(View.SENT, Load().begun())
    store.load([decided(0, "sent")])
    store.set_load(View.SENT, Load().answered(NOON.timestamp()))
    store.decide("rejected-0", decision(LocalPhase.CONFLICT))
    other.mark(["expired-0"])
    for number in range(A_DAY):
        store.put([decided(number, status) for status in ("sent", "rejected", "expired")])
    assert {"sent-0", "rejected-0", "expired-0"} <= store.rows.keys()
    assert "sent-1" not in store.rows
    assert shown.order == ["sent-0"]


def test_a_list_that_is_settled_again_and_again_does_not_keep_all_that_it_ever_showed() -> None:
    store = ApprovalStore()
    shown = ApprovalList(store, View.SENT, NOON.timestamp)
    store.set_load(View.SENT, Load().begun())
    store.load([decided(0, "sent")])
    store.set_load(View.SENT, Load().answered(NOON.timestamp()))
    for number in range(1, A_DAY):
        store.put([decided(number, "sent")])
        if number % 300 == 0:
            shown.settle()
    assert len(store.rows) <= 2 * DECIDED_KEPT + LOOKED_EVERY
    assert len(shown.order) <= DECIDED_KEPT
    assert all(one in store.rows for one in shown.order)
