"""A decision can be taken back until its delivery leaves; afterwards it is told which came first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cc_api_client.models.outbox.approvals import Approval
from cc_server.db.tables import deliveries
from cc_server.domain.outbox.decisions import Seen
from cc_server.domain.outbox.sending.claims import Accepted, NotAccepted, Unclear
from rig.house import NOON, TOM, House, later
from tests.server.domain.outbox.changing import EDITED, LIVE, edit, expire, refusal_of


@pytest.mark.parametrize("act", [House.approve, House.reject])
def test_an_undone_decision_is_forgotten_but_told(house: House, act: Callable[..., Any]) -> None:
    draft = house.draft()
    decided = act(house, draft).item
    house.clock.advance(5)
    answer = house.undo(decided, by=TOM)
    item = answer.item
    assert (answer.status, answer.changed) == ("pending", True)
    nothing = (item.decided_by, item.decided_at, item.reason_code, item.reason, item.undo_until)
    assert nothing == (None, None, None, None, None)
    assert item.returned is not None
    assert (item.returned.why, item.returned.decided_by, item.returned.at) == ("undone", "Ana", later(5))


def test_an_undone_approval_recalls_its_delivery_and_can_be_approved_anew(house: House) -> None:
    draft = house.draft()
    undone = house.undo(house.approve(draft).item).item
    assert undone.delivery is not None
    assert undone.delivery.state == "recalled"
    again = house.approve(undone).item
    assert again.returned is None
    assert [row["state"] for row in house.all(deliveries) if row["state"] in LIVE] == ["held"]
    house.leave_hold()
    assert [claimed.delivery["approval_version"] for claimed in house.claim()] == [again.version]


def test_what_was_undone_never_leaves(house: House) -> None:
    house.undo(house.approve(house.draft()).item)
    house.leave_hold()
    assert house.claim() == []


def test_undo_gives_at_least_another_day(house: House) -> None:
    draft = house.draft()
    house.clock.advance(timedelta(hours=71).total_seconds())
    undone = house.undo(house.reject(draft).item).item
    assert undone.expires_at == NOON + timedelta(hours=71 + 24)


def test_undo_does_not_shorten_what_was_left(house: House) -> None:
    draft = house.draft()
    assert house.undo(house.reject(draft).item).item.expires_at == draft.expires_at


def test_undo_keeps_an_edit(house: House) -> None:
    edited = edit(house, house.draft())
    undone = house.undo(house.approve(edited).item).item
    assert undone.body == EDITED["body"]
    assert undone.payload_sha256 == edited.payload_sha256


def test_undo_of_what_is_pending_changes_nothing(house: House) -> None:
    draft = house.draft()
    answer = house.undo(draft)
    assert (answer.status, answer.changed, answer.item) == ("pending", False, draft)


@pytest.mark.parametrize(("act", "code"), [(expire, "expired"), (House.withdraw, "cancelled")])
def test_what_is_final_is_neither_decided_nor_undone(house: House, act: Callable[..., Any], code: str) -> None:
    ended = act(house, house.draft())
    for again in (house.approve, house.reject, house.undo):
        refusal = refusal_of(lambda again=again: again(ended))  # type: ignore[misc]
        assert refusal.code == code
        assert refusal.item == house.now(ended)
    assert house.now(ended) == ended


def test_an_approval_can_be_undone_until_the_sender_takes_it_whatever_the_clock_says(house: House) -> None:
    approved = house.approve(house.draft()).item
    house.clock.advance(3600)
    assert house.undo(approved).changed


def test_what_waits_to_be_tried_again_can_be_undone(house: House) -> None:
    approved = house.approve(house.draft()).item
    house.leave_hold()
    house.settle(house.claim_one(), NotAccepted("busy", is_passing=True))
    assert house.undo(approved).item.status == "pending"


def test_undo_closes_once_it_is_dispatched(house: House) -> None:
    approved = house.approve(house.draft()).item
    house.leave_hold()
    house.claim_one()
    refusal = refusal_of(lambda: house.undo(approved))
    assert refusal.code == "undo_window_closed"
    assert isinstance(refusal.item, Approval)
    assert refusal.item.delivery is not None
    assert refusal.item.delivery.state == "dispatching"


@pytest.mark.parametrize(
    "outcome", [Accepted("file", "x.eml"), NotAccepted("no such mailbox", is_passing=False), Unclear("cut off")]
)
def test_undo_stays_closed_after_it_left(house: House, outcome: Accepted | NotAccepted | Unclear) -> None:
    approved = house.approve(house.draft()).item
    house.leave_hold()
    house.settle(house.claim_one(), outcome)
    assert refusal_of(lambda: house.undo(approved)).code == "undo_window_closed"


def test_a_rejection_can_be_undone_for_ten_minutes(house: House) -> None:
    first, second = house.reject(house.draft()).item, house.reject(house.draft()).item
    house.clock.advance(600)
    assert house.undo(first).changed
    house.clock.advance(1)
    assert refusal_of(lambda: house.undo(second)).code == "undo_window_closed"


def test_undo_of_a_version_that_is_gone_is_refused(house: House) -> None:
    house.approve(draft := house.draft())
    assert refusal_of(lambda: house.undo(draft, seen=Seen(1))).code == "version_conflict"
    assert house.now(draft).status == "approved"
