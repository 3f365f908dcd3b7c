"""A person decides: the state machine of approvals, and what is written beside each transition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from cc_api_client.models.outbox.approvals import Approval
from cc_server.db.tables import approvals, audit, deliveries, event_log
from cc_server.domain.outbox import decisions
from cc_server.domain.outbox.decisions import Seen
from rig.house import BODY, NOON, House, later
from tests.server.domain.outbox.changing import edit, expire


@dataclass(frozen=True)
class Transition:
    """One arrow of the state machine: from a draft or from what `before` made of it."""

    name: str
    act: Callable[[House, Approval], object]
    status: str
    event: str
    action: str
    before: Callable[[House, Approval], object] | None = None


TRANSITIONS = [
    Transition("approve", House.approve, "approved", "approval.decided", "approval.approve"),
    Transition("reject", House.reject, "rejected", "approval.decided", "approval.reject"),
    Transition("edit", edit, "pending", "approval.updated", "approval.edit"),
    Transition("expire", expire, "expired", "approval.expired", "approval.expired"),
    Transition("withdraw", House.withdraw, "cancelled", "approval.cancelled", "approval.cancelled"),
    Transition("undo approval", House.undo, "pending", "approval.updated", "approval.undo", House.approve),
    Transition("undo rejection", House.undo, "pending", "approval.updated", "approval.undo", House.reject),
]


@pytest.mark.parametrize("transition", TRANSITIONS, ids=lambda one: one.name)
def test_each_transition_adds_one_version_one_event_and_one_audit_row(house: House, transition: Transition) -> None:
    draft = house.draft()
    if transition.before is not None:
        transition.before(house, draft)
    before, events_before, trail_before = house.now(draft), house.events(), house.trail(draft)

    transition.act(house, before)

    after = house.now(draft)
    assert (after.status, after.version) == (transition.status, before.version + 1)
    (event,) = house.events()[len(events_before) :]
    assert (event["type"], event["id"], event["version"]) == (transition.event, draft.id, after.version)
    assert event["data"] == after.model_dump(mode="json")
    (row,) = house.trail(draft)[len(trail_before) :]
    assert row["action"] == transition.action
    assert (row["before"]["status"], row["after"]["status"]) == (before.status, after.status)
    assert (row["before"]["version"], row["after"]["version"]) == (before.version, after.version)
    assert house.kept_counts() == house.real_counts()


@pytest.mark.parametrize("transition", TRANSITIONS, ids=lambda one: one.name)
def test_no_transition_writes_a_text_into_the_audit_trail(house: House, transition: Transition) -> None:
    draft = house.draft(body="Hi Maya,\n\nthe secret word is heliotrope.")
    if transition.before is not None:
        transition.before(house, draft)
    transition.act(house, house.now(draft))
    assert "heliotrope" not in str(house.all(audit))


def test_a_draft_is_born_pending_with_event_audit_row_and_counts(house: House) -> None:
    draft = house.draft()
    assert (draft.status, draft.version, draft.created_at) == ("pending", 1, NOON)
    assert draft.expires_at == NOON + timedelta(hours=72)
    assert [event["type"] for event in house.events() if event["id"] == draft.id] == ["approval.created"]
    assert [row["action"] for row in house.trail(draft)] == ["approval.create"]
    assert house.kept_counts() == house.real_counts() == {("approvals.status.pending", house.client_id): 1}


def test_what_breaks_after_a_decision_takes_back_all_that_was_written_with_it(house: House) -> None:
    draft = house.draft()
    tables = (approvals, deliveries, event_log, audit)
    before = [house.all(table) for table in tables], house.kept_counts()

    def approve_and_break(conn: Connection) -> None:
        decisions.approve(conn, house.unit(conn), draft.id, Seen(1), None)
        raise RuntimeError("broken on purpose")

    with pytest.raises(RuntimeError):
        house.db.write_sync(approve_and_break)

    assert ([house.all(table) for table in tables], house.kept_counts()) == before


def test_approving_says_who_and_when_and_holds_a_delivery(house: House) -> None:
    house.clock.advance(60)
    draft = house.draft()
    answer = house.approve(draft)
    item = answer.item
    assert (answer.status, answer.changed) == ("approved", True)
    assert (item.decided_by, item.decided_at, item.undo_until) == ("Ana", later(60), later(70))
    assert item.delivery is not None
    assert (item.delivery.state, item.delivery.not_before, item.delivery.attempt) == ("held", later(70), 0)
    assert item.delivery.fresh_until == later(60) + timedelta(hours=24)


@pytest.mark.parametrize(
    ("kind", "channel"),
    [("email", "email"), ("follow_up", "email"), ("proposal", "email"), ("call_script", "task"),
     ("contract_change", "contract")],
)  # fmt: skip
def test_each_kind_leaves_by_its_channel(house: House, kind: str, channel: str) -> None:
    item = house.approve(house.draft(kind=kind)).item
    assert item.delivery is not None
    assert item.delivery.channel == channel


@pytest.mark.parametrize(
    ("kind", "body", "risk", "hold_seconds"),
    [
        ("email", BODY, 10, 10),
        ("proposal", BODY, 30, 10),
        ("contract_change", BODY, 40, 20),
        ("email", "Hi Oliver,\n\na text.", 40, 20),
        ("proposal", BODY + " {{gap}}", 70, 40),
        ("contract_change", BODY + " {{gap}}", 80, 40),
    ],
)
def test_the_hold_grows_with_the_risk(house: House, kind: str, body: str, risk: int, hold_seconds: int) -> None:
    draft = house.draft(kind=kind, body=body)
    assert draft.risk.score == risk
    item = house.approve(draft).item
    assert item.undo_until == later(hold_seconds)
    assert item.delivery is not None
    assert item.delivery.not_before == later(hold_seconds)


def test_rejecting_keeps_the_reason_and_makes_no_delivery(house: House) -> None:
    draft = house.draft()
    item = house.do(decisions.reject, draft.id, Seen(1), "other", "we met them yesterday").item
    assert (item.status, item.reason_code, item.reason) == ("rejected", "other", "we met them yesterday")
    assert (item.decided_by, item.delivery, item.undo_until) == ("Ana", None, later(600))
    assert house.trail(draft)[-1]["reason"] == "we met them yesterday"
