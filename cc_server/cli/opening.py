"""Opens the database of a command, and tells in a sentence why it can't be used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cc_server.config import ConfigError, ServerSettings
from cc_server.db.clock import SystemClock
from cc_server.db.database import Database
from cc_server.db.errors import DatabaseUnavailable
from cc_server.db.ids import Ids
from cc_server.db.schema import Opening, Use
from cc_server.domain.base import audit
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.sealing.anchor import set_aside
from cc_server.sealing.keys import SealingError
from cc_server.sealing.seals import Seals


@contextmanager
def opened(
    settings: ServerSettings,
    opening: Opening,
    *,
    ids: Ids | None = None,
    use: Use = Use.BESIDE,
    new_audit_key: bool = False,
) -> Iterator[Database]:
    """The database that the settings name, open while the command needs it.

    Args:
        settings: which database.
        opening: whether it may, must or must not be there already.
        ids: where new ids come from.
        use: whether the command serves it, needs it alone, or goes beside a server.
        new_audit_key: seal the audit trail with a new key from now on.

    Raises:
        ConfigError: it can't be used, or the business says no to what was asked; the message says why.
    """
    db: Database | None = None
    try:
        seals = Seals(settings.audit_key, begins_anew=new_audit_key)
        db = Database(settings.db, SystemClock(), ids=ids, opening=opening, use=use, seals=seals)
        db.open()
        if opening is not Opening.EXISTING and db.read_sync(audit.head).seq == 0:
            _set_other_anchor_aside(settings.audit_anchor)
        yield db
    except (DatabaseUnavailable, SealingError) as error:
        raise ConfigError(str(error)) from None
    except DomainRefusal as refusal:
        raise ConfigError(refusal.detail) from None
    finally:
        if db is not None:
            db.close()


def _set_other_anchor_aside(anchor: Path) -> None:
    """A database that was just made has no anchor: what lies in its place is of one that was there before it."""
    if aside := set_aside(anchor):
        sys.stderr.write(f"{anchor} was of another database; it is kept as {aside}\n")
