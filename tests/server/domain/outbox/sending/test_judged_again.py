"""In the moment of sending it is judged whether anything is worse than when it was approved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cc_server.db.tables import approvals
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.outbox.sending import claims
from cc_server.domain.work import agents
from rig.house import AGENT, NOON, House, later
from tests.server.domain.outbox.sending.claimed import dispatched


def test_what_went_stale_while_it_waited_goes_back_to_a_person(house: House) -> None:
    draft = house.draft()
    house.approve(draft)
    house.do(agents.pause, AGENT, "lunch")
    house.clock.advance(24 * 3600 - 1)
    assert house.claim() == []
    assert house.now(draft).status == "approved"
    house.clock.advance(5)
    assert house.claim() == []
    after = house.now(draft)
    assert after.status == "pending"
    assert after.delivery is not None
    assert after.delivery.state == "blocked"
    assert after.returned is not None
    assert (after.returned.why, after.returned.decided_by) == ("blocked", "Ana")
    assert after.returned.reasons == ["it waited longer than 24 h since it was approved"]
    assert after.expires_at == max(NOON + timedelta(hours=72), house.clock.now() + timedelta(hours=24))
    assert house.kept_counts() == house.real_counts()


def test_what_was_blocked_can_be_approved_anew_and_then_leaves(house: House) -> None:
    draft = house.draft()
    house.approve(draft)
    house.clock.advance(24 * 3600)
    house.claim()
    again = house.approve(house.now(draft)).item
    assert again.returned is None
    house.leave_hold()
    assert house.claim_one().stable_key == f"apr_{draft.id}_v{again.version}"


@pytest.mark.parametrize(
    "tampered",
    [{"body": "another text"}, {"subject": "another"}, {"to_email": "eve@clinic.example"}, {"to_name": None},
     {"payload": {"amount_usd": "9.00"}}],
    ids=str,
)  # fmt: skip
def test_a_text_that_is_not_the_approved_one_is_not_sent(house: House, tampered: dict[str, Any]) -> None:
    draft = house.draft()
    house.approve(draft)
    house.tamper(approvals, draft.id, **tampered)
    house.leave_hold()
    assert house.claim() == []
    after = house.now(draft)
    assert after.returned is not None
    assert (after.status, after.returned.reasons) == ("pending", ["its text is no longer the one that was approved"])


def test_what_an_agent_wrote_that_failed_after_the_approval_is_blocked(house: House) -> None:
    draft = house.draft()
    house.approve(draft)
    house.clock.advance(5)
    house.do(agents.fail, AGENT, "quota used up", by=SYSTEM)
    house.leave_hold()
    assert house.claim() == []
    after = house.now(draft)
    assert after.returned is not None
    assert (after.status, after.returned.reasons) == ("pending", ["Email drafter failed after it was approved"])


def test_an_agent_that_had_failed_before_the_approval_blocks_nothing(house: House) -> None:
    house.do(agents.fail, AGENT, "quota used up", by=SYSTEM)
    house.clock.advance(1)
    assert dispatched(house)


def test_an_agent_that_recovered_blocks_nothing(house: House) -> None:
    house.approve(house.draft())
    house.clock.advance(1)
    house.do(agents.fail, AGENT, "quota used up", by=SYSTEM)
    house.do(agents.recover, AGENT, by=SYSTEM)
    house.leave_hold()
    assert len(house.claim()) == 1


def test_what_a_paused_agent_wrote_waits_and_says_why(house: House) -> None:
    draft = house.draft()
    house.approve(draft)
    house.do(agents.pause, AGENT, None)
    house.clock.set(later(10))
    assert house.claim() == []
    waiting = house.now(draft)
    assert waiting.delivery is not None
    assert (waiting.delivery.state, waiting.delivery.waiting_for) == ("ready", "Email drafter is paused")
    assert house.db.read_sync(claims.next_look) == later(310)


def test_waiting_on_is_not_told_again_and_again(house: House) -> None:
    house.approve(house.draft())
    house.do(agents.pause, AGENT, None)
    house.leave_hold()
    house.claim()
    events = house.events()
    for _ in range(3):
        house.clock.advance(300)
        assert house.due() != []
        assert house.claim() == []
    assert house.events() == events


def test_what_waited_leaves_after_the_agent_is_resumed(house: House) -> None:
    house.approve(house.draft())
    house.do(agents.pause, AGENT, None)
    house.leave_hold()
    house.claim()
    house.do(agents.resume, AGENT)
    house.clock.advance(5)
    assert house.claim_one().delivery["waiting_for"] is None


def test_what_waits_can_be_withdrawn(house: House) -> None:
    approved = house.approve(house.draft()).item
    house.do(agents.pause, AGENT, None)
    house.leave_hold()
    house.claim()
    assert house.undo(approved).item.status == "pending"
    house.do(agents.resume, AGENT)
    house.clock.advance(60)
    assert house.claim() == []
