"""Who comes second is told who was first; what was seen is what is decided."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from cc_api_client.models.outbox.approvals import Approval
from cc_server.db.tables import deliveries
from cc_server.domain.base.actors import Actor
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.outbox import decisions
from cc_server.domain.outbox.decisions import Seen
from rig.house import TOM, House
from tests.server.domain.outbox.changing import edit, refusal_of


def test_a_second_operator_is_told_who_decided_first(house: House) -> None:
    draft = house.draft()
    house.approve(draft)
    refusal = refusal_of(lambda: house.reject(draft, by=TOM))
    assert refusal.code == "already_decided"
    assert "Ana approved it at 2026-11-23 12:00:00 UTC" in refusal.detail
    assert isinstance(refusal.item, Approval)
    assert (refusal.item.status, refusal.item.decided_by) == ("approved", "Ana")


@pytest.mark.parametrize("act", [House.approve, House.reject])
def test_a_refused_decision_leaves_an_audit_row_and_nothing_else(house: House, act: Callable[..., object]) -> None:
    draft = house.draft()
    house.reject(draft, by=TOM)
    before, events_before, trail_before = house.now(draft), house.events(), house.trail(draft)
    assert refusal_of(lambda: act(house, draft)).code == "already_decided"
    (row,) = house.trail(draft)[len(trail_before) :]
    assert (row["actor"], row["action"]) == ("Ana", f"approval.{act.__name__}_refused")
    assert row["after"]["code"] == "already_decided"
    assert (house.now(draft), house.events()) == (before, events_before)


def test_the_same_operator_may_say_the_same_twice_and_nothing_changes(house: House) -> None:
    draft = house.draft()
    first = house.approve(draft, seen=Seen(1, draft.payload_sha256))
    events_before, trail_before = house.events(), house.trail(draft)
    house.clock.advance(3)
    again = house.approve(draft, seen=Seen(1, draft.payload_sha256))
    assert (again.status, again.changed, again.item) == ("approved", False, first.item)
    assert (house.events(), house.trail(draft)) == (events_before, trail_before)


def test_the_same_operator_and_decision_about_another_text_is_refused(house: House) -> None:
    draft = house.draft()
    house.approve(draft)
    refusal = refusal_of(lambda: house.approve(draft, seen=Seen(1, "0" * 64)))
    assert refusal.code == "already_decided"


def test_the_same_operator_deciding_otherwise_is_refused(house: House) -> None:
    draft = house.draft()
    house.approve(draft)
    assert refusal_of(lambda: house.reject(draft)).code == "already_decided"


async def test_of_two_operators_at_once_exactly_one_decides(house: House) -> None:
    draft = house.draft()

    async def decide(actor: Actor) -> str:
        def work(conn: Connection) -> str:
            return str(decisions.approve(conn, house.unit(conn, actor), draft.id, Seen(1), None).status)

        try:
            return await house.db.write(work)
        except DomainRefusal as refusal:
            return refusal.code

    actors = [Actor(f"operator {number}", f"key {number}", "operator") for number in range(8)]
    told = await asyncio.gather(*(decide(actor) for actor in actors))
    assert sorted(told) == ["already_decided"] * 7 + ["approved"]
    assert len(house.all(deliveries)) == 1


@pytest.mark.parametrize("act", [House.approve, House.reject])
@pytest.mark.parametrize("seen", [Seen(version=1), Seen(payload_sha256="0" * 64), Seen(2, "0" * 64)])
def test_a_decision_on_what_changed_meanwhile_is_refused(house: House, act: Callable[..., object], seen: Seen) -> None:
    draft = edit(house, house.draft())
    refusal = refusal_of(lambda: act(house, draft, seen=seen))
    assert refusal.code == "version_conflict"
    assert refusal.item == house.now(draft)
    assert house.now(draft).status == "pending"


def test_state_is_told_before_the_version(house: House) -> None:
    draft = house.draft()
    house.approve(draft, by=TOM)
    assert refusal_of(lambda: house.approve(draft, seen=Seen(99))).code == "already_decided"
    assert refusal_of(lambda: house.undo(draft, seen=Seen(99))).code == "version_conflict"
    house.leave_hold()
    house.claim_one()
    assert refusal_of(lambda: house.undo(draft, seen=Seen(99))).code == "undo_window_closed"


def test_a_decision_that_pins_nothing_is_accepted_and_audited_as_unpinned(house: House) -> None:
    draft = house.draft()
    house.approve(draft, seen=Seen())
    assert house.trail(draft)[-1]["after"]["unpinned"] is True


def test_a_pinned_decision_is_not_audited_as_unpinned(house: House) -> None:
    draft = house.draft()
    house.approve(draft, seen=Seen(payload_sha256=draft.payload_sha256))
    assert "unpinned" not in house.trail(draft)[-1]["after"]


@pytest.mark.parametrize(
    "texts",
    [
        {"subject": "Hello\r\nBcc: all@clinic.example"},
        {"subject": "Hello\nthere"},
        {"subject": "Hello\x00"},
        {"to_name": "Maya\r\nBcc: all@clinic.example"},
        {"to_name": "Maya\x00"},
        {"to_email": "maya@clinic.example, all@clinic.example"},
        {"to_email": "maya@clinic.example\r\nBcc: x@clinic.example"},
        {"to_email": "nobody"},
        {"to_email": ""},
    ],
    ids=str,
)
def test_what_can_not_stand_in_a_header_is_flagged_and_never_approved(house: House, texts: dict[str, str]) -> None:
    draft = house.draft(**texts)
    assert any(flag.severity == "block" for flag in draft.risk.flags)
    assert refusal_of(lambda: house.approve(draft)).code == "not_deliverable"
    assert house.now(draft) == draft
    assert house.all(deliveries) == []
    assert house.reject(draft).status == "rejected"
