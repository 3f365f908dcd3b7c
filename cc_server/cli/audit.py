"""`cc-server audit`: verify the trail, write it out, begin with a new key."""

from __future__ import annotations

import sys

from sqlalchemy import Connection

from cc_server.cli.opening import opened
from cc_server.config import ConfigError, ServerSettings
from cc_server.db.schema import Opening, Use
from cc_server.domain import installation
from cc_server.domain.base import audit
from cc_server.domain.base.actors import SHELL
from cc_server.domain.base.unit import Unit
from cc_server.sealing.anchor import read_anchor
from cc_server.sealing.keys import SealingError
from cc_server.sealing.verify import Verdict, Verifier

NOT_WHOLE = 3
"""The exit code where something is wrong with the trail."""
NEW_KEY = "audit.new_key"


def verify(settings: ServerSettings) -> int:
    """Look at every row of the trail; goes beside a server that runs.

    Returns:
        0 where the trail is whole, 3 where it is not.

    Raises:
        ConfigError: there is no database, or its key or anchor can't be read.
    """
    try:
        anchor = read_anchor(settings.audit_anchor)
    except SealingError as error:
        raise ConfigError(str(error)) from None
    with opened(settings, Opening.EXISTING) as db:

        def check(conn: Connection) -> Verdict:
            return Verifier(db.seals.keys, anchor, installation.identity(conn).epoch).check(audit.sealed_rows(conn))

        verdict = db.read_sync(check)
    for finding in verdict.findings:
        sys.stdout.write(f"{finding}\n")
    sys.stdout.write(_sum(verdict) + "\n")
    return 0 if verdict.is_whole else NOT_WHOLE


def _sum(verdict: Verdict) -> str:
    parts = [f"{verdict.sealed:,} rows checked"]
    if verdict.unsealed:
        parts.append(f"{verdict.unsealed:,} older than sealing, which nothing vouches for")
    if verdict.keyless:
        parts.append(f"{verdict.keyless:,} sealed with a key that is gone, which nothing vouches for")
    return f"{'whole' if verdict.is_whole else 'NOT WHOLE'}: {', '.join(parts)}"


def export(settings: ServerSettings, after: int) -> int:
    """Write the rows behind `after` to stdout, oldest first, one JSON object a line.

    Raises:
        ConfigError: there is no database.
    """
    with opened(settings, Opening.EXISTING) as db:

        def write(conn: Connection) -> None:
            for row in audit.lines(conn, after):
                sys.stdout.write(row.model_dump_json() + "\n")

        db.read_sync(write)
        sys.stdout.flush()
    return 0


def new_key(settings: ServerSettings) -> int:
    """Seal with a new key from now on; what older keys sealed stays verifiable as long as they are in the file.

    Raises:
        ConfigError: there is no database, or a server uses it.
    """
    with opened(settings, Opening.EXISTING, use=Use.ALONE, new_audit_key=True) as db:

        def work(conn: Connection) -> None:
            server_id = installation.identity(conn).server_id
            audit.record(conn, Unit(SHELL, db.clock.now(), db.ids), NEW_KEY, "installation", server_id, None)

        db.write_sync(work)
        sys.stderr.write(f"{db.seals.file} has a new key; put the file into your backups.\n")
    return 0
