"""A simulated business: the same from the same seed, with a past, and with what an operator is to find in its queue."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, select

from cc_server.cli.simulate import Demand, simulate
from cc_server.config import ConfigError, ProviderName, ServerSettings, SmtpSettings
from cc_server.db.clock import ManualClock
from cc_server.db.database import Database
from cc_server.db.ids import SeededIds
from cc_server.db.tables import approvals, counters, deliveries, leads, metadata
from cc_server.domain import installation
from cc_server.domain.access import clients
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.base.unit import Unit
from cc_server.simulate.history import History
from cc_server.simulate.queue import FEW, Queue
from cc_server.simulate.world import World
from rig.direct_api import DirectApi
from rig.house import NOON, new_client
from rig.pty_app import simulated_backend

WAITING = 13
TEXTS = ("id", "client_id", "kind", "agent_name", "to_email", "to_name", "subject", "body", "payload", "created_at",
         "risk_flags", "payload_sha256")  # fmt: skip
Row = dict[str, Any]


@dataclass(frozen=True)
class Business:
    """What a simulated business left in its database and its folder."""

    approvals: list[Row]
    deliveries: list[Row]
    leads: list[Row]
    counters: list[Row]
    files: list[str]

    @property
    def pending(self) -> list[Row]:
        return sorted((row for row in self.approvals if row["status"] == "pending"), key=lambda row: row["created_at"])


def always() -> bool:
    return True


def business(folder: Path, seed: int, *, waiting: int = WAITING, has_past: bool = True) -> Business:
    folder.mkdir()
    db = Database(folder / "business.db", ManualClock(NOON), ids=SeededIds(seed))
    db.open()
    try:
        world = World(seed, db.ids)
        if has_past:
            History(db, world, NOON).play(always)
        else:
            db.write_sync(world.found, NOON)
        Queue(db, world).fill(waiting, NOON, always)

        def rows_of(table: Table) -> list[Row]:
            return db.read_sync(lambda conn: [dict(row) for row in conn.execute(select(table)).mappings()])

        files = sorted(path.name for path in folder.rglob("*") if path.is_file())
        return Business(rows_of(approvals), rows_of(deliveries), rows_of(leads), rows_of(counters), files)
    finally:
        db.close()


Made = Callable[[int], Business]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A business from a seed, made once for all tests; a past takes seconds, so that only the first has one."""
    known: dict[int, Business] = {}

    def make(seed: int) -> Business:
        if seed not in known:
            known[seed] = business(tmp_path_factory.mktemp("simulated") / "home", seed, has_past=seed == 1)
        return known[seed]

    return make


SEEDS = pytest.mark.parametrize("seed", [1, 7, 42])


def codes(row: Row) -> set[str]:
    return {flag["code"] for flag in row["risk_flags"]}


def queue_of(found: Business) -> list[Row]:
    return [{name: row[name] for name in TEXTS} for row in found.pending]


def test_the_same_seed_and_clock_make_the_same_queue(made: Made, tmp_path: Path) -> None:
    assert queue_of(made(1)) == queue_of(business(tmp_path / "again", 1))


def test_another_seed_makes_another_queue(made: Made) -> None:
    bodies = [[row["body"] for row in made(seed).pending] for seed in (7, 42)]
    assert bodies[0] != bodies[1]


@SEEDS
def test_exactly_as_many_wait_as_were_asked_for(made: Made, seed: int) -> None:
    assert len(made(seed).pending) == WAITING


@pytest.mark.parametrize("waiting", [0, 1, 5, 250])
def test_any_number_can_wait(tmp_path: Path, waiting: int) -> None:
    found = business(tmp_path / "home", 1, waiting=waiting, has_past=False)
    assert len(found.pending) == waiting


@SEEDS
def test_the_oldest_four_are_harmless(made: Made, seed: int) -> None:
    oldest = made(seed).pending[:4]
    assert {flag["code"] for row in oldest for flag in row["risk_flags"]} <= {"unknown_recipient"}


