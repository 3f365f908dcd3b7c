"""Two processes on one database take turns: who judges and who changes the controls, who claims and who undoes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Connection, text

from cc_api_client.models.outbox.suppression import SuppressionIntake
from cc_api_client.models.settings import KillSwitchBody
from cc_api_client.models.work.intake import IntakeAnswer, IntakeStatus, LeadIntake
from cc_server.db.database import Database
from cc_server.db.ids import SeededIds
from cc_server.db.tables import approvals
from cc_server.domain import leads
from cc_server.domain.base.actors import SYSTEM, Actor
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.controls import kill_switch
from cc_server.domain.controls.begin import Turn, begin
from cc_server.domain.outbox import decisions
from cc_server.domain.outbox.decisions import Seen
from cc_server.domain.outbox.sending import blocks, claims
from rig.house import ANA, BOSS, House
from tests.support.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.parametrize("house", ["postgresql"], indirect=True)
STOP = KillSwitchBody(engaged=True, reason="wrong price list")
_WAITERS = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


@pytest.fixture
def other(house: House) -> Iterator[Database]:
    """Another process on the same database."""
    db = Database(house.db.address, house.clock, ids=SeededIds(8), seals=house.db.seals)
    db.open()
    yield db
    db.close()


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


class Paused:
    """Does something in a transaction, and keeps the transaction open until it is let go."""

    def __init__(self, act: Callable[[Connection], object]) -> None:
        self._act = act
        self.is_done = threading.Event()
        self.may_end = threading.Event()

    def __call__(self, conn: Connection) -> object:
        found = self._act(conn)
        self.is_done.set()
        assert self.may_end.wait(PATIENCE_SECONDS)
        return found


def claim(house: House, db: Database, delivery_id: str) -> Callable[[Connection], object]:
    """As a sender does."""

    def act(conn: Connection) -> object:
        return claims.claim(conn, begin(conn, SYSTEM, house.clock.now(), db.ids, Turn.JUDGES), delivery_id)

    return act


def stop(house: House, db: Database) -> Callable[[Connection], object]:
    """As an admin's request does."""

    def act(conn: Connection) -> object:
        return kill_switch.turn(conn, begin(conn, BOSS, house.clock.now(), db.ids, Turn.CHANGES), STOP)

    return act


def wait_for_a_waiter(db: Database) -> None:
    """Until somebody waits for a turn."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not db.read_sync(lambda conn: conn.execute(_WAITERS).scalar_one()):
        assert time.monotonic() < until, "nobody waits for a turn"


def due(house: House) -> str:
    house.approve(house.draft(to_email="maya@clinic.example"))
    house.leave_hold()
    (delivery_id,) = house.due()
    return delivery_id


def test_a_stop_waits_for_a_claim_that_was_first_and_lists_it(
    house: House, other: Database, aside: ThreadPoolExecutor
) -> None:
    delivery_id = due(house)
    claiming = Paused(claim(house, house.db, delivery_id))
    claimed: Future[object] = aside.submit(house.db.write_sync, claiming)
    assert claiming.is_done.wait(PATIENCE_SECONDS)
    stopping: Future[Any] = aside.submit(other.write_sync, stop(house, other))
    wait_for_a_waiter(other)
    claiming.may_end.set()
    assert claimed.result(PATIENCE_SECONDS) is not None
    answer = stopping.result(PATIENCE_SECONDS)
    assert [one.delivery_id for one in answer.in_flight] == [delivery_id]


def test_a_claim_waits_for_a_stop_that_was_first_and_takes_nothing(
    house: House, other: Database, aside: ThreadPoolExecutor
) -> None:
    delivery_id = due(house)
    stopping = Paused(stop(house, other))
    stopped: Future[object] = aside.submit(other.write_sync, stopping)
    assert stopping.is_done.wait(PATIENCE_SECONDS)
    claiming = aside.submit(house.db.write_sync, claim(house, house.db, delivery_id))
    wait_for_a_waiter(house.db)
    stopping.may_end.set()
    stopped.result(PATIENCE_SECONDS)
    assert claiming.result(PATIENCE_SECONDS) is None


def test_an_address_is_suppressed_after_the_claim_that_was_first(
    house: House, other: Database, aside: ThreadPoolExecutor
) -> None:
    delivery_id = due(house)
    claiming = Paused(claim(house, house.db, delivery_id))
    claimed: Future[object] = aside.submit(house.db.write_sync, claiming)
    assert claiming.is_done.wait(PATIENCE_SECONDS)

    def suppress(conn: Connection) -> object:
        unit = begin(conn, BOSS, house.clock.now(), other.ids, Turn.CHANGES)
        return blocks.suppress(conn, unit, SuppressionIntake(email="maya@clinic.example"))

    suppressing = aside.submit(other.write_sync, suppress)
    wait_for_a_waiter(other)
    claiming.may_end.set()
    assert claimed.result(PATIENCE_SECONDS) is not None
    suppressing.result(PATIENCE_SECONDS)
    assert house.claim() == []


def undo(house: House, db: Database, approval_id: str) -> Callable[[Connection], object]:
    """As an operator's request does."""

    def act(conn: Connection) -> object:
        unit = begin(conn, ANA, house.clock.now(), db.ids, Turn.JUDGES)
        return decisions.undo(conn, unit, approval_id, Seen())

    return act


