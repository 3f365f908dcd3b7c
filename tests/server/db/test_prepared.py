"""Statements that are found out once: they answer as SQLAlchemy does, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, NoResultFound

from cc_server.db.errors import DatabaseUnavailable
from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import api_keys, counters, idempotency
from rig.house import House

INSERT = Prepared(insert(counters))
BIG = Prepared(
    select(counters.c.name, counters.c.amount, func.upper(counters.c.name).label("loud"))
    .where(counters.c.amount >= bindparam("least"), counters.c.name.in_(("a", "b", "c")))
    .order_by(counters.c.name)
)
NAMED = Prepared(select(counters).where(counters.c.name.in_(bindparam("names", expanding=True))))
GROW = Prepared(
    update(counters)
    .where(counters.c.name == bindparam("wanted"), counters.c.client_id == "")
    .values(amount=counters.c.amount + bindparam("step"))
)
DROP = Prepared(delete(counters).where(counters.c.name == bindparam("wanted")).returning(counters.c.amount))
KEYS = select(api_keys).order_by(api_keys.c.name)
MARK = Prepared(update(api_keys).where(api_keys.c.name == "ana").values(last_used_at=bindparam("at")))


def row(name: str, amount: int) -> dict[str, object]:
    return {"name": name, "client_id": "", "amount": amount}


def test_rows_are_found_changed_and_dropped(house: House) -> None:
    def work(conn: Connection) -> None:
        INSERT.run_many(conn, [row("a", 1), row("b", 5), row("d", 9)])
        INSERT.run_many(conn, [row("c", 7)])
        INSERT.run_many(conn, [])
        found = BIG.rows(conn, {"least": 5})
        assert [tuple(one) for one in found] == [("b", 5, "B"), ("c", 7, "C")]
        assert [(one.name, one.amount, one.loud) for one in found] == [("b", 5, "B"), ("c", 7, "C")]
        assert BIG.first_mapping(conn, {"least": 6}) == {"name": "c", "amount": 7, "loud": "C"}
        assert BIG.one_mapping(conn, {"least": 5})["name"] == "b"
        assert (GROW.run(conn, {"wanted": "a", "step": 3}), GROW.run(conn, {"wanted": "none", "step": 3})) == (1, 0)
        assert BIG.scalar(conn, {"least": 4}) == "a"
        assert {one.name for one in NAMED.rows(conn, {"names": ["a", "d"]})} == {"a", "d"}
        assert [DROP.scalar(conn, {"wanted": name}) for name in ("a", "a")] == [4, None]

    house.db.write_sync(work)


def test_what_must_be_there_and_is_not_is_said(house: House) -> None:
    with pytest.raises(NoResultFound):
        house.db.read_sync(lambda conn: BIG.one(conn, {"least": 0}))


def test_every_type_comes_back_as_sqlalchemy_hands_it_back(house: House) -> None:
    def look(conn: Connection) -> None:
        assert [dict(one) for one in Prepared(KEYS).mappings(conn)] == [
            dict(one) for one in conn.execute(KEYS).mappings()
        ]

    moment = datetime(2026, 11, 23, 14, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    house.db.write_sync(lambda conn: MARK.run(conn, {"at": moment}))
    house.db.read_sync(look)
    used = house.db.read_sync(lambda conn: [one.last_used_at for one in Prepared(KEYS).rows(conn) if one.last_used_at])
    assert used == [moment]
    assert used[0].tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(house: House) -> None:
    with pytest.raises(Exception, match="without a zone"):
        house.db.write_sync(lambda conn: MARK.run(conn, {"at": datetime(2026, 11, 23)}))


def test_what_the_database_refuses_is_told_as_sqlalchemy_tells_it_and_without_the_values(house: House) -> None:
    with pytest.raises(IntegrityError) as told:
        house.db.write_sync(lambda conn: INSERT.run_many(conn, [row("secret", 1), row("secret", 1)]))
    assert isinstance(told.value, DBAPIError)
    assert "'secret'" not in str(told.value)


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_a_file_that_may_not_be_written_to_is_told_in_a_sentence(house: House) -> None:
    house.db.write_sync(lambda conn: conn.exec_driver_sql("PRAGMA query_only = ON") and None)
    with pytest.raises(DatabaseUnavailable, match="may not be written to"):
        house.db.write_sync(lambda conn: INSERT.run(conn, row("a", 1)))


def test_an_insert_is_found_out_anew_for_other_columns(house: House) -> None:
    some = dict.fromkeys(("key_id", "client_id", "method", "path", "idempotency_key", "fingerprint"), "x")
    keep, known = Prepared(insert(idempotency)), Prepared(select(idempotency.c.headers, idempotency.c.answer))

    def work(conn: Connection) -> object:
        keep.run(
            conn, {**some, "status": 200, "headers": {"a": "ä"}, "answer": b"\x00", "created_at": house.clock.now()}
        )
        INSERT.run(conn, row("z", 1))
        return tuple(known.one(conn))

    assert house.db.write_sync(work) == ({"a": "ä"}, b"\x00")
