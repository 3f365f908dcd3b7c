"""What is PostgreSQL's own: its time, its collisions, its words, its absence, and what it can't store as it is."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from sqlalchemy import Connection, select, text, update

from cc_server.db.clock import SystemClock
from cc_server.db.database import Database
from cc_server.db.errors import DatabaseInUse, DatabaseUnavailable, Refused
from cc_server.db.portable.upsert import insert_new
from cc_server.db.postgres import connect, listener, presence
from cc_server.db.postgres.url import PostgresUrl
from cc_server.db.schema import Opening, Use
from cc_server.db.tables import counters, installation
from cc_server.db.transaction import locks
from cc_server.db.transaction.notices import Woken
from cc_server.domain.base import counters as kept
from cc_server.sealing.seals import Seals
from rig.postgres import Postgres
from tests.support.patience import PATIENCE_SECONDS, until

NEW = insert_new(counters, on=("name", "client_id"))
SECRET = "s3cret-word"
_HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = 1"


@pytest.fixture
def url(postgres: Postgres) -> Iterator[PostgresUrl]:
    made = postgres.new()
    yield made
    postgres.drop(made)


@pytest.fixture
def key(tmp_path: Path) -> Seals:
    return Seals(tmp_path / "audit-key")


@pytest.fixture
def db(url: PostgresUrl, key: Seals) -> Iterator[Database]:
    made = Database(url, SystemClock(), seals=key)
    made.open()
    yield made
    made.close()


def amount(conn: Connection, name: str) -> int | None:
    return conn.execute(select(counters.c.amount).where(counters.c.name == name)).scalar()


def test_time_is_the_databases_and_stands_still_within_a_unit(db: Database) -> None:
    def work(conn: Connection) -> tuple[float, float]:
        first = db.clock.now()
        conn.execute(text("SELECT pg_sleep(0.05)"))
        theirs = conn.execute(text("SELECT clock_timestamp()")).scalar_one()
        return (theirs - first).total_seconds(), (db.clock.now() - first).total_seconds()

    passed, ours = db.write_sync(work)
    assert passed >= 0.05
    assert ours == 0


def test_outside_of_a_unit_time_goes_on_from_the_databases(db: Database) -> None:
    told = db.write_sync(lambda _conn: db.clock.now())
    assert told <= db.clock.now() <= told + timedelta(seconds=30)


def test_a_unit_that_waits_in_a_circle_is_run_again(db: Database) -> None:
    names = ("a", "b")
    db.write_sync(
        lambda conn: NEW.run_many(conn, [{"name": one, "client_id": "", "amount": 0} for one in names])
    )  # fmt: skip
    meeting = threading.Barrier(2)
    runs: list[str] = []

    def work(conn: Connection, first: str, second: str) -> None:
        runs.append(first)
        for one in (first, second):
            conn.execute(update(counters).where(counters.c.name == one).values(amount=counters.c.amount + 1))
            if one == first and runs.count(first) == 1:
                conn.execute(text("SELECT pg_advisory_xact_lock_shared(1)"))
                _meet(conn)

    def _meet(conn: Connection) -> None:
        """Wait until both hold their first row: as many share the lock."""
        while conn.execute(text(_HELD)).scalar_one() < 2:
            conn.execute(text("SELECT pg_sleep(0.01)"))

    def begin(first: str, second: str) -> None:
        meeting.wait()
        db.write_sync(work, first, second)

    threads = [threading.Thread(target=begin, args=pair) for pair in (names, names[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [db.read_sync(amount, one) for one in names] == [2, 2]
    assert len(runs) >= 3


def test_a_lock_by_name_keeps_a_second_unit_waiting(db: Database) -> None:
    order: list[str] = []
    inside = threading.Event()

    def first(conn: Connection) -> None:
        locks.exclusive(conn, locks.CONTROLS)
        inside.set()
        conn.execute(text("SELECT pg_sleep(0.1)"))
        order.append("first")

    def second(conn: Connection) -> None:
        locks.shared(conn, locks.CONTROLS)
        order.append("second")

    thread = threading.Thread(target=db.write_sync, args=(first,))
    thread.start()
    inside.wait()
    db.write_sync(second)
    thread.join()
    assert order == ["first", "second"]


@pytest.mark.parametrize("word", ["a\0b", "\ufdd0", "\ufdd0\ufdd2\0", "x" * 500])
def test_any_text_is_stored_as_it_is(db: Database, word: str) -> None:
    db.write_sync(lambda conn: NEW.run(conn, {"name": word, "client_id": word, "amount": 1}) and None)
    assert db.read_sync(lambda conn: conn.execute(select(counters.c.name, counters.c.client_id)).all()) == [
        (word, word)
    ]


def test_names_sort_by_code_points_as_on_sqlite(db: Database) -> None:
    names = ["b", "B", "a-b", "ab", "ä", "_"]
    db.write_sync(lambda conn: kept.add(conn, None, dict.fromkeys(names, 1)))
    stored = db.read_sync(lambda conn: conn.execute(select(counters.c.name).order_by(counters.c.name)).scalars().all())
    assert stored == sorted(names)


def test_a_second_process_waits_for_the_tables_and_finds_them_made(url: PostgresUrl, key: Seals) -> None:
    found: list[str] = []

    def begin() -> None:
        db = Database(url, SystemClock(), seals=key)
        db.open()
        found.append(db.read_sync(lambda conn: str(conn.execute(select(installation.c.server_id)).scalar_one())))
        db.close()

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_what_must_be_there_and_what_must_not_is_told_apart(url: PostgresUrl, key: Seals) -> None:
    with pytest.raises(DatabaseUnavailable, match="does not exist yet; make it with: cc-server init"):
        Database(url, SystemClock(), opening=Opening.EXISTING, seals=key).open()
    db = Database(url, SystemClock(), opening=Opening.NEW, seals=key)
    db.open()
    db.close()
    with pytest.raises(DatabaseUnavailable, match="exists already"):
        Database(url, SystemClock(), opening=Opening.NEW, seals=key).open()


def test_a_database_that_is_cut_off_is_unavailable_and_comes_back_by_itself(db: Database, postgres: Postgres) -> None:
    address = db.address
    assert isinstance(address, PostgresUrl)
    name = address.dsn.split("?")[0].rpartition("/")[2]

    def slow(conn: Connection) -> None:
        postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        conn.execute(text("SELECT 1"))

    with pytest.raises(DatabaseUnavailable, match=r"starting or stopping|can't be reached"):
        db.write_sync(slow)
    assert db.trouble is not None
    for _ in range(10):
        db.write_sync(lambda conn: kept.add(conn, None, {"x": 1}))
    assert db.read_sync(kept.read, "x", None) == {"": 10}
    assert db.trouble is None


def test_an_ear_whose_connection_is_cut_in_the_middle_of_a_word_listens_again(
    url: PostgresUrl, key: Seals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver then raises what it raises of its own mistakes."""
    answered, cut, heard = listener._answered, threading.Event(), threading.Event()

    async def cut_once(conn: Any) -> None:
        if not cut.is_set():
            cut.set()
            raise asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress")
        await answered(conn)

    monkeypatch.setattr(listener, "_answered", cut_once)
    monkeypatch.setattr(listener, "ALIVE_SECONDS", 0.01)
    monkeypatch.setattr(listener, "AGAIN_SECONDS", 0.01)
    db = Database(url, SystemClock(), seals=key)
    db.on_commit(lambda told: heard.set() if Woken() in told and cut.is_set() else None)
    db.open()
    try:
        assert heard.wait(PATIENCE_SECONDS)
    finally:
        db.close()


