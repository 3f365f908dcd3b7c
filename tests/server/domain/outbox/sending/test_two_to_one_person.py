"""Of two mails to one person the second waits until it is settled whether the first one reached them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection

from cc_api_client.models.outbox.approvals import Approval, Delivery
from cc_api_client.models.outbox.batches import ResolveBody, ResolveOutcome
from cc_server.db.database import Database
from cc_server.db.postgres.url import PostgresUrl
from cc_server.db.schema import Use
from cc_server.db.tables import deliveries
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.outbox.sending import claims, judging, resolving
from cc_server.domain.outbox.sending.claims import Accepted, Claimed, NotAccepted, Unclear
from cc_server.domain.policy.default import DEFAULT_POLICY
from rig.house import House

BEING_SENT = "another message to them is being sent"
MAY_BE_THERE = "another message may have reached them; somebody has to find out whether it did"


def two_to_one(house: House) -> list[Approval]:
    made = [house.draft(to_email="maya@clinic.example", body=f"Hi Maya,\n\n{number}") for number in range(2)]
    for draft in made:
        house.approve(draft)
        house.clock.advance(1)
    house.leave_hold()
    return made


def test_while_one_message_is_being_sent_the_next_to_the_same_person_waits_and_is_then_blocked(house: House) -> None:
    """Both are due in the same moment: whether the first begins a cooldown is known once it is settled."""
    first, second = two_to_one(house)
    claimed = house.claim_one()
    assert why_waiting(house, second) == BEING_SENT
    house.settle(claimed, Accepted("test", "1"))
    house.clock.advance(claims.MOMENT_SECONDS)
    assert house.claim() == []
    assert [str(house.now(one).status) for one in (first, second)] == ["approved", "pending"]
    assert house.now(second).returned is not None


def test_what_waited_for_another_message_leaves_when_that_one_did_not(house: House) -> None:
    _, second = two_to_one(house)
    house.settle(house.claim_one(), NotAccepted("no such mailbox", is_passing=False))
    house.clock.advance(claims.MOMENT_SECONDS)
    assert house.claim_one().delivery["approval_id"] == second.id


def delivery_of(house: House, draft: Approval) -> Delivery:
    delivery = house.now(draft).delivery
    assert delivery is not None
    return delivery


def why_waiting(house: House, draft: Approval) -> str | None:
    delivery = delivery_of(house, draft)
    assert delivery.state == "ready"
    return delivery.waiting_for


def one_unknown(house: House) -> tuple[Claimed, Approval]:
    """An attempt of which nobody knows whether it left, and the next mail to the same person, which is due."""
    _, second = two_to_one(house)
    claimed = house.claim_one()
    house.settle(claimed, Unclear("the connection broke"))
    house.clock.advance(claims.MOMENT_SECONDS)
    assert house.claim() == []
    return claimed, second


def find_out(house: House, claimed: Claimed, outcome: ResolveOutcome) -> None:
    house.do(resolving.resolve, claimed.delivery["id"], ResolveBody(outcome=outcome, note="their log"), None)


def test_while_nobody_knows_whether_one_left_the_next_waits_until_a_person_found_out(house: House) -> None:
    claimed, second = one_unknown(house)
    house.clock.advance(3600)
    assert house.claim() == []
    assert why_waiting(house, second) == MAY_BE_THERE
    find_out(house, claimed, ResolveOutcome.SENT)
    assert house.claim() == []
    assert house.now(second).status == "pending"
    assert house.now(second).returned is not None


def test_what_waited_leaves_once_a_person_found_out_that_the_other_did_not_and_will_not(house: House) -> None:
    claimed, second = one_unknown(house)
    find_out(house, claimed, ResolveOutcome.FAILED)
    assert house.claim_one().delivery["approval_id"] == second.id


def test_of_one_that_did_not_leave_and_one_that_waited_for_it_only_one_leaves(house: House) -> None:
    claimed, _ = one_unknown(house)
    find_out(house, claimed, ResolveOutcome.NOT_SENT)
    house.settle(house.claim_one(), Accepted("test", "1"))
    house.clock.advance(claims.MOMENT_SECONDS)
    assert house.claim() == []


def test_of_two_that_are_due_in_the_same_moment_the_one_that_was_approved_first_leaves_first(house: House) -> None:
    """Approved by one batch and found out about by one: nothing but the order of their making tells them apart."""
    made = [house.draft(to_email="maya@clinic.example", body=f"Hi Maya,\n\n{number}") for number in range(6)]
    for draft in reversed(made):
        house.approve(draft)
    house.leave_hold()
    claimed = house.claim_one()
    house.settle(claimed, Unclear("the connection broke"))
    assert house.claim() == []
    find_out(house, claimed, ResolveOutcome.NOT_SENT)
    assert len({delivery_row["look_at"] for delivery_row in house.all(deliveries)}) == 1
    assert claimed.delivery["approval_id"] == made[-1].id
    assert house.claim_one().delivery["approval_id"] == made[-1].id


def test_a_provider_that_says_late_what_became_of_it_ends_the_waiting(house: House) -> None:
    claimed, second = one_unknown(house)
    house.settle(claimed, Accepted("test", "1"))
    assert house.claim() == []
    assert house.now(second).status == "pending"


def test_what_waits_too_long_for_a_person_goes_back_to_one(house: House) -> None:
    _, second = one_unknown(house)
    house.clock.advance(25 * 3600)
    assert house.claim() == []
    assert house.now(second).status == "pending"


def test_one_that_is_made_again_since_its_sender_was_cut_off_goes_before_the_next(house: House) -> None:
    """It may have left; under its stable key that does no harm, but the next one must not leave beside it."""
    first, second = two_to_one(house)
    house.claim()
    house.clock.advance(claims.LEASE_SECONDS)
    house.reap(knows_stable_keys=True)
    again = house.claim_one()
    assert again.delivery["approval_id"] == first.id
    assert why_waiting(house, second) == BEING_SENT


def test_two_whose_senders_were_both_cut_off_do_not_wait_for_each_other(house: House) -> None:
    """A step of a sequence leaves beside a mail; then the mail must not wait for it for ever."""
    made = [house.draft(kind=kind, to_email="maya@clinic.example", body=kind) for kind in ("email", "follow_up")]
    for draft in made:
        house.approve(draft)
        house.clock.advance(1)
    house.leave_hold()
    assert len(house.claim()) == 2
    house.clock.advance(claims.LEASE_SECONDS)
    house.reap(knows_stable_keys=True)
    assert house.claim()


@pytest.mark.parametrize("changes", [{"cooldown_days": 0}, {"sequence_kinds": ["email"]}])
def test_nothing_waits_for_another_from_which_nothing_would_follow(house: House, changes: dict[str, Any]) -> None:
    house.set("approvals", policy=DEFAULT_POLICY.model_dump() | changes)
    two_to_one(house)
    assert len(house.claim()) == 2


def test_what_was_approved_in_the_middle_of_a_cooldown_does_not_wait(house: House) -> None:
    house.approve(house.draft(to_email="maya@clinic.example", body="Hi Maya"))
    house.leave_hold()
    house.settle(house.claim_one(), Accepted("test", "1"))
    two_to_one(house)
    assert len(house.claim()) == 2


@pytest.mark.parametrize("look", ["beside", "worse_than_approved", "agent_of"])
def test_another_that_is_settled_in_the_middle_of_a_claim_is_noticed(
    house: House, look: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another sender of PostgreSQL may settle between any two looks of a claim."""
    if not isinstance(house.db.address, PostgresUrl):
        pytest.skip("writers never run side by side")
    two_to_one(house)
    claimed = house.claim_one()
    looks: Callable[..., Any] = getattr(judging, look)

    another_sender = Database(house.db.address, house.clock, use=Use.BESIDE, seals=house.db.seals)

    def settle(conn: Connection) -> bool:
        return claims.settle(conn, house.unit(conn, SYSTEM), claimed, Accepted("test", "1"))

    def settled_after(*args: Any) -> Any:
        found = looks(*args)
        another_sender.write_sync(settle)
        return found

    house.clock.advance(claims.MOMENT_SECONDS)
    monkeypatch.setattr(judging, look, settled_after)
    another_sender.open()
    try:
        assert house.claim() == []
    finally:
        another_sender.close()
