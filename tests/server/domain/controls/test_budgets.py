"""Budgets and the daily cap: once they are reached what was approved waits, and says why; the next day it goes on."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cc_api_client.models.outbox.approvals import Approval
from cc_api_client.models.work.runs import RunStatus
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.outbox.sending.claims import Accepted, NotAccepted
from cc_server.domain.work import runs
from rig.house import AGENT, House

DAY = 24 * 3600


def spend(house: House, usd: str) -> None:
    """A run that cost so much."""
    run_id = house.do(runs.queue, house.client_id, agent_name=AGENT, automation_name=None, lead_email=None, by=SYSTEM)
    house.do(runs.begin_again, run_id, AGENT, by=SYSTEM)
    house.do(runs.finish, run_id, runs.Result(RunStatus.SUCCESS, Decimal(usd)), by=SYSTEM)


def approved(house: House) -> Approval:
    draft = house.draft()
    house.approve(draft)
    return draft


def waiting_for(house: House, draft: Approval) -> str | None:
    delivery = house.now(draft).delivery
    assert delivery is not None
    return delivery.waiting_for


def send_all(house: House) -> int:
    claimed = house.claim()
    for one in claimed:
        house.settle(one, Accepted("file", "x.eml"))
    return len(claimed)


def test_a_day_whose_budget_is_spent_lets_nothing_leave_until_the_next(house: House) -> None:
    house.set("approvals", fresh_hours=48)
    draft = approved(house)
    spend(house, "50.00")
    house.leave_hold()
    assert house.claim() == []
    assert waiting_for(house, draft) == "today's budget of $50.00 is spent"
    house.clock.advance(DAY / 2)
    assert len(house.claim()) == 1


def test_a_raised_budget_lets_it_leave_at_once(house: House) -> None:
    approved(house)
    spend(house, "51.00")
    house.leave_hold()
    assert house.claim() == []
    house.set("budgets", daily_usd="60.00")
    assert len(house.claim()) == 1


def test_a_month_s_budget_outlasts_the_day(house: House) -> None:
    house.set("budgets", daily_usd=None, monthly_usd="80.00")
    house.set("approvals", fresh_hours=72)
    spend(house, "80.01")
    draft = approved(house)
    house.clock.advance(DAY)
    assert house.claim() == []
    assert waiting_for(house, draft) == "this month's budget of $80.00 is spent"


def test_without_budgets_any_spend_lets_things_leave(house: House) -> None:
    house.set("budgets", daily_usd=None)
    spend(house, "5000.00")
    approved(house)
    house.leave_hold()
    assert len(house.claim()) == 1


def test_no_more_leave_on_a_day_than_the_cap_and_the_rest_the_next(house: House) -> None:
    house.set("approvals", daily_send_cap=2, fresh_hours=48)
    drafts = []
    for _ in range(3):
        drafts.append(approved(house))
        house.clock.advance(1)
    house.leave_hold()
    assert send_all(house) == 2
    assert waiting_for(house, drafts[2]) == "2 left today, and that is the most"
    house.clock.advance(DAY / 2)
    assert send_all(house) == 1


def test_what_is_being_sent_counts_for_the_cap(house: House) -> None:
    house.set("approvals", daily_send_cap=1)
    for _ in range(2):
        approved(house)
    house.leave_hold()
    assert len(house.claim()) == 1


def test_what_was_refused_does_not_count_for_the_cap(house: House) -> None:
    house.set("approvals", daily_send_cap=1)
    approved(house)
    house.leave_hold()
    house.settle(house.claim_one(), NotAccepted("no such mailbox", is_passing=False))
    approved(house)
    house.leave_hold()
    assert len(house.claim()) == 1


@pytest.mark.parametrize("cap", [0, 1])
def test_a_cap_of_nothing_lets_nothing_leave(house: House, cap: int) -> None:
    house.set("approvals", daily_send_cap=cap)
    approved(house)
    house.leave_hold()
    assert len(house.claim()) == cap
