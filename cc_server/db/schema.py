"""Brings the tables of a file to the newest form.

A new file is made from the tables as they are; an older one is migrated, and only then is Alembic imported (140 ms).
A test holds both ways to the same result.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, insert, inspect, text

from cc_server.db.clock import Clock
from cc_server.db.ids import Ids
from cc_server.db.tables import installation, metadata, settings

HEAD = "0005"
"""The newest migration."""
FIRST_SETTINGS = '{"budgets":{"daily_usd":"50.00"}}'
"""What a new installation is set to; everything else has its default."""


class ForeignDatabase(Exception):
    """The file holds tables that are not ours, or is newer than this program."""


def prepare(engine: Engine, clock: Clock, ids: Ids, *, may_migrate: bool = True) -> None:
    """Make or migrate the tables, and name the installation.

    Raises:
        ForeignDatabase: the file is not ours, newer than this program, or older while `may_migrate` is False, because
            a server may be using it.
    """
    with engine.begin() as conn:
        version = _version(conn)
        if version is None:
            metadata.create_all(conn)
            conn.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
            conn.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD})
            _name_installation(conn, clock, ids)
            return
    if version != HEAD and not may_migrate:
        raise ForeignDatabase("it has the form of another version; stop the server, and start this version's once")
    if version != HEAD:
        migrate(engine, version)


def migrate(engine: Engine, version: str | None) -> None:
    """Run the migrations that follow `version`.

    Raises:
        ForeignDatabase: `version` is none that this program knows.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise ForeignDatabase(
                f"its form {version!r} is unknown to this program, so it was made by a newer one; update this program"
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
