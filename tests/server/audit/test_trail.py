"""The trail in the database: append-only, chained across processes, anchored, verified and exported by commands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from cc_server.cli.main import main
from cc_server.db.clock import SystemClock
from cc_server.db.database import Database
from cc_server.db.errors import DatabaseUnavailable
from cc_server.db.schema import Use
from cc_server.db.tables import audit as audit_table
from cc_server.domain import installation
from cc_server.domain.access import clients, keys
from cc_server.domain.base import audit
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.base.unit import Unit
from cc_server.domain.controls import kill_switch
from cc_server.domain.outbox import rows
from cc_server.sealing.anchor import Anchor, read_anchor, write_anchor
from cc_server.sealing.verify import Verdict, Verifier
from cc_server.worker.anchor import AnchorKeeper
from rig.house import ANA, House, new_client
from tests.support.patience import until_true

TRIGGERS = {
    "sqlite": ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete", "DROP TRIGGER audit_only_last"),
    "postgresql": ("DROP TRIGGER audit_no_change ON audit", "DROP TRIGGER audit_no_truncate ON audit"),
}


on_sqlite = pytest.mark.parametrize("house", ["sqlite"], indirect=True)


def behind_its_back(house: House, *statements: str) -> None:
    """What somebody does who owns the database."""

    def work(conn: Connection) -> None:
        for statement in (*TRIGGERS[conn.dialect.name], *statements):
            conn.execute(text(statement))

    house.db.write_sync(work)


def verified(house: House, anchor: Anchor | None = None) -> Verdict:
    def check(conn: Connection) -> Verdict:
        at = audit.head(conn)
        epoch = installation.identity(conn).epoch
        return Verifier(house.db.seals.keys, anchor or Anchor(epoch, at.seq, at.seal), epoch).check(
            audit.sealed_rows(conn)
        )

    return house.db.read_sync(check)


def test_whatever_is_done_is_sealed_and_numbered_without_a_gap(house: House) -> None:
    for _ in range(5):
        house.approve(house.draft())
    rows = house.all(audit_table)
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert all(row["seal"] for row in rows)
    verdict = verified(house)
    assert (verdict.is_whole, verdict.sealed) == (True, len(rows))


def test_a_refusal_is_on_record_and_what_it_took_back_leaves_no_gap(house: House) -> None:
    draft = house.draft()
    house.reject(draft)
    before = len(house.all(audit_table))
    with pytest.raises(DomainRefusal):
        house.approve(draft)
    rows = house.all(audit_table)[before:]
    assert [(row["action"], row["actor"]) for row in rows] == [("approval.approve_refused", ANA.name)]
    assert verified(house).is_whole


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit WHERE seq = 1",
     "INSERT INTO audit (seq, at, actor, action, object_type, object_id) "
     "SELECT 1, at, 'nobody', action, object_type, object_id FROM audit WHERE seq = 1"],
    ids=["update", "delete", "insert before the end"],
)  # fmt: skip
def test_the_database_refuses_to_change_what_is_on_record(house: House, statement: str) -> None:
    before = house.all(audit_table)
    with pytest.raises((DBAPIError, DatabaseUnavailable)):
        house.db.write_sync(lambda conn: conn.execute(text(statement)) and None)
    assert house.all(audit_table) == before


def test_what_was_changed_in_the_database_is_found(house: House) -> None:
    for _ in range(4):
        house.approve(house.draft())
    last = house.all(audit_table)[-1]["seq"]
    behind_its_back(
        house, "UPDATE audit SET actor = 'nobody' WHERE seq = 3", "DELETE FROM audit WHERE seq IN (5, 6)",
    )  # fmt: skip
    assert [str(one) for one in verified(house).findings] == ["altered: row 3", "missing: rows 5 to 6"]
    assert last > 6


def test_two_processes_write_one_chain(house: House, tmp_path: Path) -> None:
    other = Database(house.db.address, SystemClock(), use=Use.BESIDE, seals=house.db.seals)
    other.open()
    for place in range(5):
        house.approve(house.draft())
        other.write_sync(lambda conn: clients.add(conn, Unit(SYSTEM, other.clock.now(), other.ids), new_client("Acme")))
        assert place < 5
    other.close()
    assert verified(house).is_whole


@on_sqlite
def test_a_sealed_trail_without_its_key_is_not_written_to(house: House) -> None:
    house.draft()
    file = house.db.seals.file
    house.db.close()
    file.rename(file.with_name("kept"))
    opened = Database(house.db.address, SystemClock())
    with pytest.raises(DatabaseUnavailable, match="put it back from a backup"):
        opened.open()
    file.with_name("kept").rename(file)


# The anchor


def anchor_file(house: House) -> Path:
    return house.folder / "house.db.audit-anchor"


async def kept(house: House, meanwhile: Callable[[], Any]) -> AnchorKeeper:
    """Run a keeper while something happens, and stop it."""
    keeper = AnchorKeeper(house.db, anchor_file(house))
    running = asyncio.create_task(keeper.run())
    last = len(house.all(audit_table))
    await until_true(lambda: keeper.trouble or ((found := read_anchor(anchor_file(house))) and found.seq == last))
    await asyncio.to_thread(meanwhile)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return keeper


async def test_the_anchor_is_where_the_trail_ended_when_the_server_stopped(house: House) -> None:
    keeper = await kept(house, lambda: house.approve(house.draft()))
    last = house.all(audit_table)[-1]
    found = read_anchor(anchor_file(house))
    assert found == Anchor(house.db.read_sync(installation.identity).epoch, last["seq"], last["seal"])
    assert keeper.trouble is None


async def test_the_anchor_moves_on_while_the_server_runs(house: House) -> None:
    keeper = AnchorKeeper(house.db, anchor_file(house))
    running = asyncio.create_task(keeper.run())
    first = await until_true(lambda: read_anchor(anchor_file(house)))
    house.approve(house.draft())
    await until_true(lambda: (read_anchor(anchor_file(house)) or first).seq == len(house.all(audit_table)))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_an_anchor_ahead_of_the_trail_is_left_as_the_proof(house: House) -> None:
    epoch = house.db.read_sync(installation.identity).epoch
    proof = Anchor(epoch, 999, "a" * 64)
    write_anchor(anchor_file(house), proof)
    keeper = await kept(house, house.draft)
    assert keeper.trouble is not None
    assert "rows were cut off" in keeper.trouble
    assert read_anchor(anchor_file(house)) == proof


# The commands


def run(house: House, *arguments: str) -> int:
    return main([*arguments, "--db", str(house.db.address)])


@pytest.fixture
async def anchored(house: House) -> House:
    await kept(house, lambda: [house.approve(house.draft()) for _ in range(3)])
    return house


@on_sqlite
def test_verify_exits_with_0_where_all_is_well(anchored: House, capsys: pytest.CaptureFixture[str]) -> None:
    count = len(anchored.all(audit_table))
    assert run(anchored, "audit", "verify") == 0
    assert capsys.readouterr().out == f"whole: {count} rows checked\n"


@on_sqlite
def test_verify_exits_with_3_and_names_what_is_wrong(anchored: House, capsys: pytest.CaptureFixture[str]) -> None:
    last = len(anchored.all(audit_table))
    behind_its_back(
        anchored, "UPDATE audit SET reason = 'forged' WHERE seq = 2", "DELETE FROM audit WHERE seq = 4",
        f"DELETE FROM audit WHERE seq = {last}",
    )  # fmt: skip
    assert run(anchored, "audit", "verify") == 3
    told = capsys.readouterr().out.splitlines()
    assert told[:-1] == ["altered: row 2", "missing: row 4", f"cut off: row {last}"]
    assert told[-1].startswith("NOT WHOLE")


@on_sqlite
def test_export_writes_one_object_a_line(anchored: House, capsys: pytest.CaptureFixture[str]) -> None:
    rows = anchored.all(audit_table)
    assert run(anchored, "audit", "export", "--after", "3") == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["seq"] for row in told] == [row["seq"] for row in rows[3:]]
    assert {"actor", "action", "object_id", "before", "after"} <= set(told[0])


@on_sqlite
def test_a_lost_key_is_replaced_and_what_it_sealed_is_vouched_for_no_more(
    anchored: House, capsys: pytest.CaptureFixture[str]
) -> None:
    old = len(anchored.all(audit_table))
    anchored.db.close()
    anchored.db.seals.file.unlink()
    assert run(anchored, "audit", "new-key") == 0
    capsys.readouterr()
    assert run(anchored, "audit", "verify") == 0
    assert capsys.readouterr().out.strip().endswith(f"{old} sealed with a key that is gone, which nothing vouches for")


@on_sqlite
def test_a_new_key_beside_the_old_one_leaves_the_trail_whole(
    anchored: House, capsys: pytest.CaptureFixture[str]
) -> None:
    anchored.db.close()
    assert run(anchored, "audit", "new-key") == 0
    capsys.readouterr()
    assert run(anchored, "audit", "verify") == 0
    assert "gone" not in capsys.readouterr().out


@on_sqlite
def test_a_new_key_is_not_made_while_a_server_runs(anchored: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(anchored, "audit", "new-key") == 1
    assert "served by another process" in capsys.readouterr().err


@on_sqlite
def test_a_key_is_made_listed_and_revoked_by_command(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(house, "keys", "create", "eva", "--role", "viewer", "--client", house.client_id) == 0
    token = capsys.readouterr().out.strip()
    found = house.db.read_sync(keys.authenticate, token)
    assert found is not None
    assert (found.name, found.role, found.client_ids) == ("eva", "viewer", frozenset({house.client_id}))
    assert run(house, "keys", "list") == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("eva\t"))
    assert token not in line
    assert line.split("\t")[-2:] == ["last used never", house.client_id]
    assert run(house, "keys", "revoke", "eva") == 0
    assert house.db.read_sync(keys.authenticate, token) is None
    assert run(house, "keys", "create", "eva") == 1
    assert "choose another name" in capsys.readouterr().err
    assert run(house, "keys", "revoke", "nobody") == 1
    assert [row["actor"] for row in house.all(audit_table)[-2:]] == ["command line", "command line"]


# Backup and restore


@on_sqlite
def test_a_copy_is_made_while_a_server_writes_and_a_restore_begins_a_new_history(
    anchored: House, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = anchored.folder / "copy.db"
    epoch = anchored.db.read_sync(installation.identity).epoch
    assert run(anchored, "backup", "--to", str(copy)) == 0
    assert copy.stat().st_mode & 0o077 == 0
    assert run(anchored, "backup", "--to", str(copy)) == 1
    assert "exists already" in capsys.readouterr().err
    lost = anchored.draft()
    write_anchor(anchor_file(anchored), anchor_of(anchored))
    anchored.db.close()
    path = Path(str(anchored.db.address))
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    copy.replace(path)
    assert run(anchored, "audit", "verify") == 3
    assert "cut off" in capsys.readouterr().out
    assert run(anchored, "restored") == 0
    assert "Nothing is sent until" in capsys.readouterr().err
    assert run(anchored, "audit", "verify") == 0
    again = Database(path, SystemClock())
    again.open()
    assert again.read_sync(installation.identity).epoch != epoch
    assert [stop.scope for stop in again.read_sync(kill_switch.engaged, SYSTEM)] == ["all"]
    with pytest.raises(DomainRefusal):
        again.read_sync(rows.find, SYSTEM, lost.id)
    again.close()


def anchor_of(house: House) -> Anchor:
    at = house.db.read_sync(audit.head)
    return Anchor(house.db.read_sync(installation.identity).epoch, at.seq, at.seal)
