"""`cc-server backup` and `restored`: a copy of the database, and what has to be said once one was put back."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from sqlalchemy import Connection

from cc_api_client.models.settings import KillSwitchBody
from cc_server.cli.opening import opened
from cc_server.config import ConfigError, ServerSettings
from cc_server.db.errors import DatabaseUnavailable
from cc_server.db.schema import Opening, Use
from cc_server.db.sqlite.backup import copy_to
from cc_server.domain import installation
from cc_server.domain.base.actors import SHELL
from cc_server.domain.controls import kill_switch
from cc_server.domain.controls.begin import Turn, begin

RESTORED_REASON = "a backup was put back: what left after it was made may look as if it had not"


def backup(settings: ServerSettings, target: Path) -> int:
    """Copy the database, while a server may write to it.

    Raises:
        ConfigError: there is none, it is PostgreSQL, or the copy can't be written.
    """
    if not isinstance(settings.db, Path):
        raise ConfigError("a PostgreSQL database is copied by its own program: pg_dump --format=custom --file=FILE URL")
    if not settings.db.exists():
        raise ConfigError(
            f"{settings.db} does not exist; make it with: cc-server init --db {shlex.quote(str(settings.db))}"
        )
    try:
        copy_to(settings.db, target)
    except DatabaseUnavailable as error:
        raise ConfigError(str(error)) from None
    sys.stderr.write(f"{target} is a copy of {settings.db}; keep {settings.audit_key} too, in another place.\n")
    return 0


def restored(settings: ServerSettings) -> int:
    """Say that an older copy was put back: whoever follows the events begins anew, and the trail is explained.

    What left after the copy was made is in the copy as not sent yet. So all is stopped until a person has looked.

    Raises:
        ConfigError: there is no database, or a server uses it.
    """
    with opened(settings, Opening.EXISTING, use=Use.ALONE) as db:

        def work(conn: Connection) -> str:
            unit = begin(conn, SHELL, db.clock.now(), db.ids, Turn.CHANGES)
            kill_switch.turn(conn, unit, KillSwitchBody(engaged=True, reason=RESTORED_REASON))
            return installation.restored(conn, unit)

        epoch = db.write_sync(work)
    sys.stderr.write(
        f"A new history of events begins: {epoch}.\nNothing is sent until an admin releases the stop: start it, "
        "compare what is leaving with what has left already, then release it.\n"
    )
    return 0
