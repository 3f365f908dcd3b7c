"""A person settles what nobody knows, and has what failed tried again; who else may change it in between is told so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cc_api_client.models.base import ActionAnswer
from cc_api_client.models.outbox.approvals import Approval, Delivery
from cc_api_client.models.outbox.batches import ResolveBody, ResolveOutcome
from cc_server.db.tables import audit, email_history
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.outbox.sending import resolving
from cc_server.domain.outbox.sending.claims import Accepted, Claimed, NotAccepted, Unclear
from rig.house import ANA, House

NOTE = "the provider's log has it"


def unknown(house: House) -> tuple[Approval, Claimed]:
    draft = house.draft()
    house.approve(draft)
    house.leave_hold()
    claimed = house.claim_one()
    house.settle(claimed, Unclear("the connection broke"))
    return draft, claimed


def failed(house: House) -> Approval:
    draft = house.draft()
    house.approve(draft)
    house.leave_hold()
    house.settle(house.claim_one(), NotAccepted("no such mailbox", is_passing=False))
    return draft


def delivery_of(house: House, draft: Approval) -> Delivery:
    delivery = house.now(draft).delivery
    assert delivery is not None
    return delivery


def resolve(house: House, draft: Approval, outcome: str, version: int | None = None) -> ActionAnswer[Delivery]:
    told = ResolveBody(outcome=ResolveOutcome(outcome), note=NOTE)
    return house.do(resolving.resolve, delivery_of(house, draft).id, told, version)


def test_what_is_found_to_have_been_sent_is_sent_with_its_effects(house: House) -> None:
    draft, _ = unknown(house)
    answer = resolve(house, draft, "sent")
    assert (answer.status, answer.changed, answer.item.provider) == ("sent", True, "person")
    assert answer.item.sent_at == house.clock.now()
    assert [row["approval_id"] for row in house.all(email_history)] == [draft.id]
    assert house.kept_counts() == house.real_counts()


def test_what_is_found_not_to_have_left_is_sent_again_by_the_sender(house: House) -> None:
    draft, first = unknown(house)
    assert resolve(house, draft, "not_sent").status == "ready"
    again = house.claim_one()
    assert (again.stable_key, again.delivery["attempt"]) == (first.stable_key, 2)
    house.settle(again, Accepted("file", "x.eml"))
    assert delivery_of(house, draft).state == "sent"


def test_what_did_not_leave_is_judged_again_before_it_does(house: House) -> None:
    draft, _ = unknown(house)
    house.clock.advance(25 * 3600)
    resolve(house, draft, "not_sent")
    assert house.claim() == []
    assert house.now(draft).status == "pending"


def test_a_late_accepted_beats_a_person_who_said_it_did_not_leave(house: House) -> None:
    draft, first = unknown(house)
    resolve(house, draft, "not_sent")
    assert house.settle(first, Accepted("smtp", "1@mail"))
    assert delivery_of(house, draft).state == "sent"
    assert house.claim() == []


def test_what_is_found_to_have_failed_says_what_the_person_found(house: House) -> None:
    draft, _ = unknown(house)
    answer = resolve(house, draft, "failed")
    assert (answer.status, answer.item.error) == ("failed", NOTE)


def test_who_settled_it_and_how_that_is_known_is_audited(house: House) -> None:
    draft, _ = unknown(house)
    resolve(house, draft, "not_sent")
    row = house.all(audit)[-1]
    assert (row["actor"], row["action"], row["reason"]) == ("Ana", "delivery.resolve_not_sent", NOTE)
    assert row["object_id"] == draft.id


def test_only_what_is_unknown_is_settled_by_a_person(house: House) -> None:
    draft = failed(house)
    with pytest.raises(DomainRefusal) as refused:
        resolve(house, draft, "sent")
    assert refused.value.code == "invalid_state"
    assert refused.value.item == delivery_of(house, draft)
    assert house.all(audit)[-1]["action"] == "delivery.resolve_refused"


def test_of_two_who_settle_it_the_second_is_told_what_it_is(house: House) -> None:
    draft, _ = unknown(house)
    seen = delivery_of(house, draft).version
    resolve(house, draft, "sent", seen)
    with pytest.raises(DomainRefusal, match="it is sent") as refused:
        resolve(house, draft, "not_sent", seen)
    assert refused.value.code == "invalid_state"
    assert len(house.all(email_history)) == 1


def test_what_changed_since_it_was_looked_at_is_not_settled(house: House) -> None:
    draft, _ = unknown(house)
    with pytest.raises(DomainRefusal) as refused:
        resolve(house, draft, "sent", 1)
    assert refused.value.code == "version_conflict"
    assert delivery_of(house, draft).state == "unknown"


def test_what_failed_is_tried_again_as_if_never_refused(house: House) -> None:
    draft = failed(house)
    answer = house.do(resolving.retry, delivery_of(house, draft).id, None)
    assert (answer.status, answer.item.error) == ("ready", None)
    claimed = house.claim_one()
    house.settle(claimed, NotAccepted("busy", is_passing=True))
    assert delivery_of(house, draft).not_before == house.clock.now() + timedelta(seconds=10)
    assert house.kept_counts() == house.real_counts()


def test_only_what_failed_is_tried_again(house: House) -> None:
    draft, _ = unknown(house)
    with pytest.raises(DomainRefusal, match="only what is failed") as refused:
        house.do(resolving.retry, delivery_of(house, draft).id, None)
    assert refused.value.code == "invalid_state"


def test_what_did_not_leave_can_be_undone_until_it_is_claimed(house: House) -> None:
    draft, _ = unknown(house)
    resolve(house, draft, "not_sent")
    assert house.undo(house.now(draft)).item.status == "pending"
    assert house.claim() == []


def test_deliveries_are_listed_by_state_page_by_page(house: House) -> None:
    drafts = []
    for _ in range(3):
        drafts.append(failed(house))
    house.approve(house.draft())
    asked = resolving.Selection(states=frozenset({"failed"}), limit=2)
    first = house.db.read_sync(resolving.page, ANA, asked)
    rest = house.db.read_sync(
        resolving.page, ANA, resolving.Selection(states=frozenset({"failed"}), limit=2, cursor=first.next_cursor)
    )
    told = [one.approval_id for one in (*first.items, *rest.items)]
    assert told == [draft.id for draft in reversed(drafts)]
    assert (first.total, rest.next_cursor) == (3, None)
