"""A person decides: the state machine of approvals, and what is written beside each transition."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from cc_api_client.models.outbox.approvals import Approval
from cc_server.db.tables import approvals, audit, deliveries, event_log
from cc_server.domain.base.actors import SYSTEM, Actor
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.outbox import decisions, edits, lapses
from cc_server.domain.outbox.decisions import Seen
from cc_server.domain.outbox.sending.claims import Accepted, Claimed, NotAccepted, Unclear
from cc_server.domain.work import agents
from rig.house import AGENT, ANA, BODY, NOON, TOM, House, later

EDITED = {"body": "Hi Maya,\n\nanother text.\n\nBest,\nAnna"}
LIVE = {"held", "ready", "dispatching", "retry_wait", "sent", "failed", "unknown"}


def edit(house: House, approval: Approval, version: int | None = None, **changes: Any) -> Approval:
    return house.do(edits.edit, approval.id, changes or EDITED, version or approval.version)


def expire(house: House, approval: Approval) -> Approval:
    assert approval.expires_at is not None
    house.clock.set(approval.expires_at)
    house.do(lapses.expire_overdue, by=SYSTEM)
    return house.now(approval)


def refusal_of(act: Callable[[], object]) -> DomainRefusal:
    with pytest.raises(DomainRefusal) as caught:
        act()
    return caught.value


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


# Who comes second


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


# What was seen


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


# Undo


@pytest.mark.parametrize("act", [House.approve, House.reject])
def test_an_undone_decision_is_forgotten_but_told(house: House, act: Callable[..., Any]) -> None:
    draft = house.draft()
    decided = act(house, draft).item
    house.clock.advance(5)
    answer = house.undo(decided, by=TOM)
    item = answer.item
    assert (answer.status, answer.changed) == ("pending", True)
    nothing = (item.decided_by, item.decided_at, item.reason_code, item.reason, item.undo_until)
    assert nothing == (None, None, None, None, None)
    assert item.returned is not None
    assert (item.returned.why, item.returned.decided_by, item.returned.at) == ("undone", "Ana", later(5))


def test_an_undone_approval_recalls_its_delivery_and_can_be_approved_anew(house: House) -> None:
    draft = house.draft()
    undone = house.undo(house.approve(draft).item).item
    assert undone.delivery is not None
    assert undone.delivery.state == "recalled"
    again = house.approve(undone).item
    assert again.returned is None
    assert [row["state"] for row in house.all(deliveries) if row["state"] in LIVE] == ["held"]
    house.leave_hold()
    assert [claimed.delivery["approval_version"] for claimed in house.claim()] == [again.version]


def test_what_was_undone_never_leaves(house: House) -> None:
    house.undo(house.approve(house.draft()).item)
    house.leave_hold()
    assert house.claim() == []


def test_undo_gives_at_least_another_day(house: House) -> None:
    draft = house.draft()
    house.clock.advance(timedelta(hours=71).total_seconds())
    undone = house.undo(house.reject(draft).item).item
    assert undone.expires_at == NOON + timedelta(hours=71 + 24)


def test_undo_does_not_shorten_what_was_left(house: House) -> None:
    draft = house.draft()
    assert house.undo(house.reject(draft).item).item.expires_at == draft.expires_at


def test_undo_keeps_an_edit(house: House) -> None:
    edited = edit(house, house.draft())
    undone = house.undo(house.approve(edited).item).item
    assert undone.body == EDITED["body"]
    assert undone.payload_sha256 == edited.payload_sha256


def test_undo_of_what_is_pending_changes_nothing(house: House) -> None:
    draft = house.draft()
    answer = house.undo(draft)
    assert (answer.status, answer.changed, answer.item) == ("pending", False, draft)


@pytest.mark.parametrize(("act", "code"), [(expire, "expired"), (House.withdraw, "cancelled")])
def test_what_is_final_is_neither_decided_nor_undone(house: House, act: Callable[..., Any], code: str) -> None:
    ended = act(house, house.draft())
    for again in (house.approve, house.reject, house.undo):
        refusal = refusal_of(lambda again=again: again(ended))  # type: ignore[misc]
        assert refusal.code == code
        assert refusal.item == house.now(ended)
    assert house.now(ended) == ended


def test_an_approval_can_be_undone_until_the_sender_takes_it_whatever_the_clock_says(house: House) -> None:
    approved = house.approve(house.draft()).item
    house.clock.advance(3600)
    assert house.undo(approved).changed


def test_what_waits_to_be_tried_again_can_be_undone(house: House) -> None:
    approved = house.approve(house.draft()).item
    house.leave_hold()
    house.settle(house.claim_one(), NotAccepted("busy", is_passing=True))
    assert house.undo(approved).item.status == "pending"


def test_undo_closes_once_it_is_dispatched(house: House) -> None:
    approved = house.approve(house.draft()).item
    house.leave_hold()
    house.claim_one()
    refusal = refusal_of(lambda: house.undo(approved))
    assert refusal.code == "undo_window_closed"
    assert isinstance(refusal.item, Approval)
    assert refusal.item.delivery is not None
    assert refusal.item.delivery.state == "dispatching"


@pytest.mark.parametrize(
    "outcome", [Accepted("file", "x.eml"), NotAccepted("no such mailbox", is_passing=False), Unclear("cut off")]
)
def test_undo_stays_closed_after_it_left(house: House, outcome: Accepted | NotAccepted | Unclear) -> None:
    approved = house.approve(house.draft()).item
    house.leave_hold()
    house.settle(house.claim_one(), outcome)
    assert refusal_of(lambda: house.undo(approved)).code == "undo_window_closed"


def test_a_rejection_can_be_undone_for_ten_minutes(house: House) -> None:
    first, second = house.reject(house.draft()).item, house.reject(house.draft()).item
    house.clock.advance(600)
    assert house.undo(first).changed
    house.clock.advance(1)
    assert refusal_of(lambda: house.undo(second)).code == "undo_window_closed"


def test_undo_of_a_version_that_is_gone_is_refused(house: House) -> None:
    house.approve(draft := house.draft())
    assert refusal_of(lambda: house.undo(draft, seen=Seen(1))).code == "version_conflict"
    assert house.now(draft).status == "approved"


# Expiry and withdrawal


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


# Edits


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


# Whoever is asked


def test_another_clients_approval_is_as_good_as_none(house: House) -> None:
    draft = house.draft()
    stranger = Actor("Eve", "key of Eve", "operator", frozenset({house.other_client_id}), house.other_client_id, True)
    for act in (house.approve, house.reject, house.undo):
        assert refusal_of(lambda act=act: act(draft, by=stranger)).code == "not_found"  # type: ignore[misc]
    assert house.now(draft) == draft


# All of it at once


class Walk:
    """Somebody does anything, in any order; after each step the kept counts must be the real ones."""

    def __init__(self, house: House, seed: int) -> None:
        self._house = house
        self._random = random.Random(seed)
        self._drafts = [house.draft(), house.draft(client_id=house.other_client_id)]
        self._claimed: list[Claimed] = []
        self.done: set[str] = set()

    def step(self) -> None:
        acts = [self.draft, self.approve, self.approve, self.reject, self.undo, self.edit, self.withdraw, self.expire,
                self.claim, self.settle, self.settle, self.reap, self.agent, self.wait, self.tamper]  # fmt: skip
        act = self._random.choice(acts)
        try:
            act()
        except DomainRefusal as refusal:
            self.done.add(refusal.code)
        else:
            self.done.add(act.__name__)

    def _any(self) -> Approval:
        return self._house.now(self._random.choice(self._drafts))

    def _by(self) -> Actor:
        return self._random.choice((ANA, TOM))

    def draft(self) -> None:
        client_id = self._random.choice((self._house.client_id, self._house.other_client_id))
        body = self._random.choice((BODY, BODY + " {{gap}}", "Hi Oliver, hello"))
        subject = self._random.choice(("One", "Two", "broken\nsubject"))
        self._drafts.append(self._house.draft(client_id=client_id, body=body, subject=subject))

    def approve(self) -> None:
        self._house.approve(self._any(), by=self._by())

    def reject(self) -> None:
        self._house.reject(self._any(), by=self._by())

    def undo(self) -> None:
        self._house.undo(self._any(), by=self._by())

    def edit(self) -> None:
        edit(self._house, self._any(), body=self._random.choice((BODY, BODY + " [Company]")))

    def withdraw(self) -> None:
        if self._random.random() < 0.3:
            self._house.withdraw(self._any())

    def expire(self) -> None:
        self._house.do(lapses.expire_overdue, by=SYSTEM)

    def claim(self) -> None:
        self._claimed += self._house.claim()

    def settle(self) -> None:
        if self._claimed:
            claimed = self._random.choice(self._claimed)
            outcomes = (Accepted("file", "x"), NotAccepted("busy", True), NotAccepted("no", False), Unclear("cut"))
            self._house.settle(claimed, self._random.choice(outcomes))

    def reap(self) -> None:
        self._house.reap(knows_stable_keys=self._random.random() < 0.5)

    def agent(self) -> None:
        match self._random.randrange(4):
            case 0:
                self._house.do(agents.pause, AGENT, None)
            case 1:
                self._house.do(agents.resume, AGENT)
            case 2:
                self._house.do(agents.fail, AGENT, "broken")
            case _:
                self._house.do(agents.recover, AGENT)

    def wait(self) -> None:
        self._house.clock.advance(self._random.choice((1, 20, 61, 700, 30_000)))

    def tamper(self) -> None:
        if self._random.random() < 0.1:
            self._house.tamper(approvals, self._any().id, to_name="Somebody Else")


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_the_kept_counts_are_the_real_ones(house: House, seed: int) -> None:
    walk = Walk(house, seed)
    for _ in range(150):
        walk.step()
        assert house.kept_counts() == house.real_counts()
    assert len(walk.done) > 12


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_the_records_agree_with_each_other(house: House, seed: int) -> None:
    walk = Walk(house, seed + 100)
    for _ in range(150):
        walk.step()
    events = house.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    live: dict[str, int] = {}
    for delivery in house.all(deliveries):
        if delivery["state"] in LIVE:
            live[delivery["approval_id"]] = live.get(delivery["approval_id"], 0) + 1
    for row in house.all(approvals):
        own = [event for event in events if event["id"] == row["id"]]
        assert [event["version"] for event in own] == list(range(1, row["version"] + 1))
        assert own[-1]["data"]["status"] == row["status"]
        assert live.get(row["id"], 0) == (1 if row["status"] == "approved" else 0)


def test_with_four_eyes_whoever_edited_it_may_not_approve_it(house: House) -> None:
    house.set("approvals", four_eyes=True)
    draft = house.do(edits.edit, house.draft().id, {"subject": "Better"}, 1)
    with pytest.raises(DomainRefusal) as refused:
        house.approve(draft)
    assert refused.value.code == "self_approval"
    assert house.now(draft).status == "pending"
    assert house.trail(draft)[-1]["action"] == "approval.approve_refused"
    assert house.approve(draft, by=TOM).item.status == "approved"


def test_without_four_eyes_an_editor_approves_their_own_work(house: House) -> None:
    draft = house.do(edits.edit, house.draft().id, {"subject": "Better"}, 1)
    assert house.approve(draft).item.status == "approved"


def test_with_four_eyes_an_editor_may_still_reject_and_undo(house: House) -> None:
    house.set("approvals", four_eyes=True)
    draft = house.do(edits.edit, house.draft().id, {"subject": "Better"}, 1)
    assert house.undo(house.reject(draft).item).item.status == "pending"
