"""`cc-server init`, `keys`, `clients`: what makes a database usable, and who may use it."""

from __future__ import annotations

import sys
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from cc_api_client.models.installation.roles import Role
from cc_server.cli.opening import opened
from cc_server.config import ConfigError, ServerSettings
from cc_server.db.schema import Opening
from cc_server.domain.access import clients, keys
from cc_server.domain.access.clients import NewClient, NewContract
from cc_server.domain.base.actors import SHELL
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.base.unit import Unit


def init(settings: ServerSettings, name: str) -> int:
    """Make the database and its first key.

    Raises:
        ConfigError: the database is there already, or can't be made; no key can have that name.
    """
    try:
        keys.require_name(name)  # first: a database without its key helps nobody
    except DomainRefusal as refusal:
        raise ConfigError(refusal.detail) from None
    token = _create(settings, Opening.NEW, name, Role.ADMIN, None)
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


def revoke(settings: ServerSettings, name: str) -> int:
    """End a key for good; a server that runs meanwhile closes its streams at once.

    Raises:
        ConfigError: there is no database, or no such key.
    """
    with opened(settings, Opening.EXISTING) as db:

        def work(conn: Connection) -> None:
            key_id = keys.named(conn, name)
            if key_id is None:
                raise ConfigError(f"there is no key named {name!r}; see them with: cc-server keys list")
            keys.revoke(conn, Unit(SHELL, db.clock.now(), db.ids), key_id)

        db.write_sync(work)
    sys.stderr.write(f"The key {name!r} is revoked.\n")
    return 0


def show(settings: ServerSettings) -> int:
    """Print every key: name, role, clients, and since when it is what it is.

    Raises:
        ConfigError: there is no database.
    """
    with opened(settings, Opening.EXISTING) as db:
        for key in db.read_sync(keys.every):
            state = f"revoked {_day(key.revoked_at)}" if key.revoked_at else f"last used {_day(key.last_used_at)}"
            bound = ", ".join(key.client_ids) if key.client_ids is not None else "all clients"
            told = key.name, str(key.role), f"{key.prefix}…", f"made {_day(key.created_at)}", state, bound
            sys.stdout.write("\t".join(told) + "\n")
    return 0


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment is not None else "never"


def add_client(settings: ServerSettings, name: str, plan: str, monthly_usd: int, *, force: bool) -> int:
    """Add a client of the business, with a contract that begins today; prints its id.

    Raises:
        ConfigError: there is no database, or it can't be used; no client can have that name, or one has it and
            another of that name is not asked for by `force`.
    """
    if not 0 < len(name.strip()) <= clients.LONGEST_NAME:
        raise ConfigError(f"a client's name has 1 to {clients.LONGEST_NAME} characters")
    with opened(settings, Opening.EXISTING) as db:

        def work(conn: Connection) -> str:
            if not force and (known := clients.of_name(conn, name)):
                raise ConfigError(
                    f"there is a client {_printable(known[0].name)!r} already, {known[0].id}; "
                    "to add another of that name, say --force"
                )
            now = db.clock.now()
            contract = NewContract(plan=plan, starts_on=now.date(), monthly_usd=Decimal(monthly_usd))
            return clients.add(conn, Unit(SHELL, now, db.ids), NewClient(name, contract))

        sys.stdout.write(db.write_sync(work) + "\n")
    return 0


def show_clients(settings: ServerSettings) -> int:
    """Print every client: id, state, since when, name.

    Raises:
        ConfigError: there is no database.
    """
    with opened(settings, Opening.EXISTING) as db:
        for one in db.read_sync(clients.every):
            sys.stdout.write("\t".join((one.id, str(one.status), f"since {one.since}", _printable(one.name))) + "\n")
    return 0


def _printable(name: str) -> str:
    """A name that can't act on the terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)


def _create(settings: ServerSettings, opening: Opening, name: str, role: str, client_ids: list[str] | None) -> str:
    with opened(settings, opening) as db:

        def work(conn: Connection) -> str:
            for client_id in client_ids or ():
                if not clients.exists(conn, client_id):
                    raise ConfigError(f"there is no client {client_id[:64]!r}; see them with: cc-server clients list")
            return keys.create(conn, Unit(SHELL, db.clock.now(), db.ids), name, role, client_ids).token or ""

        return db.write_sync(work)
