"""A new file is made from the tables, an older one by migrations: both ways lead to the same form."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, inspect, text

from cc_server.db import schema
from cc_server.db.clock import SystemClock
from cc_server.db.database import Database
from cc_server.db.errors import DatabaseInUse, DatabaseUnavailable
from cc_server.db.postgres.connect import engine_of
from cc_server.db.tables import metadata
from rig.postgres import Postgres


def form_of(engine: Engine | Connection) -> dict[str, Any]:
    """Tables, columns, keys and indexes, as the database tells them."""
    told = inspect(engine)
    return {
        table: {
            "columns": [(one["name"], str(one["type"]), one["nullable"]) for one in told.get_columns(table)],
            "key": told.get_pk_constraint(table)["constrained_columns"],
            "unique": sorted(str(one["column_names"]) for one in told.get_unique_constraints(table)),
        }
        for table in told.get_table_names()
        if table != "alembic_version"
    }


def indexes_of(path: Path) -> list[str]:
    with sqlite3.connect(path) as db:
        return sorted(
            " ".join(row[0].split())
            for row in db.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        )


def test_created_and_migrated_databases_have_the_same_form(tmp_path: Path) -> None:
    created, migrated = tmp_path / "created.db", tmp_path / "migrated.db"
    one, other = create_engine(f"sqlite:///{created}"), create_engine(f"sqlite:///{migrated}")
    with one.begin() as conn:
        metadata.create_all(conn)
    with other.begin() as conn:
        schema.migrate(conn, None)
    assert form_of(other) == form_of(one)
    assert indexes_of(migrated) == indexes_of(created)
    with other.connect() as conn:
        assert schema.is_at_head(conn)


async def test_created_and_migrated_databases_have_the_same_form_on_postgresql(postgres: Postgres) -> None:
    def form(conn: Connection) -> tuple[dict[str, Any], list[str]]:
        indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        return form_of(conn), sorted(conn.execute(text(indexes)).scalars())

    found = []
    for make in (metadata.create_all, lambda conn: schema.migrate(conn, None)):
        engine = engine_of(postgres.new())
        async with engine.begin() as conn:
            await conn.run_sync(make)
            found.append(await conn.run_sync(form))
        await engine.dispose()
    assert found[1] == found[0]


def test_a_database_opened_again_keeps_its_name(tmp_path: Path) -> None:
    names = []
    for _ in range(2):
        db = Database(tmp_path / "x.db", SystemClock())
        db.open()
        names.append(db.read_sync(lambda conn: conn.exec_driver_sql("SELECT server_id FROM installation").scalar()))
        db.close()
    assert names[0] == names[1]


def test_who_waits_for_a_server_is_told_that_it_brings_the_tables_to_a_newer_form(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "x.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as conn:
        schema.migrate(conn, None, to="0006")
    engine.dispose()
    with caplog.at_level("INFO", logger="cc_server.db"):
        for _ in range(2):
            db = Database(path, SystemClock())
            db.open()
            db.close()
    told = [record.getMessage() for record in caplog.records if record.name == "cc_server.db"]
    assert told == [
        f"the tables are brought from form 0006 to {schema.HEAD}; where there is much in them it takes a while"
    ]


def test_a_newer_database_is_refused_in_words(tmp_path: Path) -> None:
    db = Database(tmp_path / "x.db", SystemClock())
    db.open()
    db.write_sync(lambda conn: conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'") and None)
    db.close()
    with pytest.raises(DatabaseUnavailable, match="newer"):
        Database(tmp_path / "x.db", SystemClock()).open()


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as db:
        db.execute("CREATE TABLE letters (text)")
    with pytest.raises(DatabaseUnavailable, match="another program"):
        Database(tmp_path / "x.db", SystemClock()).open()


def test_one_server_a_file(tmp_path: Path) -> None:
    first = Database(tmp_path / "x.db", SystemClock())
    first.open()
    with pytest.raises(DatabaseInUse, match="another process"):
        Database(tmp_path / "x.db", SystemClock()).open()
    first.close()