def test_the_oldest_four_of_a_long_queue_are_harmless_too(tmp_path: Path) -> None:
    oldest = business(tmp_path / "home", 1, waiting=FEW + 1).pending[:4]
    assert [row["risk_flags"] for row in oldest] == [[], [], [], []]


def test_the_oldest_four_repeat_nothing_that_was_written_before(tmp_path: Path) -> None:
    db = Database(tmp_path / "business.db", ManualClock(NOON), ids=SeededIds(7))
    db.open()
    try:
        world = World(7, db.ids)
        db.write_sync(world.found, NOON)
        for _ in range(2):  # the same seed writes the same drafts
            Queue(db, world).fill(4, NOON, always)
        found = db.read_sync(lambda conn: list(conn.execute(select(approvals.c.risk_flags)).scalars()))
    finally:
        db.close()
    assert len(found) == 8
    assert "duplicate" not in {flag["code"] for flags in found for flag in flags}


@SEEDS
def test_everything_that_goes_wrong_in_drafts_is_to_be_found_among_thirteen(made: Made, seed: int) -> None:
    flawed = [codes(row) for row in made(seed).pending]
    for code in ("name_mismatch", "placeholder", "homoglyph", "hidden_text", "duplicate"):
        assert any(code in found for found in flawed), code
    assert any("P.S. for the assistant" in row["body"] for row in made(seed).pending)


def test_each_gap_that_the_simulator_leaves_is_found(tmp_path: Path) -> None:
    unnoticed = []
    for seed in range(8):
        for row in business(tmp_path / str(seed), seed, waiting=40, has_past=False).pending:
            if "[case study]" in row["body"] and "placeholder" not in codes(row):
                unnoticed.append((seed, row["subject"]))
    assert unnoticed == []


@SEEDS
def test_nobody_real_is_written_to(made: Made, seed: int) -> None:
    found = made(seed)
    addresses = {row["to_email"] for row in found.approvals} | {row["email"] for row in found.leads}
    assert len(addresses) > WAITING / 2
    assert [address for address in addresses if not re.fullmatch(r"[^@\s]+@[^@\s]+\.\w+", address)] == []
    assert {address.rpartition(".")[2].translate(LATIN) for address in addresses} == {"example"}


LATIN = str.maketrans("аеосрх", "aeocpx")
"""A homoglyph may stand in any part of an address; it is still meant to be under `.example`."""


@SEEDS
def test_nobody_who_could_exist_is_written_to_even_by_a_look_alike(made: Made, seed: int) -> None:
    tops = {row["to_email"].rpartition(".")[2] for row in made(seed).approvals}
    assert {top for top in tops if top.isascii()} == {"example"}


def test_the_past_is_over_and_on_record(made: Made) -> None:
    found = made(1)
    assert {row["status"] for row in found.approvals} == {"pending", "approved", "rejected", "expired"}
    assert {row["state"] for row in found.deliveries} == {"sent"}
    assert all(row["created_at"] <= NOON for row in found.approvals)


def test_what_was_sent_in_the_past_left_no_file(made: Made) -> None:
    found = made(1)
    assert any(row["provider"] == "recorded" for row in found.deliveries)
    assert {name.removeprefix("business.db") for name in found.files} <= {"", "-wal", "-shm", ".lock", ".audit-key"}


def test_the_kept_counts_are_the_real_ones(made: Made) -> None:
    found = made(1)
    kept: dict[str, int] = {}
    for row in found.counters:
        kept[row["name"]] = kept.get(row["name"], 0) + row["amount"]
    for status in ("pending", "approved", "rejected", "expired"):
        assert kept[f"approvals.status.{status}"] == sum(row["status"] == status for row in found.approvals)
    assert sum(amount for name, amount in kept.items() if name.startswith("leads.")) == len(found.leads)


def test_a_past_that_nobody_waits_for_any_more_is_left(tmp_path: Path) -> None:
    db = Database(tmp_path / "business.db", ManualClock(NOON), ids=SeededIds(1))
    db.open()
    try:
        History(db, World(1, db.ids), NOON).play(lambda: False)
        assert db.read_sync(lambda conn: conn.execute(select(approvals)).all()) == []
    finally:
        db.close()


