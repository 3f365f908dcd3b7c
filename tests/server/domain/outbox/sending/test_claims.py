"""A delivery is claimed once, settled once, and found again when its sender was cut off."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cc_api_client.models.outbox.approvals import Approval
from cc_server.db.tables import approvals, email_history
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.outbox import deliveries
from cc_server.domain.outbox.sending import claims
from cc_server.domain.outbox.sending.claims import Claimed, NotAccepted, Unclear
from cc_server.domain.work import agents
from rig.house import AGENT, NOON, House, later
from tests.server.domain.outbox.sending.claimed import ACCEPTED, delivery_of, dispatched, state_of

BUSY = NotAccepted("the server is busy", is_passing=True)
GONE = NotAccepted("no such mailbox", is_passing=False)


def approval_of(house: House, claimed: Claimed) -> Approval:
    (found,) = (row["id"] for row in house.all(approvals) if row["id"] == claimed.delivery["approval_id"])
    draft = Approval(id=found, client_id="", kind="", status="", created_at=NOON)
    return house.now(draft)


def test_nothing_leaves_before_its_hold_is_over(house: House) -> None:
    house.approve(house.draft())
    house.clock.set(later(10) - timedelta(microseconds=1))
    assert house.claim() == []
    house.clock.set(later(10))
    assert len(house.claim()) == 1


def test_what_nobody_approved_is_never_claimed(house: House) -> None:
    house.draft()
    house.reject(house.draft())
    house.withdraw(house.draft())
    house.clock.advance(3600)
    assert house.claim() == []


def test_a_claim_takes_a_lease_and_names_the_delivery_by_a_stable_key(house: House) -> None:
    draft = house.draft()
    house.approve(draft)
    house.clock.set(later(10))
    claimed = house.claim_one()
    assert claimed.stable_key == f"apr_{draft.id}_v2"
    assert (claimed.to_email, claimed.subject, claimed.body) == (draft.to_email, draft.subject, draft.body)
    assert (claimed.delivery["state"], claimed.delivery["attempt"]) == ("dispatching", 1)
    assert claimed.delivery["lease_until"] == later(70)
    assert house.claim() == []


def test_the_oldest_due_are_claimed_first_and_no_more_than_asked(house: House) -> None:
    drafts = []
    for _ in range(5):
        drafts.append(house.draft())
        house.approve(drafts[-1])
        house.clock.advance(1)
    house.leave_hold()
    told = [claimed.delivery["approval_id"] for claimed in [*house.claim(3), *house.claim(3)]]
    assert told == [draft.id for draft in drafts]


def test_the_sender_is_told_when_to_look_next(house: House) -> None:
    assert house.db.read_sync(claims.next_look) is None
    house.approve(house.draft())
    assert house.db.read_sync(claims.next_look) == later(10)
    house.clock.set(later(10))
    house.claim_one()
    assert house.db.read_sync(claims.next_look) == later(70)


def test_what_was_accepted_is_sent_and_becomes_history(house: House) -> None:
    claimed = dispatched(house)
    assert house.settle(claimed, ACCEPTED)
    delivery = delivery_of(house, claimed)
    assert (delivery["state"], delivery["provider"], delivery["provider_message_id"]) == ("sent", "file", "x.eml")
    assert (delivery["sent_at"], delivery["lease_until"], delivery["error"]) == (house.clock.now(), None, None)
    (mail,) = house.all(email_history)
    assert (mail["to_email"], mail["subject"]) == (claimed.to_email, claimed.subject)
    assert mail["approval_id"] == claimed.delivery["approval_id"]
    assert house.kept_counts() == house.real_counts()


def test_the_approvals_own_version_stays_while_its_delivery_moves_on(house: House) -> None:
    claimed = dispatched(house)
    house.settle(claimed, ACCEPTED)
    approval = approval_of(house, claimed)
    assert approval.version == 2
    assert approval.delivery is not None
    assert (approval.delivery.state, approval.delivery.version) == ("sent", 3)


def test_each_change_of_a_delivery_is_told(house: House) -> None:
    claimed = dispatched(house)
    house.settle(claimed, BUSY)
    house.clock.advance(10)
    house.settle(house.claim_one(), ACCEPTED)
    told = [event for event in house.events() if event["type"] == "delivery.changed"]
    assert [event["data"]["state"] for event in told] == ["dispatching", "retry_wait", "dispatching", "sent"]
    assert [event["version"] for event in told] == [2, 3, 4, 5]
    assert {event["id"] for event in told} == {claimed.delivery["id"]}


def test_a_passing_refusal_is_tried_again_five_times_ever_later_then_fails(house: House) -> None:
    claimed = dispatched(house)
    waits = []
    for _ in range(5):
        assert house.settle(claimed, BUSY)
        delivery = delivery_of(house, claimed)
        assert (delivery["state"], delivery["error"]) == ("retry_wait", "the server is busy")
        waits.append((delivery["not_before"] - house.clock.now()).total_seconds())
        house.clock.set(delivery["not_before"] - timedelta(microseconds=1))
        assert house.claim() == []
        house.clock.set(delivery["not_before"])
        claimed = house.claim_one()
    assert waits == [10, 20, 40, 80, 160]
    assert house.settle(claimed, BUSY)
    assert state_of(house, claimed) == "failed"
    house.clock.advance(3600)
    assert house.claim() == []
    assert house.kept_counts() == house.real_counts()


def test_every_attempt_goes_under_the_same_stable_key(house: House) -> None:
    first = dispatched(house)
    house.settle(first, BUSY)
    house.clock.advance(10)
    second = house.claim_one()
    assert (first.stable_key, second.delivery["attempt"]) == (second.stable_key, 2)


def test_a_refusal_for_good_fails_at_once(house: House) -> None:
    claimed = dispatched(house)
    assert house.settle(claimed, GONE)
    assert (state_of(house, claimed), delivery_of(house, claimed)["error"]) == ("failed", "no such mailbox")
    assert house.all(email_history) == []
    house.clock.advance(3600)
    assert house.claim() == []


def test_an_attempt_is_settled_once(house: House) -> None:
    claimed = dispatched(house)
    assert house.settle(claimed, ACCEPTED)
    events = house.events()
    for outcome in (ACCEPTED, BUSY, GONE, Unclear("?")):
        assert not house.settle(claimed, outcome)
    assert (state_of(house, claimed), house.events()) == ("sent", events)
    assert len(house.all(email_history)) == 1


def test_an_unclear_end_is_unknown_and_never_sent_again_by_itself(house: House) -> None:
    claimed = dispatched(house)
    assert house.settle(claimed, Unclear("the connection broke"))
    house.clock.advance(3600)
    assert house.reap(knows_stable_keys=True) == 0
    assert house.claim() == []
    assert state_of(house, claimed) == "unknown"


def test_a_lost_lease_is_unknown_where_the_provider_knows_no_stable_keys(house: House) -> None:
    claimed = dispatched(house)
    house.clock.advance(59)
    assert house.reap(knows_stable_keys=False) == 0
    house.clock.advance(1)
    assert house.reap(knows_stable_keys=False) == 1
    assert state_of(house, claimed) == "unknown"
    house.clock.advance(3600)
    assert house.claim() == []
    assert house.kept_counts() == house.real_counts()


def test_a_lost_lease_is_tried_again_where_the_provider_knows_stable_keys(house: House) -> None:
    first = dispatched(house)
    house.clock.advance(60)
    assert house.reap(knows_stable_keys=True) == 1
    second = house.claim_one()
    assert (second.stable_key, second.delivery["attempt"]) == (first.stable_key, 2)


def test_a_late_accepted_is_never_thrown_away(house: House) -> None:
    claimed = dispatched(house)
    house.clock.advance(60)
    house.reap(knows_stable_keys=False)
    assert house.settle(claimed, ACCEPTED)
    assert state_of(house, claimed) == "sent"
    assert len(house.all(email_history)) == 1


def test_a_late_word_about_an_older_attempt_changes_nothing(house: House) -> None:
    first = dispatched(house)
    house.clock.advance(60)
    house.reap(knows_stable_keys=True)
    house.claim_one()
    assert not house.settle(first, GONE)
    assert state_of(house, first) == "dispatching"


def test_a_delivery_of_which_another_attempt_was_begun_is_not_changed_by_who_read_the_one_before(house: House) -> None:
    first = dispatched(house)
    house.clock.advance(60)
    house.reap(knows_stable_keys=True)
    house.claim_one()
    assert house.do(deliveries.change, first.delivery, ["dispatching"], {"state": "failed"}, by=SYSTEM) is None
    assert state_of(house, first) == "dispatching"


def test_what_may_have_left_can_not_be_undone(house: House) -> None:
    claimed = dispatched(house)
    house.clock.advance(60)
    house.reap(knows_stable_keys=True)
    with pytest.raises(DomainRefusal):
        house.undo(approval_of(house, claimed))


def test_what_may_have_left_is_not_handed_back_as_if_it_had_not(house: House) -> None:
    claimed = dispatched(house)
    house.clock.advance(60)
    house.reap(knows_stable_keys=True)
    house.do(agents.fail, AGENT, "quota used up", by=SYSTEM)
    house.claim()
    assert approval_of(house, claimed).status == "approved"