def test_an_undo_that_comes_second_is_told_that_it_is_being_sent(
    house: House, other: Database, aside: ThreadPoolExecutor
) -> None:
    delivery_id = due(house)
    (approval_id,) = (row["id"] for row in house.all(approvals))
    claiming = Paused(claim(house, house.db, delivery_id))
    claimed: Future[object] = aside.submit(house.db.write_sync, claiming)
    assert claiming.is_done.wait(PATIENCE_SECONDS)
    undoing: Future[Any] = aside.submit(other.write_sync, undo(house, other, approval_id))
    wait_for_a_waiter(other)
    claiming.may_end.set()
    assert claimed.result(PATIENCE_SECONDS) is not None
    with pytest.raises(DomainRefusal, match="it is dispatching") as refused:
        undoing.result(PATIENCE_SECONDS)
    assert refused.value.code == "undo_window_closed"


def test_a_claim_that_comes_second_to_an_undo_takes_nothing(
    house: House, other: Database, aside: ThreadPoolExecutor
) -> None:
    delivery_id = due(house)
    (approval_id,) = (row["id"] for row in house.all(approvals))
    undoing = Paused(undo(house, other, approval_id))
    undone: Future[Any] = aside.submit(other.write_sync, undoing)
    assert undoing.is_done.wait(PATIENCE_SECONDS)
    claiming: Future[object] = aside.submit(house.db.write_sync, claim(house, house.db, delivery_id))
    wait_for_a_waiter(house.db)
    undoing.may_end.set()
    assert undone.result(PATIENCE_SECONDS).status == "pending"
    assert claiming.result(PATIENCE_SECONDS) is None


def test_a_form_that_two_processes_hand_in_at_once_makes_one_lead(
    house: House, other: Database, aside: ThreadPoolExecutor
) -> None:
    form = Actor("website form", "", "intake", frozenset({house.client_id}), house.client_id)
    intake = LeadIntake(name="Maya", email="maya@clinic.example", message="Hello", timestamp="2026-11-23T12:00:00Z")

    def take_in(db: Database) -> Callable[[Connection], IntakeAnswer]:
        return lambda conn: leads.take_in(conn, begin(conn, form, house.clock.now(), db.ids, Turn.READS), intake)

    first = Paused(take_in(house.db))
    one: Future[Any] = aside.submit(house.db.write_sync, first)
    assert first.is_done.wait(PATIENCE_SECONDS)
    two: Future[Any] = aside.submit(other.write_sync, take_in(other))
    wait_for_a_waiter(other)
    first.may_end.set()
    answers = [one.result(PATIENCE_SECONDS).status, two.result(PATIENCE_SECONDS).status]
    assert answers == [IntakeStatus.QUEUED, IntakeStatus.DUPLICATE]
