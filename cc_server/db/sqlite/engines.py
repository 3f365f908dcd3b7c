"""Engines for SQLite: one that writes, one that only reads, because BEGIN IMMEDIATE on a reader blocks the writer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from cc_server.db.portable.types import as_json, from_json

BUSY_TIMEOUT_SECONDS = 5.0
LOG_PAGES = 4_000
"""So many pages of 4 kB the log (WAL) holds before they are copied into the file: most were written again by then."""
_WRITES = (
    "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536", f"wal_autocheckpoint={LOG_PAGES}",
)  # fmt: skip


def _engine(path: Path, pragmas: tuple[str, ...], begin: str, connections: int) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        json_serializer=as_json,
        json_deserializer=from_json,
        hide_parameters=True,  # an error must not carry texts and hashes into a log
        connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(dbapi_connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = dbapi_connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> Any:
        conn.exec_driver_sql(begin)

    return engine


def writing_engine(path: Path) -> Engine:
    """An engine whose transactions lock at once; an answered write survives a power cut (`synchronous=FULL`)."""
    return _engine(path, (*_WRITES, "temp_store=MEMORY"), "BEGIN IMMEDIATE", connections=1)


def migrating_engine(path: Path) -> Engine:
    """The same for what rewrites whole tables: what could be taken back of it lies in files, as it fills a memory."""
    return _engine(path, (*_WRITES, "temp_store=FILE"), "BEGIN IMMEDIATE", connections=1)


def reading_engine(path: Path, readers: int) -> Engine:
    """An engine whose transactions see one snapshot and change nothing."""
    return _engine(path, ("query_only=ON", "temp_store=MEMORY", "cache_size=-8192"), "BEGIN", connections=readers)
