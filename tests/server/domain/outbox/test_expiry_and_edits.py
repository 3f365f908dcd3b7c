"""What is decided too late, withdrawn or edited meanwhile."""

from __future__ import annotations

from datetime import timedelta

from cc_server.domain.base.actors import SYSTEM, Actor
from cc_server.domain.outbox import lapses
from rig.house import BODY, NOON, House
from tests.server.domain.outbox.changing import edit, refusal_of


def test_expiry_is_judged_at_the_moment_of_the_decision(house: House) -> None:
    draft = house.draft()
    assert draft.expires_at is not None
    house.clock.set(draft.expires_at)
    refusal = refusal_of(lambda: house.approve(draft))
    assert refusal.code == "expired"
    after = house.now(draft)
    assert (after.status, after.version) == ("expired", 2)
    assert refusal.item == after
    assert house.events()[-1]["type"] == "approval.expired"
    assert house.trail(draft)[-1]["action"] == "approval.expired"
    assert house.kept_counts() == house.real_counts()


def test_a_moment_before_its_expiry_it_can_still_be_approved(house: House) -> None:
    draft = house.draft()
    assert draft.expires_at is not None
    house.clock.set(draft.expires_at - timedelta(microseconds=1))
    assert house.approve(draft).changed


def test_only_what_is_overdue_and_pending_expires(house: House) -> None:
    first, decided = house.draft(), house.draft()
    house.approve(decided)
    house.clock.advance(3600)
    second = house.draft()
    house.clock.set(NOON + timedelta(hours=72))
    assert house.do(lapses.expire_overdue, by=SYSTEM) == 1
    assert [house.now(one).status for one in (first, decided, second)] == ["expired", "approved", "pending"]


def test_only_what_is_pending_is_withdrawn(house: House) -> None:
    draft = house.draft()
    house.approve(draft)
    assert refusal_of(lambda: house.withdraw(draft)).code == "invalid_state"
    assert house.now(draft).status == "approved"


def test_an_edit_keeps_the_agents_own_draft_beside_it_even_after_a_second_edit(house: House) -> None:
    draft = house.draft()
    once = edit(house, draft, subject="Better")
    twice = edit(house, once, body="Hi Maya, even better.")
    assert (twice.subject, twice.body, twice.version) == ("Better", "Hi Maya, even better.", 3)
    assert twice.original is not None
    assert (twice.original.subject, twice.original.body) == (draft.subject, draft.body)
    assert (twice.edited_by, twice.edited_at) == ("Ana", NOON)
    assert len({draft.payload_sha256, once.payload_sha256, twice.payload_sha256}) == 3


def test_an_edit_is_judged_anew(house: House) -> None:
    draft = house.draft(body=BODY + " {{gap}}")
    assert house.kept_counts()[("approvals.high_risk", house.client_id)] == 1
    mended = edit(house, draft, body=BODY)
    assert mended.risk.flags == []
    assert mended.risk.score < draft.risk.score
    assert house.kept_counts() == house.real_counts() == {("approvals.status.pending", house.client_id): 1}


def test_an_edit_that_mends_a_header_makes_it_deliverable(house: House) -> None:
    draft = house.draft(subject="two\nlines")
    assert house.approve(edit(house, draft, subject="one line")).changed


def test_a_payload_is_edited_by_a_merge_patch(house: House) -> None:
    draft = house.draft(kind="proposal", payload={"items": [1], "amount_usd": "10.00", "note": {"a": 1, "b": 2}})
    edited = edit(house, draft, payload={"amount_usd": "12.00", "items": None, "note": {"b": None, "c": 3}})
    assert edited.payload == {"amount_usd": "12.00", "note": {"a": 1, "c": 3}}


def test_only_what_is_pending_is_edited(house: House) -> None:
    draft = house.draft()
    approved = house.approve(draft).item
    refusal = refusal_of(lambda: edit(house, approved))
    assert refusal.code == "already_decided"
    assert house.now(draft).body == BODY


def test_an_edit_of_an_older_version_is_refused(house: House) -> None:
    draft = house.draft()
    edit(house, draft)
    assert refusal_of(lambda: edit(house, draft, subject="mine")).code == "version_conflict"
    assert house.now(draft).subject == draft.subject


def test_another_clients_approval_is_as_good_as_none(house: House) -> None:
    draft = house.draft()
    stranger = Actor("Eve", "key of Eve", "operator", frozenset({house.other_client_id}), house.other_client_id, True)
    for act in (house.approve, house.reject, house.undo):
        assert refusal_of(lambda act=act: act(draft, by=stranger)).code == "not_found"  # type: ignore[misc]
    assert house.now(draft) == draft
