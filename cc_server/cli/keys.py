"""`cc-server init`, `keys create`, `clients add`: what makes a database usable, each printed once."""

from __future__ import annotations

import sys
from decimal import Decimal

from sqlalchemy import Connection

from cc_server.cli.opening import opened
from cc_server.config import ConfigError, ServerSettings
from cc_server.db.schema import Opening
from cc_server.domain import clients, keys
from cc_server.domain.actors import SYSTEM
from cc_server.domain.clients import NewClient, NewContract
from cc_server.domain.unit import Unit


def init(settings: ServerSettings, name: str) -> int:
    """Make the database and its first key.

    Raises:
        ConfigError: the database is there already, or can't be made.
    """
    token = _create(settings, Opening.NEW, name, "admin", None)
    sys.stderr.write(f"{settings.db} is made. This is the admin key {name!r}; it is shown this once:\n")
    sys.stdout.write(token + "\n")
    return 0


def create(settings: ServerSettings, name: str, role: str, client_ids: list[str] | None) -> int:
    """Make another key; a server that runs meanwhile knows it at once.

    Raises:
        ConfigError: there is no database, the name is taken, or a client is unknown.
    """
    token = _create(settings, Opening.EXISTING, name, role, client_ids)
    sys.stderr.write(f"This is the {role} key {name!r}; it is shown this once:\n")
    sys.stdout.write(token + "\n")
    return 0


def add_client(settings: ServerSettings, name: str, plan: str, monthly_usd: int) -> int:
    """Add a client of the business, with a contract that begins today; prints its id.

    Raises:
        ConfigError: there is no database, or it can't be used.
    """
    with opened(settings, Opening.EXISTING) as db:

        def work(conn: Connection) -> str:
            now = db.clock.now()
            contract = NewContract(plan=plan, starts_on=now.date(), monthly_usd=Decimal(monthly_usd))
            return clients.add(conn, Unit(SYSTEM, now, db.ids), NewClient(name, contract))

        sys.stdout.write(db.write_sync(work) + "\n")
    return 0


def _create(settings: ServerSettings, opening: Opening, name: str, role: str, client_ids: list[str] | None) -> str:
    with opened(settings, opening) as db:

        def work(conn: Connection) -> str:
            for client_id in client_ids or ():
                if not clients.exists(conn, client_id):
                    raise ConfigError(f"--client {client_id}: there is no such client")
            return keys.create(conn, Unit(SYSTEM, db.clock.now(), db.ids), name, role, client_ids)

        return db.write_sync(work)
