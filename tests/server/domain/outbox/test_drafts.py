"""Drafts that are handed in together: judged, stored and told exactly as one by one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from cc_api_client.models.outbox.approvals import Approval
from cc_server.db.tables import approvals, audit, counters, event_log, suppression
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.base.unit import Unit
from cc_server.domain.controls.begin import Turn, begin
from cc_server.domain.outbox import drafts
from cc_server.domain.outbox.drafts import NEVER_WRITE, NewDraft
from cc_server.domain.outbox.sending.claims import Accepted
from cc_server.domain.policy.default import DEFAULT_POLICY
from cc_server.domain.work import agents
from rig.house import AGENT, BODY, NOON, Founded, House

POLICY = DEFAULT_POLICY.model_copy(update={"version": "asks-for-all", "agent_min_success": 0.5, "daily_cap": 3})
NOBODY, WRITTEN, LEAVING, WAITING = "no@mail.example", "old@mail.example", "soon@mail.example", "now@mail.example"
Handed = tuple[datetime, NewDraft]
HandIn = Callable[[House, list[Handed]], list[Approval]]
Told = tuple[list[Approval], dict[str, list[dict[str, Any]]]]


@pytest.fixture(params=["sqlite", "postgresql"])
def founded(request: pytest.FixtureRequest) -> Founded:
    found: Founded = request.getfixturevalue(f"founded_{request.param}")
    return found


def draft(house: House, email: str = WAITING, body: str = BODY, **changes: Any) -> NewDraft:
    fields: dict[str, Any] = {
        "client_id": house.client_id, "kind": "email", "agent_name": AGENT, "to_name": "Maya Fischer",
        "to_email": email, "subject": "Subject", "body": body,
    }  # fmt: skip
    return NewDraft(**fields | changes)


def unit_of(house: House, conn: Connection, at: datetime) -> Unit:
    return replace(begin(conn, SYSTEM, at, house.db.ids, Turn.JUDGES), request_id=f"request of {at}")


def one_by_one(house: House, handed: list[Handed]) -> list[Approval]:
    """Each in a transaction of its own."""

    def work(conn: Connection, at: datetime, one: NewDraft) -> Approval:
        return drafts.create(conn, unit_of(house, conn, at), one)

    return [house.db.write_sync(work, at, one) for at, one in handed]


def together(house: House, handed: list[Handed]) -> list[Approval]:
    """All in one transaction."""

    def work(conn: Connection) -> list[Approval]:
        return drafts.create_many(conn, [(unit_of(house, conn, at), one) for at, one in handed])

    return house.db.write_sync(work)


def with_a_past(house: House) -> None:
    """Somebody must not be written to, somebody was, a mail to a third is about to leave, one to a fourth waits."""
    house.set("approvals", policy=POLICY.model_dump())
    never = {"id": "no", "client_id": house.client_id, "email": NOBODY, "reason": None, "created_at": NOON}
    house.db.write_sync(lambda conn: conn.execute(insert(suppression), never) and None)
    house.do(agents.beat, AGENT, by=SYSTEM)
    house.add_lead("lead@mail.example")
    house.approve(house.draft(to_email=WRITTEN, body="Hi Maya,\n\nthe first mail."))
    house.leave_hold()
    assert house.settle(house.claim_one(), Accepted("provider", "message"))
    house.approve(house.draft(to_email=LEAVING))
    house.draft(to_email=WAITING)
    house.clock.advance(60)


def mixed(house: House, count: int) -> list[Handed]:
    """Drafts of few texts to few people at few moments, so that many have to do with each other."""
    rng = random.Random(5)
    people = (
        NOBODY, WRITTEN, LEAVING, WAITING, "lead@mail.example", f" {WAITING.upper()}", "m\u0430ya@mail.example",
        "Straße@mail.example", "STRASSE@mail.example", "two@a.example, b@b.example", 'q"uo\\te@mail.example',
    )  # fmt: skip
    bodies = (
        BODY,
        "Hi Maya,\n\nthe first mail.",
        "Hi [Name],\n\n{{gap}} \u200b\U0001f642",
        "",
        "Dear Tom, as an AI language model",
    )
    kinds = ("email", "follow_up", "call_script", "proposal", "contract_change")
    payloads = (None, {"amount_usd": "12000.00"}, {"items": [{"name": "é", "price": 1.5}], "amount_usd": "much"})
    now = house.clock.now()
    moments = [now + timedelta(minutes=minutes) for minutes in (-90, 0, 0, 1, 2, 60, 60 * 24 * 40)]
    return [
        (
            rng.choice(moments),
            draft(
                house, rng.choice(people), rng.choice(bodies), kind=rng.choice(kinds), payload=rng.choice(payloads),
                client_id=rng.choice((house.client_id, house.client_id, house.other_client_id)),
                agent_name=rng.choice((AGENT, AGENT, "nobody's", "")), template=rng.choice((None, "one", "two")),
                to_name=rng.choice((None, "Maya Fischer")), lead_id=rng.choice((None, "lead")),
            ),
        )
        for _ in range(count)
    ]  # fmt: skip


def told(folder: Path, founded: Founded, hand_in: HandIn, handed_of: Callable[[House], list[Handed]]) -> Told:
    """What a house answers and holds after drafts were handed in; all of it, numbers, moments and seals too."""
    folder.mkdir()
    with closing(House(folder, founded)) as house:
        with_a_past(house)
        answers = hand_in(house, handed_of(house))
        return answers, {table.name: house.all(table) for table in (approvals, audit, counters, event_log)}


def test_many_drafts_together_are_judged_stored_and_told_exactly_as_one_by_one(
    tmp_path: Path, founded: Founded
) -> None:
    single = told(tmp_path / "single", founded, one_by_one, lambda house: mixed(house, 120))
    several = told(tmp_path / "several", founded, together, lambda house: mixed(house, 120))
    assert several[0] == single[0]
    for name, rows in single[1].items():
        assert several[1][name] == rows, name
    found = {flag.code for answer in single[0] for flag in answer.risk.flags}
    assert {"duplicate", "suppressed", "unknown_recipient", "cooldown", "amount_high", "placeholder"} <= found
    assert {str(answer.status) for answer in single[0]} == {"pending", "cancelled"}


@pytest.fixture
def past(house: House) -> Iterator[House]:
    with_a_past(house)
    yield house


def is_twin(approval: Approval) -> bool:
    return any(flag.code == "duplicate" for flag in approval.risk.flags)


def test_of_two_alike_that_come_together_only_the_later_one_repeats_the_other(past: House) -> None:
    people = ("a@mail.example", "b@mail.example", " A@Mail.example")
    came = [past.clock.now() + timedelta(seconds=seconds) for seconds in range(3)]
    first, other, later = together(past, [(at, draft(past, email)) for at, email in zip(came, people, strict=True)])
    assert [is_twin(one) for one in (first, other, later)] == [False, False, True]


def test_what_was_never_to_be_sent_is_no_twin_of_what_comes_with_it(past: House) -> None:
    at = past.clock.now()
    first, second = together(past, [(at, draft(past, NOBODY)), (at + timedelta(seconds=1), draft(past, NOBODY))])
    assert [str(one.status) for one in (first, second)] == ["cancelled", "cancelled"]
    assert [is_twin(one) for one in (first, second)] == [False, False]
    assert [row["reason"] for row in past.trail(second)] == [NEVER_WRITE]


def test_an_address_with_a_nul_in_it_is_not_taken_for_the_one_before_the_nul(past: House) -> None:
    at = past.clock.now()
    hostile, plain = together(past, [(at, draft(past, f"{NOBODY}\0@x.example")), (at, draft(past, NOBODY))])
    assert (str(hostile.status), str(plain.status)) == ("pending", "cancelled")


def test_no_drafts_at_all_make_nothing(past: House) -> None:
    before = past.all(event_log)
    assert together(past, []) == []
    assert past.all(event_log) == before
