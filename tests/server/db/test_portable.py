"""What is the same on every database: upserts, and the work that a unit leaves for its end."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, select

from cc_server.db.portable.upsert import insert_new, upsert
from cc_server.db.tables import counters
from cc_server.db.transaction import closing
from cc_server.domain.base import counters as kept
from cc_server.domain.base.refusals import DomainRefusal
from rig.house import House

ADD = upsert(counters, on=("name", "client_id"), changes=lambda new: {"amount": counters.c.amount + new.amount})
NEW = insert_new(counters, on=("name", "client_id"), returning=[counters.c.amount])


def row(name: str, amount: int) -> dict[str, object]:
    return {"name": name, "client_id": "", "amount": amount}


def amount_of(conn: Connection, name: str) -> int | None:
    return conn.execute(select(counters.c.amount).where(counters.c.name == name)).scalar()


def test_an_upsert_changes_the_row_that_is_there(house: House) -> None:
    house.db.write_sync(lambda conn: ADD.run_many(conn, [row("x", 2), row("y", 1)]))
    house.db.write_sync(lambda conn: ADD.run(conn, row("x", 3)) and None)
    assert house.db.read_sync(amount_of, "x") == 5
    assert house.db.read_sync(amount_of, "y") == 1


def test_an_insert_of_what_is_there_does_nothing_and_returns_nothing(house: House) -> None:
    first, second = (house.db.write_sync(lambda conn: NEW.scalar(conn, row("x", 2))) for _ in range(2))
    assert (first, second) == (2, None)


def test_a_unit_of_work_sees_what_it_counted_before_it_is_written(house: House) -> None:
    def work(conn: Connection) -> tuple[dict[str, int], int | None]:
        kept.add(conn, house.client_id, {"x.a": 2, "x.b": 1})
        kept.add(conn, house.client_id, {"x.a": -1})
        kept.add(conn, None, {"x.b": 5, "xy": 9})
        return kept.read(conn, "x.", frozenset({house.client_id})), amount_of(conn, "x.a")

    assert house.db.write_sync(work) == ({"a": 1, "b": 1}, None)
    assert house.db.read_sync(kept.read, "x.", None) == {"a": 1, "b": 6}


def test_what_a_refused_unit_left_for_its_end_is_not_done(house: House) -> None:
    def refuse(conn: Connection) -> None:
        kept.add(conn, None, {"x.a": 1})
        raise DomainRefusal("invalid_state", "no")

    with pytest.raises(DomainRefusal):
        house.db.write_sync(refuse)
    house.db.write_sync(lambda conn: kept.add(conn, None, {"x.b": 1}))
    assert house.db.read_sync(kept.read, "x.", None) == {"b": 1}


def test_what_a_failed_unit_left_is_seen_by_nobody_after_it(house: House) -> None:
    def fail(conn: Connection) -> None:
        kept.add(conn, None, {"x.a": 1})
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        house.db.write_sync(fail)
    assert house.db.read_sync(kept.read, "x.", None) == {}


def test_work_is_done_in_its_order_and_may_leave_more(house: House) -> None:
    done: list[str] = []
    second: closing.Last[list[str]] = closing.Last(2, list, list.extend, lambda _conn, words: done.extend(words))

    def write(conn: Connection, words: list[str]) -> None:
        done.extend(words)
        closing.share(conn, second).append("left by the first")

    first: closing.Last[list[str]] = closing.Last(1, list, list.extend, write)

    def work(conn: Connection) -> None:
        closing.share(conn, second).append("second")
        closing.share(conn, first).append("first")
        closing.share(conn, first).append("first again")

    house.db.write_sync(work)
    assert done == ["first", "first again", "second", "left by the first"]
