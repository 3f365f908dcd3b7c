"""Whatever happens in whichever order, every approval is in one state and told once."""

from __future__ import annotations

import random

import pytest

from cc_api_client.models.outbox.approvals import Approval
from cc_server.db.tables import approvals, deliveries
from cc_server.domain.base.actors import SYSTEM, Actor
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.outbox import edits, lapses
from cc_server.domain.outbox.sending.claims import Accepted, Claimed, NotAccepted, Unclear
from cc_server.domain.work import agents
from rig.house import AGENT, ANA, BODY, TOM, House
from tests.server.domain.outbox.changing import LIVE, edit


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