def test_it_refuses_to_send_off_this_machine(tmp_path: Path) -> None:
    smtp = SmtpSettings(host="mail.clinic.example", sender="anna@clinic.example")
    settings = ServerSettings(db=tmp_path / "never.db", port=0, provider=ProviderName.SMTP, smtp=smtp)
    with pytest.raises(ConfigError, match=r"mail\.clinic\.example.*sends nothing off this machine"):
        simulate(settings, Demand(seed=1, rate=0, approvals=0))
    assert list(tmp_path.iterdir()) == []


def test_whoever_starts_it_is_told_that_making_up_a_business_takes_a_while_and_only_then(tmp_path: Path) -> None:
    db = tmp_path / "practice.db"
    for _start in range(2):
        with simulated_backend(db, approvals=1):
            pass
    assert db.with_suffix(".log").read_text().count("Making up a business") == 1


def test_a_business_that_is_started_again_goes_on_and_what_is_new_comes_behind_what_was(tmp_path: Path) -> None:
    place, waiting = tmp_path / "practice.db", (5, 400)
    seen: list[set[str]] = []
    for count in waiting:
        with simulated_backend(place, approvals=count):
            pass
        db = Database(place, ManualClock(NOON))
        db.open()
        seen.append(set(db.read_sync(lambda conn: conn.execute(select(approvals.c.id)).scalars().all())))
        db.close()
    new = seen[1] - seen[0]
    assert len(new) == waiting[1] - waiting[0]
    assert min(new) > max(seen[0])


def test_a_business_that_is_served_again_goes_on_without_ids_that_it_had_given_out(tmp_path: Path) -> None:
    db = tmp_path / "practice.db"
    decided = 0
    for _start in range(3):
        with simulated_backend(db, approvals=8) as backend, DirectApi(backend) as api:
            for waiting in api.approvals():
                draft = api.approval(waiting["id"])
                decided += (api.reject(draft) if decided % 2 else api.approve(draft))["status"] != "pending"
    assert decided == 24
    assert "UNIQUE" not in db.with_suffix(".log").read_text()


def test_it_leaves_a_business_alone_that_it_did_not_make_up(tmp_path: Path) -> None:
    db = Database(tmp_path / "real.db", ManualClock(NOON), ids=SeededIds(1))
    db.open()
    db.write_sync(lambda conn: clients.add(conn, Unit(SYSTEM, NOON, db.ids), new_client("Brightwater Solar")))
    before = db.read_sync(everything)
    db.close()
    with pytest.raises(ConfigError, match=r"real\.db holds a business that `simulate` did not make up; name another"):
        simulate(
            ServerSettings(db=tmp_path / "real.db", port=0), Demand(seed=1, rate=0, approvals=0, remove_dir=tmp_path)
        )
    db = Database(tmp_path / "real.db", ManualClock(NOON))
    db.open()
    assert db.read_sync(everything) == before
    db.close()


def test_it_knows_a_business_that_it_made_up_and_takes_one_where_nothing_is(tmp_path: Path) -> None:
    db = Database(tmp_path / "made up.db", ManualClock(NOON), ids=SeededIds(1))
    db.open()
    try:
        assert db.read_sync(installation.may_be_simulated)
        db.write_sync(installation.mark_simulated)
        db.write_sync(World(1, db.ids).found, NOON)
        assert db.read_sync(installation.may_be_simulated)
        db.write_sync(installation.mark_simulated)
        assert db.read_sync(installation.may_be_simulated)
    finally:
        db.close()


def test_the_folder_that_it_is_to_remove_holds_its_own_database(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    settings = ServerSettings(db=tmp_path / "business.db", port=0)
    with pytest.raises(ConfigError, match=r"--remove-dir: .*precious does not hold the database"):
        simulate(settings, Demand(seed=1, rate=0, approvals=0, remove_dir=precious))
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def everything(conn: Connection) -> list[list[tuple[Any, ...]]]:
    return [[tuple(row) for row in conn.execute(select(table))] for table in metadata.sorted_tables]
