"""Suppression: an address that must not be written to is not, whatever was approved; nothing comes back by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cc_api_client.models.outbox.approvals import Approval
from cc_api_client.models.outbox.suppression import SuppressionEntry, SuppressionIntake
from cc_server.db.tables import audit
from cc_server.db.tables import suppression as table
from cc_server.domain.base.actors import Actor
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.controls import suppression
from cc_server.domain.outbox.drafts import NEVER_WRITE
from cc_server.domain.outbox.sending import blocks
from cc_server.domain.outbox.sending.claims import Accepted
from rig.house import ANA, House

MAYA = "maya@clinic.example"


def suppress(house: House, email: str = MAYA, by: Actor = ANA) -> SuppressionEntry:
    return house.do(blocks.suppress, SuppressionIntake(email=email, reason="asked us to stop"), by=by)


def for_client(client_id: str) -> Actor:
    return replace(ANA, visible=frozenset({client_id}), client_id=client_id)


def test_a_draft_to_a_suppressed_address_is_born_cancelled_with_the_flag(house: House) -> None:
    suppress(house)
    draft = house.draft(to_email="Maya@Clinic.example ")
    assert draft.status == "cancelled"
    assert "suppressed" in {flag.code for flag in draft.risk.flags}
    assert house.kept_counts() == house.real_counts()
    with pytest.raises(DomainRefusal) as refused:
        house.approve(draft)
    assert refused.value.code == "cancelled"


def test_adding_an_address_cancels_what_waits_for_a_person_or_for_the_sender(house: House) -> None:
    pending, held, other = house.draft(to_email="MAYA@clinic.example"), house.draft(to_email=MAYA), house.draft()
    house.approve(held)
    suppress(house)
    assert [house.now(one).status for one in (pending, held, other)] == ["cancelled", "cancelled", "pending"]
    delivery = house.now(held).delivery
    assert delivery is not None
    assert (delivery.state, delivery.error) == ("blocked", NEVER_WRITE)
    house.leave_hold()
    assert house.claim() == []
    assert house.kept_counts() == house.real_counts()
    assert [row["action"] for row in house.trail(held)][-1] == "approval.cancelled"


def test_what_is_being_sent_or_was_decided_otherwise_stays_as_it_is(house: House) -> None:
    sent, rejected = house.draft(to_email=MAYA), house.draft(to_email=MAYA)
    house.approve(sent)
    house.reject(rejected)
    house.leave_hold()
    claimed = house.claim_one()
    suppress(house)
    house.settle(claimed, Accepted("file", "x.eml"))
    assert [house.now(one).status for one in (sent, rejected)] == ["approved", "rejected"]


def test_removing_an_address_brings_nothing_back_and_lets_new_drafts_in(house: House) -> None:
    draft = house.draft(to_email=MAYA)
    entry = suppress(house)
    house.do(suppression.remove, entry.id)
    assert house.now(draft).status == "cancelled"
    assert house.draft(to_email=MAYA).status == "pending"
    assert house.all(table) == []


def test_an_address_that_is_known_is_answered_with_its_entry(house: House) -> None:
    first = suppress(house)
    assert suppress(house, " MAYA@CLINIC.example ") == first
    assert [row["action"] for row in house.all(audit)].count("suppression.add") == 1


def test_one_client_s_address_may_be_written_to_by_another(house: House) -> None:
    own = house.draft(to_email=MAYA)
    others = house.draft(to_email=MAYA, client_id=house.other_client_id)
    suppress(house, by=for_client(house.client_id))
    assert [house.now(one).status for one in (own, others)] == ["cancelled", "pending"]


def test_an_address_of_all_clients_holds_for_each(house: House) -> None:
    others: Approval = house.draft(to_email=MAYA, client_id=house.other_client_id)
    suppress(house)
    assert house.now(others).status == "cancelled"


def test_an_address_that_came_in_between_is_found_at_the_claim(house: House) -> None:
    draft = house.draft(to_email=MAYA)
    house.approve(draft)
    house.leave_hold()
    house.do(suppression.store, house.client_id, MAYA, None)
    assert house.claim() == []
    after = house.now(draft)
    assert (after.status, after.returned) == ("cancelled", None)
    assert house.kept_counts() == house.real_counts()


def test_what_may_have_left_to_a_suppressed_address_is_for_a_person_to_find_out(house: House) -> None:
    draft = house.draft(to_email=MAYA)
    house.approve(draft)
    house.leave_hold()
    house.claim_one()
    house.clock.advance(60)
    house.reap(knows_stable_keys=True)
    suppress(house)
    assert house.claim() == []
    delivery = house.now(draft).delivery
    assert delivery is not None
    assert (house.now(draft).status, delivery.state) == ("approved", "unknown")


def test_a_bound_key_sees_and_removes_its_own_addresses_only(house: House) -> None:
    entry = suppress(house, by=for_client(house.client_id))
    other = replace(for_client(house.other_client_id), is_bound=True)
    assert house.db.read_sync(suppression.page, other, email=None, limit=50, cursor=None).items == []
    with pytest.raises(DomainRefusal) as refused:
        house.do(suppression.remove, entry.id, by=other)
    assert refused.value.code == "not_found"


def test_addresses_are_listed_in_order_page_by_page(house: House) -> None:
    for name in ("cleo", "ann", "bea"):
        suppress(house, f"{name}@clinic.example")
    first = house.db.read_sync(suppression.page, ANA, email=None, limit=2, cursor=None)
    rest = house.db.read_sync(suppression.page, ANA, email=None, limit=2, cursor=first.next_cursor)
    assert [one.email[:3] for one in (*first.items, *rest.items)] == ["ann", "bea", "cle"]


@pytest.mark.parametrize(
    "text",
    ["<a@b.example>", "a@b.example\x00", "a@b,c@d", "a@b\r\nBcc:c", "a@b.example\u200b", "a@b@c", "nobody", "a b@c"],
)
def test_what_is_not_exactly_one_address_is_refused_as_it_would_suppress_nothing(house: House, text: str) -> None:
    with pytest.raises(DomainRefusal, match="not exactly one mail address") as refused:
        suppress(house, text)
    assert refused.value.code == "validation_failed"
    assert house.all(table) == []
