"""One view's list: nothing moves under the cursor."""

from __future__ import annotations

import pytest

from cc_tui.state.approvals.lists import ApprovalList, SortKey
from cc_tui.state.approvals.rows import LocalDecision, LocalPhase, View
from cc_tui.state.approvals.store import ApprovalStore
from cc_tui.state.filter import FilterMistake
from cc_tui.state.load import Load
from tests.support.rows import NOON, row, wire_delivery


def filled(*numbers: int) -> tuple[ApprovalStore, ApprovalList]:
    store = ApprovalStore()
    shown = ApprovalList(store, View.PENDING, NOON.timestamp)
    store.set_load(View.PENDING, Load().begun())
    store.load(row(number) for number in numbers)
    store.set_load(View.PENDING, Load().answered(NOON.timestamp()))
    return store, shown


def ids(*numbers: int) -> list[str]:
    return [row(number).id for number in numbers]


def test_the_oldest_comes_first() -> None:
    _store, shown = filled(3, 1, 2)
    assert shown.order == ids(1, 2, 3)


def test_pages_that_follow_are_appended_in_order() -> None:
    store = ApprovalStore()
    shown = ApprovalList(store, View.PENDING, NOON.timestamp)
    store.set_load(View.PENDING, Load().begun())
    store.load([row(1), row(2)])
    store.load([row(4), row(3)])
    assert shown.order == ids(1, 2, 3, 4)
    assert shown.place_of(row(4).id) == 3


def test_what_arrives_later_waits_until_it_is_asked_for() -> None:
    store, shown = filled(1, 2)
    store.put([row(3)])
    assert (shown.order, shown.arrived) == (ids(1, 2), {row(3).id})
    shown.settle()
    assert (shown.order, shown.arrived) == (ids(1, 2, 3), set())


def test_a_decided_row_stays_until_the_list_is_settled() -> None:
    store, shown = filled(1, 2)
    store.put([row(1, version=2, status="approved", delivery=wire_delivery(1))])
    assert shown.order == ids(1, 2)
    assert not shown.is_undecided_here(row(1).id)
    shown.settle()
    assert shown.order == ids(2)


def test_the_next_undecided_row_is_below_else_above() -> None:
    store, shown = filled(1, 2, 3)
    for number in (2, 3):
        store.decide(row(number).id, LocalDecision("approve", LocalPhase.UNDELIVERED, 0.0, str(number)))
    assert shown.next_undecided(1) == 0
    assert shown.next_undecided(2) == 0
    store.decide(row(1).id, LocalDecision("approve", LocalPhase.UNDELIVERED, 0.0, "1"))
    assert shown.next_undecided(0) is None


def test_a_filter_hides_rows_but_keeps_marks() -> None:
    _store, shown = filled(1, 2)
    shown.mark(ids(1, 2))
    shown.set_filter("to~clinic2")
    assert shown.order == ids(2)
    assert shown.marked_not_shown == 1


def test_a_filter_that_cannot_be_read_changes_nothing() -> None:
    _store, shown = filled(1, 2)
    with pytest.raises(FilterMistake):
        shown.set_filter("risc<40")
    assert shown.order == ids(1, 2)


def test_sorting_by_the_same_key_again_turns_the_order_round() -> None:
    store, shown = filled(1, 2)
    store.load([row(3, risk={"score": 90})])
    shown.set_sort(SortKey.RISK)
    assert shown.order[0] == row(3).id
    shown.set_sort(SortKey.RISK)
    assert shown.order[-1] == row(3).id


def test_marking_what_is_marked_unmarks_it() -> None:
    _store, shown = filled(1, 2)
    shown.mark(ids(1))
    shown.mark(ids(1))
    assert shown.marks == set()
    assert shown.mark_shown() == 2


def test_a_mark_goes_when_its_row_is_decided_elsewhere() -> None:
    store, shown = filled(1, 2)
    shown.mark(ids(1))
    store.put([row(1, version=2, status="rejected")])
    assert shown.marks == set()
