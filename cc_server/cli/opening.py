"""Opens the database of a command, and tells in a sentence why it can't be used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cc_server.config import ConfigError, ServerSettings
from cc_server.db.clock import SystemClock
from cc_server.db.database import Database
from cc_server.db.errors import DatabaseUnavailable
from cc_server.db.ids import Ids
from cc_server.db.schema import Opening
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.sealing.seals import Seals


@contextmanager
def opened(
    settings: ServerSettings,
    opening: Opening,
    *,
    ids: Ids | None = None,
    serves: bool = False,
    new_audit_key: bool = False,
) -> Iterator[Database]:
    """The database that the settings name, open while the command needs it.

    Args:
        settings: which database.
        opening: whether it may, must or must not be there already.
        ids: where new ids come from.
        serves: whether the command is a server; other commands go beside one.
        new_audit_key: seal the audit trail with a new key from now on.

    Raises:
        ConfigError: it can't be used, or the business says no to what was asked; the message says why.
    """
    db: Database | None = None
    try:
        seals = Seals(settings.audit_key, begins_anew=new_audit_key)
        db = Database(settings.db, SystemClock(), ids=ids, opening=opening, exclusive=serves, seals=seals)
        db.open()
        yield db
    except DatabaseUnavailable as error:
        raise ConfigError(str(error)) from None
    except DomainRefusal as refusal:
        raise ConfigError(refusal.detail) from None
    finally:
        if db is not None:
            db.close()
