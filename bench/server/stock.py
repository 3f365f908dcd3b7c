"""Databases for the server's benchmarks: a few rows made by the domain, and as many copies of them as are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Connection, Table, select, text

from cc_api_client.models.work.runs import RunStatus
from cc_server.db.database import Address
from cc_server.db.tables import approvals, runs
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.base.unit import Unit
from cc_server.domain.work import runs as running
from cc_server.domain.work.runs import Result
from rig.house import AGENT, Founded, House, found_file, found_on_postgres
from rig.postgres import Postgres

TEMPLATES = 100
"""Rows that the domain makes; the others are copies of them."""
_IDS = select(approvals.c.id).order_by(approvals.c.id)
_NEW_ID = "lower(hex(randomblob(16)))"
_EARLIER = "strftime('%Y-%m-%d %H:%M:%f000', {}.created_at, '-' || n.i || ' seconds')"


@dataclass(frozen=True, slots=True)
class Stock:
    """A database, and a key of an operator who may see all of it."""

    address: Address
    audit_key: Path
    token: str
    approval_ids: tuple[str, ...] = ()


def drafts(folder: Path, how_many: int) -> Stock:
    """A queue of pending drafts, all of them made by the domain: for decisions."""
    return _stocked(folder, lambda house: [house.draft() for _ in range(how_many)])


def long_queue(folder: Path, how_many: int) -> Stock:
    """A queue of pending drafts, most of them copies: for reading."""

    def fill(house: House) -> None:
        for _ in range(TEMPLATES):
            house.draft()
        _multiply(house, approvals, how_many // TEMPLATES, {"created_at": _EARLIER.format("approvals")})

    return _stocked(folder, fill)


def many_runs(folder: Path, how_many: int) -> Stock:
    """Runs that have ended, most of them copies."""

    def fill(house: House) -> None:
        for _ in range(TEMPLATES):
            house.do(_run, by=SYSTEM)
        _multiply(house, runs, how_many // TEMPLATES, {"created_at": _EARLIER.format("runs")})

    return _stocked(folder, fill)


def drafts_on_postgres(folder: Path, how_many: int, postgres: Postgres) -> Stock:
    """The same queue as `drafts` on a PostgreSQL server."""
    folder.mkdir()
    return _filled(folder, found_on_postgres(postgres, folder), lambda house: [house.draft() for _ in range(how_many)])


def _stocked(folder: Path, fill: Callable[[House], object]) -> Stock:
    folder.mkdir()
    return _filled(folder, found_file(folder), fill)


def _filled(folder: Path, founded: Founded, fill: Callable[[House], object]) -> Stock:
    house = House(folder, founded)
    house.clock.advance((datetime.now(UTC) - house.clock.now()).total_seconds())  # else all is judged again meanwhile
    fill(house)
    ids = house.db.read_sync(lambda conn: tuple(conn.execute(_IDS).scalars()))
    house.close()
    return Stock(house.db.address, folder / "house.db.audit-key", house.tokens["ana"], ids)


def _run(conn: Connection, unit: Unit) -> None:
    run_id = running.queue(conn, unit, None, agent_name=AGENT, automation_name="outreach", lead_email=None)
    running.begin(conn, unit, run_id, AGENT)
    running.finish(conn, unit, run_id, Result(RunStatus.SUCCESS, Decimal("0.12")))


def _multiply(house: House, table: Table, times: int, changes: Mapping[str, str]) -> None:
    """Copy every row of a table so often that there are `times` as many, and the counts of them likewise."""
    columns = {column.name: f"{table.name}.{column.name}" for column in table.c} | {"id": _NEW_ID, **changes}
    copied = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most) "
        f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM {table.name}, n"
    )
    counted = text("UPDATE counters SET amount = amount * :times WHERE name LIKE :names")

    def work(conn: Connection) -> None:
        if times > 1:
            conn.execute(copied, {"most": times - 1})
            conn.execute(counted, {"times": times, "names": f"{table.name}.%"})

    house.db.write_sync(work)
