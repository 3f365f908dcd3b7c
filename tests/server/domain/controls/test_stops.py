"""Stops: nothing of their scope is claimed after they are engaged; let go, what waited leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from cc_api_client.models.outbox.approvals import Approval
from cc_api_client.models.settings import KillSwitchAnswer, KillSwitchBody
from cc_server.db.tables import audit
from cc_server.db.tables import kill_switch as table
from cc_server.domain.base.actors import SYSTEM, Actor
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.controls import kill_switch
from cc_server.domain.outbox.sending import claims
from cc_server.domain.outbox.sending.claims import Accepted
from cc_server.domain.work import agents
from rig.house import AGENT, ANA, BOSS, NOON, House, later

WHY = "wrong price list"


def turn(
    house: House, *, engaged: bool = True, scope: str = "all", reason: str = WHY, by: Actor = BOSS
) -> KillSwitchAnswer:
    return house.do(kill_switch.turn, KillSwitchBody(engaged=engaged, reason=reason, scope=scope), by=by)


def approved(house: House) -> Approval:
    """One whose hold is over."""
    draft = house.draft()
    house.approve(draft)
    house.leave_hold()
    return draft


def waiting_for(house: House, draft: Approval) -> str | None:
    delivery = house.now(draft).delivery
    assert delivery is not None
    return delivery.waiting_for


def test_nothing_is_claimed_while_everything_is_stopped(house: House) -> None:
    draft = approved(house)
    turn(house, by=ANA)
    assert house.claim() == []
    assert waiting_for(house, draft) == f"stop engaged by Ana: {WHY}"


@pytest.mark.parametrize("scope", ["agent", "client"])
def test_a_stop_of_an_agent_or_a_client_holds_only_what_is_theirs(house: House, scope: str) -> None:
    house.do(agents.register, "other", "Other", "Writes too", {}, by=SYSTEM)
    name, others = {
        "agent": (f"agent:{AGENT}", {"agent_name": "other"}),
        "client": (f"client:{house.client_id}", {"client_id": house.other_client_id}),
    }[scope]
    house.approve(house.draft())
    allowed = house.draft(**others)
    house.approve(allowed)
    turn(house, scope=name)
    house.leave_hold()
    assert [claimed.delivery["approval_id"] for claimed in house.claim()] == [allowed.id]


def test_what_waited_leaves_as_soon_as_the_stop_is_let_go(house: House) -> None:
    approved(house)
    turn(house)
    assert house.claim() == []
    turn(house, engaged=False, reason="list mended")
    assert len(house.claim()) == 1


def test_letting_go_flushes_nothing_that_went_stale(house: House) -> None:
    draft = approved(house)
    turn(house)
    assert house.claim() == []
    house.clock.advance(24 * 3600)
    turn(house, engaged=False)
    assert house.claim() == []
    assert house.now(draft).status == "pending"


def test_what_waits_under_a_stop_can_be_withdrawn(house: House) -> None:
    draft = approved(house)
    turn(house)
    house.claim()
    assert house.undo(house.now(draft)).item.status == "pending"


def test_what_is_being_sent_finishes_and_is_listed(house: House) -> None:
    draft = approved(house)
    claimed = house.claim_one()
    told = turn(house)
    (flying,) = told.in_flight
    assert (flying.approval_id, flying.to_email) == (draft.id, draft.to_email)
    house.settle(claimed, Accepted("file", "x.eml"))
    delivery = house.now(draft).delivery
    assert delivery is not None
    assert delivery.state == "sent"


def test_a_dry_run_counts_what_it_would_hold_and_does_nothing(house: House) -> None:
    approved(house)
    house.draft()
    told = house.do(kill_switch.answer, KillSwitchBody(engaged=True, reason=WHY, dry_run=True))
    assert (told.changed, told.dry_run, told.kill_switch, told.held.deliveries) == (False, True, [], 1)
    assert house.all(table) == []
    assert len(house.claim()) == 1


def test_an_operator_engages_and_only_an_admin_lets_go(house: House) -> None:
    assert turn(house, by=ANA).status == "engaged"
    with pytest.raises(DomainRefusal) as refused:
        turn(house, engaged=False, by=ANA)
    assert refused.value.code == "forbidden"
    assert turn(house, engaged=False).status == "released"


def test_a_bound_key_stops_its_own_client_and_nothing_else(house: House) -> None:
    bound = replace(ANA, visible=frozenset({house.client_id}), is_bound=True)
    assert turn(house, scope=f"client:{house.client_id}", by=bound).status == "engaged"
    refusals = {"all": "forbidden", f"agent:{AGENT}": "forbidden", f"client:{house.other_client_id}": "not_found"}
    for scope, code in refusals.items():
        with pytest.raises(DomainRefusal) as refused:
            turn(house, scope=scope, by=bound)
        assert refused.value.code == code


def test_a_stop_of_somebody_unknown_is_refused(house: House) -> None:
    for scope in ("agent:nobody", "client:nobody"):
        with pytest.raises(DomainRefusal) as refused:
            turn(house, scope=scope)
        assert refused.value.code == "not_found"


def test_another_client_s_stop_is_nobody_else_s_business(house: House) -> None:
    turn(house, scope=f"client:{house.client_id}")
    other = replace(ANA, visible=frozenset({house.other_client_id}), is_bound=True)
    assert house.db.read_sync(kill_switch.engaged, other) == []
    event = house.events()[-1]
    assert event["client_id"] == house.client_id


def test_engaging_again_sets_the_reason_and_the_same_reason_changes_nothing(house: House) -> None:
    assert turn(house).changed
    assert not turn(house).changed
    assert turn(house, reason="another").changed
    (row,) = house.all(table)
    assert (row["reason"], row["version"]) == ("another", 2)


def test_each_turn_is_told_and_audited(house: House) -> None:
    turn(house, by=ANA)
    event = house.events()[-1]
    assert (event["type"], event["topic"], event["id"]) == ("kill_switch.changed", "system", "all")
    assert event["data"] | {"at": None} == {
        "scope": "all", "reason": WHY, "by": "Ana", "at": None, "engaged": True, "version": 1,
    }  # fmt: skip
    row = house.all(audit)[-1]
    assert (row["action"], row["actor"], row["reason"]) == ("kill_switch.engage", "Ana", WHY)


@pytest.mark.parametrize("state", ["", "releasd", "engaged"])
def test_a_record_that_cannot_be_understood_counts_as_engaged(house: House, state: str) -> None:
    approved(house)
    row = {"scope": "all", "state": state, "reason": "?", "changed_by": "?", "changed_at": NOON, "version": 1}
    house.db.write_sync(lambda conn: conn.execute(insert(table), row) and None)
    assert house.claim() == []


def test_a_scope_that_cannot_be_understood_stops_everything(house: House) -> None:
    approved(house)
    turn(house, scope=f"agent:{AGENT}")
    house.db.write_sync(lambda conn: conn.execute(update(table).values(scope="team:sales")) and None)
    assert house.claim() == []


def test_a_paused_agent_s_mail_leaves_at_once_when_it_is_resumed(house: House) -> None:
    approved(house)
    house.do(agents.pause, AGENT, None)
    assert house.claim() == []
    house.do(agents.resume, AGENT)
    assert len(house.claim()) == 1


def test_the_sender_looks_again_before_what_waits_goes_stale(house: House) -> None:
    house.set("approvals", fresh_hours=1)
    approved(house)
    turn(house)
    house.clock.set(later(3590))
    house.claim()
    assert house.db.read_sync(claims.next_look) == NOON + timedelta(hours=1)
