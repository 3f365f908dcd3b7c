"""`cc-server backup` and `restored`: a copy of the database, and what has to be said once one was put back."""

from __future__ import annotations

import sys
from pathlib import Path

from sqlalchemy import Connection

from cc_server.cli.opening import opened
from cc_server.config import ConfigError, ServerSettings
from cc_server.db.errors import DatabaseUnavailable
from cc_server.db.schema import Opening
from cc_server.db.sqlite.backup import copy_to
from cc_server.domain import house
from cc_server.domain.actors import SHELL
from cc_server.domain.unit import Unit


def backup(settings: ServerSettings, target: Path) -> int:
    """Copy the database, while a server may write to it.

    Raises:
        ConfigError: there is none, it is PostgreSQL, or the copy can't be written.
    """
    if not isinstance(settings.db, Path):
        raise ConfigError("a PostgreSQL database is copied by its own program: pg_dump --format=custom --file=FILE URL")
    if not settings.db.exists():
        raise ConfigError(f"{settings.db} does not exist; make it with: cc-server init")
    try:
        copy_to(settings.db, target)
    except DatabaseUnavailable as error:
        raise ConfigError(str(error)) from None
    sys.stderr.write(f"{target} is a copy of {settings.db}; keep {settings.audit_key} too, in another place.\n")
    return 0


def restored(settings: ServerSettings) -> int:
    """Say that an older copy was put back: whoever follows the events begins anew, and the trail is explained.

    Raises:
        ConfigError: there is no database, or a server uses it.
    """
    with opened(settings, Opening.EXISTING, serves=True) as db:

        def work(conn: Connection) -> str:
            return house.restored(conn, Unit(SHELL, db.clock.now(), db.ids))

        epoch = db.write_sync(work)
    sys.stderr.write(f"A new history of events begins: {epoch}. Start the server; it anchors the audit trail anew.\n")
    return 0
