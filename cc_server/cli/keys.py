"""`cc-server init`, `keys create`, `clients add`: what makes a database usable, each printed once."""

from __future__ import annotations

import sys
from decimal import Decimal

from sqlalchemy import Connection

from cc_server.config import ConfigError, ServerSettings
from cc_server.db.clock import SystemClock
from cc_server.db.database import Database
from cc_server.db.errors import DatabaseUnavailable
from cc_server.domain import clients, keys
from cc_server.domain.actors import SYSTEM
from cc_server.domain.clients import NewClient, NewContract
from cc_server.domain.refusals import DomainRefusal
from cc_server.domain.unit import Unit


def init(settings: ServerSettings, name: str) -> int:
    """Make the database and its first key.

    Raises:
        ConfigError: the database is there already, or can't be made.
    """
    if settings.db.exists():
        raise ConfigError(f"{settings.db} exists already; make keys for it with: cc-server keys create NAME")
    token = _create(settings, name, "admin", None)
    sys.stderr.write(f"{settings.db} is made. This is the admin key {name!r}; it is shown this once:\n")
    sys.stdout.write(token + "\n")
    return 0


def create(settings: ServerSettings, name: str, role: str, client_ids: list[str] | None) -> int:
    """Make another key; a server that runs meanwhile knows it at once.

    Raises:
        ConfigError: there is no database, the name is taken, or a client is unknown.
    """
    if not settings.db.exists():
        raise ConfigError(f"{settings.db} does not exist; make it with: cc-server init")
    token = _create(settings, name, role, client_ids)
    sys.stderr.write(f"This is the {role} key {name!r}; it is shown this once:\n")
    sys.stdout.write(token + "\n")
    return 0


def add_client(settings: ServerSettings, name: str, plan: str, monthly_usd: int) -> int:
    """Add a client of the business, with a contract that begins today; prints its id.

    Raises:
        ConfigError: there is no database, or it can't be used.
    """
    if not settings.db.exists():
        raise ConfigError(f"{settings.db} does not exist; make it with: cc-server init")
    db = Database(settings.db, SystemClock(), exclusive=False)

    def work(conn: Connection) -> str:
        now = db.clock.now()
        contract = NewContract(plan=plan, starts_on=now.date(), monthly_usd=Decimal(monthly_usd))
        return clients.add(conn, Unit(SYSTEM, now, db.ids), NewClient(name, contract))

    try:
        db.open()
        sys.stdout.write(db.write_sync(work) + "\n")
    except DatabaseUnavailable as error:
        raise ConfigError(str(error)) from None
    finally:
        db.close()
    return 0


def _create(settings: ServerSettings, name: str, role: str, client_ids: list[str] | None) -> str:
    db = Database(settings.db, SystemClock(), exclusive=False)

    def work(conn: Connection) -> str:
        for client_id in client_ids or ():
            if not clients.exists(conn, client_id):
                raise ConfigError(f"--client {client_id}: there is no such client")
        unit = Unit(SYSTEM, db.clock.now(), db.ids)
        return keys.create(conn, unit, name, role, client_ids)

    try:
        db.open()
        return db.write_sync(work)
    except DatabaseUnavailable as error:
        raise ConfigError(str(error)) from None
    except DomainRefusal as refusal:
        raise ConfigError(refusal.detail) from None
    finally:
        db.close()
