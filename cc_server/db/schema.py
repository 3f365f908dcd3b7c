"""Brings the tables of a database to the newest form.

A new one is made from the tables as they are; an older one is migrated, and only then is Alembic imported (140 ms).
A test holds both ways to the same result.
"""

from __future__ import annotations

import logging
from enum import Enum, auto
from pathlib import Path

from sqlalchemy import Connection, insert, inspect, text

from cc_server.db.clock import Clock
from cc_server.db.errors import ForeignDatabase
from cc_server.db.ids import Ids
from cc_server.db.tables import installation, metadata, settings

HEAD = "0007"
"""The newest migration."""
FIRST_SETTINGS = '{"budgets":{"daily_usd":"50.00"}}'
"""What a new installation is set to; everything else has its default."""
_log = logging.getLogger("cc_server.db")


class Opening(Enum):
    """What a command expects of a database."""

    ANY = auto()
    """It is made where there is none."""
    NEW = auto()
    EXISTING = auto()


class Use(Enum):
    """For what a database is opened."""

    BESIDE = auto()
    """For a moment, whoever serves it."""
    SERVE = auto()
    """A file by one process, a PostgreSQL database by as many as there are."""
    ALONE = auto()
    """To change what a server that runs would not notice."""


def prepare(
    conn: Connection, clock: Clock, ids: Ids, *, opening: Opening = Opening.ANY, may_migrate: bool = True
) -> None:
    """Make or migrate the tables, and name the installation, in the transaction that is open.

    Raises:
        ForeignDatabase: it is not ours, newer than this program, or older while `may_migrate` is False, because a
            server may be using it; it is made already, or not yet, against what is expected.
    """
    version = _version(conn)
    if version is None and opening is Opening.EXISTING:
        raise ForeignDatabase("does not exist yet; make it with: cc-server init")
    if version is not None and opening is Opening.NEW:
        raise ForeignDatabase("exists already; make keys for it with: cc-server keys create NAME")
    if version is None:
        metadata.create_all(conn)
        conn.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        conn.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD})
        _name_installation(conn, clock, ids)
    elif version != HEAD and not may_migrate:
        raise ForeignDatabase("has the form of another version; stop the server, and start this version's once")
    elif version != HEAD:
        if version < HEAD:
            _log.info(
                "the tables are brought from form %s to %s; where there is much in them it takes a while", version, HEAD
            )
        migrate(conn, version)


def migrate(conn: Connection, version: str | None, *, to: str = "head") -> None:
    """Run the migrations that follow `version`, in the transaction that is open.

    Raises:
        ForeignDatabase: `version` is none that this program knows.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = conn
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise ForeignDatabase(
            f"has the form {version!r}, unknown to this program, so it was made by a newer one; update this program"
        ) from error


def is_at_head(conn: Connection) -> bool:
    """Whether the tables have the newest form."""
    return _version(conn) == HEAD


def _version(conn: Connection) -> str | None:
    """The form of the tables, or None for an empty file."""
    names = set(inspect(conn).get_table_names())
    if not names:
        return None
    if "alembic_version" not in names or "installation" not in names:
        raise ForeignDatabase("is a database of another program; name another file")
    version = conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return str(version)


def _name_installation(conn: Connection, clock: Clock, ids: Ids) -> None:
    now = clock.now()
    conn.execute(
        insert(installation).values(
            id=1, server_id=ids.new(), epoch=ids.new(), head_seq=0, retain_from_seq=1, created_at=now, last_seen_at=now
        )
    )
    conn.execute(insert(settings).values(id=1, document=FIRST_SETTINGS, version=1, changed_at=now))
