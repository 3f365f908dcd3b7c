"""The writer's thread outlives whatever breaks a commit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import ResourceClosedError

from cc_server.db import schema
from cc_server.db.clock import SystemClock
from cc_server.db.database import Database
from cc_server.db.errors import DatabaseUnavailable
from cc_server.db.schema import Opening
from cc_server.db.sqlite.store import SqliteStore
from cc_server.db.transaction import closing
from cc_server.db.transaction.units import UnitOfWork
from cc_server.domain.access import keys
from cc_server.domain.base import counters, replays
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.base.replays import Answer, Intent, Overtaken
from cc_server.domain.controls import settings
from cc_server.domain.controls.begin import Turn
from rig.house import BOSS, House
from tests.support.patience import PATIENCE_SECONDS

T = TypeVar("T")

on_a_file = pytest.mark.parametrize("house", ["sqlite"], indirect=True)


def lose(conn: Connection) -> None:
    """Close the connection in the middle of a unit: the commit then fails with no error of the driver."""
    conn.close()


def one(conn: Connection) -> int:
    return int(conn.execute(text("SELECT 1")).scalar_one())


@on_a_file
def test_a_commit_that_breaks_in_an_unknown_way_is_told_and_the_next_one_goes_on(house: House) -> None:
    with pytest.raises(ResourceClosedError):
        house.db.write_sync(lose)
    assert "ResourceClosedError" in (house.db.trouble or "")
    assert house.db.write_sync(one) == 1
    assert house.db.trouble is None


@on_a_file
def test_a_commit_that_breaks_with_nothing_in_it_ends_no_thread(house: House) -> None:
    given_up = UnitOfWork(one)
    given_up.future.cancel()

    has_broken = threading.Event()

    def breaks(_conn: Connection) -> None:
        has_broken.set()
        raise OSError("the disk is gone")

    store = house.db._store
    assert isinstance(store, SqliteStore)
    event.listen(store._write_engine, "commit", breaks, once=True)
    store.write(given_up)
    assert has_broken.wait(PATIENCE_SECONDS)
    next_one = UnitOfWork(one)
    store.write(next_one)
    next_one.future.exception(10)  # it may have been told of that commit
    assert house.db.write_sync(one) == 1


@on_a_file
@pytest.mark.parametrize("is_replaced", [False, True])
def test_nothing_is_kept_in_a_file_that_was_taken_away_and_it_goes_on_once_it_is_back(
    house: House, *, is_replaced: bool
) -> None:
    def count(conn: Connection) -> None:
        counters.add(conn, None, {"x.a": 1})

    path = Path(str(house.db.address))
    house.db.write_sync(count)
    away = path.rename(path.with_name("away.db"))
    if is_replaced:
        path.touch()
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable, match=r"can't be (used|opened)"):
            house.db.write_sync(count)
    assert house.db.trouble is not None
    away.rename(path)
    house.db.write_sync(count)
    assert house.db.read_sync(counters.read, "x.", None) == {"a": 2}
    assert house.db.trouble is None


@contextmanager
def waiting_for_one_commit(house: House) -> Iterator[list[UnitOfWork]]:
    """What is added to the list is queued, and shares a commit: the writer is held up until all of it is there."""
    units: list[UnitOfWork] = []
    goes_on = threading.Event()
    first = UnitOfWork(lambda _conn: goes_on.wait(PATIENCE_SECONDS))
    house.db._store.write(first)
    yield units
    for unit in units:
        house.db._store.write(unit)
    goes_on.set()
    assert first.future.result(PATIENCE_SECONDS)


def sealing(house: House, fn: Callable[[Connection], T]) -> Callable[[Connection], T]:
    """`fn` on a connection whose trail is sealed."""

    def work(conn: Connection) -> T:
        house.db.seals.carry(conn)
        return fn(conn)

    return work


def leaving(word: str, kind: closing.Last[list[str]]) -> UnitOfWork:
    """A unit that leaves a word for the end."""

    def work(conn: Connection) -> str:
        closing.share(conn, kind).append(word)
        return word

    return UnitOfWork(work)


@on_a_file
def test_units_that_share_a_commit_share_the_work_of_its_end(house: House) -> None:
    written: list[list[str]] = []
    kind: closing.Last[list[str]] = closing.Last(1, list, list.extend, lambda _conn, words: written.append(words))
    with waiting_for_one_commit(house) as units:
        units += [leaving(word, kind) for word in ("one", "two", "three")]
    assert [unit.future.result(PATIENCE_SECONDS) for unit in units] == ["one", "two", "three"]
    assert written == [["one", "two", "three"]]


@on_a_file
def test_a_unit_sees_the_counts_of_those_before_it_in_the_same_commit(house: House) -> None:
    def count(conn: Connection) -> int:
        counters.add(conn, house.client_id, {"x.a": 1})
        return counters.read(conn, "x.", None)["a"]

    with waiting_for_one_commit(house) as units:
        units += [UnitOfWork(count) for _ in range(3)]
    assert [unit.future.result(PATIENCE_SECONDS) for unit in units] == [1, 2, 3]
    assert house.db.read_sync(counters.read, "x.", None) == {"a": 3}


@on_a_file
def test_one_that_leaves_what_cannot_be_done_fails_alone(house: House) -> None:
    written: list[str] = []

    def write(conn: Connection, words: list[str]) -> None:
        if "spoilt" in words:
            raise ValueError("this can't be written")
        counters.add(conn, None, {f"x.{word}": 1 for word in words})
        written.extend(words)

    kind: closing.Last[list[str]] = closing.Last(1, list, list.extend, write)
    with waiting_for_one_commit(house) as units:
        units += [leaving(word, kind) for word in ("one", "spoilt", "three")]
    first, spoilt, last = units
    assert (first.future.result(PATIENCE_SECONDS), last.future.result(PATIENCE_SECONDS)) == ("one", "three")
    with pytest.raises(ValueError, match="this can't be written"):
        spoilt.future.result(PATIENCE_SECONDS)
    assert written == ["one", "three"]
    assert house.db.read_sync(counters.read, "x.", None) == {"one": 1, "three": 1}
    assert house.db.trouble is None


@on_a_file
def test_of_two_answers_to_one_intent_the_first_stands_and_the_unit_of_the_other_leaves_nothing(house: House) -> None:
    intent = Intent("a key", "", "POST", "/a/path", "one-intent", "one body")

    def answering(word: str, *, to: Intent) -> UnitOfWork:
        def work(conn: Connection) -> None:
            counters.add(conn, None, {f"x.{word}": 1})
            replays.keep(conn, house.unit(conn, BOSS), to, Answer(200, {}, word.encode()))

        return UnitOfWork(work)

    with waiting_for_one_commit(house) as units:
        units += [answering("first", to=intent), answering("second", to=intent)]
        units += [answering("other", to=replace(intent, path="/another"))]
    first, second, other = units
    first.future.result(PATIENCE_SECONDS)
    other.future.result(PATIENCE_SECONDS)
    with pytest.raises(Overtaken):
        second.future.result(PATIENCE_SECONDS)
    known = house.db.read_sync(replays.find, intent)
    assert known is not None
    assert known.answer.body == b"first"
    assert house.db.read_sync(counters.read, "x.", None) == {"first": 1, "other": 1}


@on_a_file
def test_one_that_fails_leaves_nothing_for_the_end_of_those_beside_it(house: House) -> None:
    def fail(conn: Connection) -> None:
        counters.add(conn, None, {"x.failed": 1})
        raise ValueError("no")

    with waiting_for_one_commit(house) as units:
        units += [UnitOfWork(lambda conn: counters.add(conn, None, {"x.a": 1})), UnitOfWork(fail)]
    units[0].future.result(PATIENCE_SECONDS)
    with pytest.raises(ValueError, match="no"):
        units[1].future.result(PATIENCE_SECONDS)
    assert house.db.read_sync(counters.read, "x.", None) == {"a": 1}


@on_a_file
def test_a_key_that_is_revoked_is_refused_in_the_same_commit(house: House) -> None:
    def valid(conn: Connection) -> None:
        keys.require_valid(conn, key_id)

    key_id = house.db.read_sync(keys.named, "ana") or ""
    with waiting_for_one_commit(house) as units:
        revoke = UnitOfWork(sealing(house, lambda conn: keys.revoke(conn, house.unit(conn, BOSS), key_id)))
        units += [UnitOfWork(valid), revoke, UnitOfWork(valid)]
    units[0].future.result(PATIENCE_SECONDS)
    units[1].future.result(PATIENCE_SECONDS)
    with pytest.raises(DomainRefusal, match="revoked"):
        units[2].future.result(PATIENCE_SECONDS)


@on_a_file
def test_settings_hold_for_the_units_after_them_in_the_same_commit_unless_they_are_taken_back(house: House) -> None:
    def change(seconds: int, *, fails: bool) -> UnitOfWork:
        def work(conn: Connection) -> int:
            settings.hold(conn, house.unit(conn, BOSS, Turn.CHANGES), seconds)
            if fails:
                raise ValueError("taken back")
            return hold_seconds(conn)

        return UnitOfWork(sealing(house, work))

    def hold_seconds(conn: Connection) -> int:
        return settings.read(conn).approvals.hold_seconds

    with waiting_for_one_commit(house) as units:
        look = (UnitOfWork(hold_seconds) for _ in range(3))
        units += [next(look), change(77, fails=False), next(look), change(99, fails=True), next(look)]
    before, changed, after, spoilt, last = units
    assert before.future.result(PATIENCE_SECONDS) != 77
    assert [one.future.result(PATIENCE_SECONDS) for one in (changed, after, last)] == [77, 77, 77]
    with pytest.raises(ValueError, match="taken back"):
        spoilt.future.result(PATIENCE_SECONDS)


def test_a_server_that_finds_no_file_leaves_nothing_and_says_how_to_make_it(tmp_path: Path) -> None:
    db = Database(tmp_path / "no such.db", SystemClock(), opening=Opening.EXISTING)
    with pytest.raises(DatabaseUnavailable, match=r"no such\.db does not exist; .*cc-server init --db '.*no such\.db'"):
        db.open()
    assert list(tmp_path.iterdir()) == []


def test_what_could_be_taken_back_of_a_migration_fills_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that is copied and dropped is kept a second time until the end; 1 stands for files, 2 for memory."""
    found: list[int] = []
    prepare = schema.prepare

    def look(conn: Connection, *of: Any, **how: Any) -> None:
        found.append(conn.execute(text("PRAGMA temp_store")).scalar_one())
        prepare(conn, *of, **how)

    monkeypatch.setattr(schema, "prepare", look)
    made = Database(tmp_path / "new.db", SystemClock())
    made.open()
    found.append(made.write_sync(lambda conn: conn.execute(text("PRAGMA temp_store")).scalar_one()))
    made.close()
    assert found == [1, 2]