@pytest.mark.parametrize("at", ["the unit", "its refusal"])
def test_a_statement_that_takes_too_long_is_told_as_a_database_that_does_not_answer(
    url: PostgresUrl, key: Seals, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """The driver drops such a connection, so that there is no savepoint any more to go back to."""
    monkeypatch.setattr(connect, "STATEMENT_SECONDS", 2.0)
    db = Database(url, SystemClock(), seals=key)
    db.open()

    def slow(conn: Connection) -> None:
        conn.execute(text("SELECT pg_sleep(60)"))

    class SlowlyRefused(Refused):
        def record(self, conn: Connection) -> None:
            slow(conn)

    def refused(_conn: Connection) -> None:
        raise SlowlyRefused("no")

    try:
        with pytest.raises(DatabaseUnavailable, match="took too long to answer; ask again"):
            db.write_sync(slow if at == "the unit" else refused)
        assert db.write_sync(lambda conn: conn.execute(text("SELECT 1")).scalar_one()) == 1
        assert db.trouble is None
    finally:
        db.close()


def test_a_database_that_takes_the_connection_and_never_says_a_word_is_told_as_one_that_can_not_be_reached(
    key: Seals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = PostgresUrl.parse(f"postgresql://ana@127.0.0.1:{silent.getsockname()[1]}/x")
        with pytest.raises(DatabaseUnavailable, match="can't be reached"):
            Database(url, SystemClock(), seals=key).open()


@pytest.mark.parametrize(
    ("dsn", "sentence"),
    [
        (f"postgresql://ana:{SECRET}@127.0.0.1:1/x", "can't be reached"),
        (f"postgresql://ana:{SECRET}@no-such-host.invalid/x", "can't be reached"),
    ],
)
def test_a_database_that_can_not_be_used_is_told_in_a_sentence_without_the_password(
    dsn: str, sentence: str, key: Seals
) -> None:
    url = PostgresUrl.parse(dsn)
    with pytest.raises(DatabaseUnavailable, match=sentence) as told:
        Database(url, SystemClock(), seals=key).open()
    assert SECRET not in f"{told.value} {url!r} {url} {told.value.__cause__!r}"


def test_a_database_that_does_not_exist_is_named(postgres: Postgres, url: PostgresUrl, key: Seals) -> None:
    other = PostgresUrl.parse(url.dsn.replace("/cc_", "/none_"))
    with pytest.raises(DatabaseUnavailable, match="does not exist; make it with: createdb"):
        Database(other, SystemClock(), seals=key).open()


def test_a_unit_can_not_be_begun_once_it_is_closed(url: PostgresUrl, key: Seals) -> None:
    db = Database(url, SystemClock(), seals=key)
    db.open()
    db.close()
    with pytest.raises(DatabaseUnavailable, match="not open"):
        db.read_sync(amount, "x")


def test_who_needs_the_database_alone_is_told_who_uses_it_and_has_it_once_they_are_gone(
    db: Database, url: PostgresUrl, key: Seals, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = Database(url, SystemClock(), use=Use.ALONE, seals=key)
    with pytest.raises(DatabaseInUse, match=r"is in use: connections from .*: \d+, since .*Stop every server first"):
        alone.open()
    db.close()
    alone = Database(url, SystemClock(), use=Use.ALONE, seals=key)
    with monkeypatch.context() as patient:
        patient.setattr(presence, "GOING_SECONDS", PATIENCE_SECONDS)
        alone.open()
    late = Database(url, SystemClock(), seals=key)
    with pytest.raises(DatabaseInUse, match="Start again when it has ended"):
        late.open()
    alone.close()
    late = Database(url, SystemClock(), seals=key)
    with monkeypatch.context() as patient:
        patient.setattr(presence, "GOING_SECONDS", PATIENCE_SECONDS)
        late.open()
    late.close()


def test_what_can_not_be_written_to_is_in_trouble_though_it_can_be_read_until_a_write_succeeds(
    db: Database, postgres: Postgres, url: PostgresUrl
) -> None:
    def count(conn: Connection) -> None:
        kept.add(conn, None, {"x.a": 1})

    name = urlsplit(url.dsn).path[1:]
    postgres.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on', _cut_off(name))
    until(lambda: "may only be read" in refusal_of(db, count))
    assert db.read_sync(amount, "x.a") is None
    assert "may only be read" in (db.trouble or "")
    postgres.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = off', _cut_off(name))
    until(lambda: not refusal_of(db, count))
    assert db.trouble is None


def _cut_off(name: str) -> str:
    return f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"


def refusal_of(db: Database, unit: Callable[[Connection], None]) -> str:
    try:
        db.write_sync(unit)
    except DatabaseUnavailable as refused:
        return str(refused)
    return ""
