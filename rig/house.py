"""A house to act in, for tests and benchmarks: a real database, a clock that stands, the functions of the domain."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Table, insert, select, update

from cc_api_client.models.base import ActionAnswer
from cc_api_client.models.outbox.approvals import Approval
from cc_api_client.models.settings import Settings
from cc_server.db.clock import ManualClock
from cc_server.db.database import Address, Database
from cc_server.db.ids import SeededIds
from cc_server.db.postgres.url import PostgresUrl
from cc_server.db.tables import approvals, audit, counters, deliveries, event_log, metadata
from cc_server.db.tables import leads as leads_table
from cc_server.domain import leads
from cc_server.domain.access import clients, keys
from cc_server.domain.access.clients import NewClient, NewContract
from cc_server.domain.base.actors import SYSTEM, Actor
from cc_server.domain.base.unit import Unit
from cc_server.domain.controls import settings
from cc_server.domain.controls.begin import Turn, begin
from cc_server.domain.leads import NewLead
from cc_server.domain.outbox import decisions, drafts, lapses, rows
from cc_server.domain.outbox.decisions import Seen
from cc_server.domain.outbox.drafts import NewDraft
from cc_server.domain.outbox.sending import claims
from cc_server.domain.outbox.sending.claims import Claimed, Outcome
from cc_server.domain.work import agents
from cc_server.sealing.seals import Seals
from rig.postgres import Postgres

T = TypeVar("T")

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ANA = Actor("Ana", "key of Ana", "operator")
TOM = Actor("Tom", "key of Tom", "operator")
BOSS = Actor("Boss", "key of Boss", "admin")
AGENT = "email-draft"
BODY = "Hi Maya,\n\na short text.\n\nBest,\nAnna"


class Founded(Protocol):
    """A database as every house begins with it: made once, the same again for each test."""

    @property
    def people(self) -> People:
        """Who is in it."""
        ...

    def fresh(self, folder: Path) -> Address:
        """Where the next house finds it."""
        ...


@dataclass(frozen=True)
class People:
    """Who is in every house: two clients, and keys that are named by what they are for."""

    client_id: str
    other_client_id: str
    tokens: dict[str, str]
    audit_key: Path


@dataclass(frozen=True)
class FoundedFile:
    """A SQLite file, copied for each test."""

    path: Path
    people: People

    def fresh(self, folder: Path) -> Address:
        return Path(shutil.copyfile(self.path, folder / "house.db"))


@dataclass(frozen=True)
class FoundedOnPostgres:
    """A PostgreSQL database whose rows are put back for each test, from copies in a schema beside them."""

    postgres: Postgres
    url: PostgresUrl
    people: People

    def keep(self) -> FoundedOnPostgres:
        """Copy every row as it is now."""
        names = [table.name for table in metadata.sorted_tables]
        copies = (f'CREATE TABLE founded."{name}" AS TABLE public."{name}"' for name in names)
        self.postgres.execute("CREATE SCHEMA founded", *copies, database=self.url)
        return self

    def fresh(self, folder: Path) -> Address:
        names = [f'"{table.name}"' for table in metadata.sorted_tables]
        self.postgres.execute(
            END_OTHERS,
            "SET session_replication_role = replica;"
            f"TRUNCATE {', '.join(f'public.{name}' for name in names)} RESTART IDENTITY;"
            + "".join(f"INSERT INTO public.{name} TABLE founded.{name};" for name in names)
            + _PAST_AUDIT,
            database=self.url,
        )
        return self.url


END_OTHERS = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
_PAST_AUDIT = "SELECT setval(pg_get_serial_sequence('audit', 'seq'), (SELECT max(seq) FROM audit))"


def found_file(folder: Path) -> FoundedFile:
    return FoundedFile(folder / "founded.db", found(folder / "founded.db", folder / "audit-key"))


def found_on_postgres(postgres: Postgres, folder: Path) -> FoundedOnPostgres:
    url = postgres.new()
    return FoundedOnPostgres(postgres, url, found(url, folder / "audit-key")).keep()


def found(address: Address, audit_key: Path) -> People:
    """Make two clients, one working agent and a key of each role."""
    db = Database(address, ManualClock(NOON), ids=SeededIds(1), seals=Seals(audit_key))
    db.open()

    def do(fn: Callable[..., T], *args: Any) -> T:
        return db.write_sync(lambda conn: fn(conn, Unit(SYSTEM, NOON, db.ids), *args))

    one, other = (do(clients.add, new_client(name)) for name in ("Brightwater Solar", "Harbor Dental"))
    do(agents.register, AGENT, "Email drafter", "Answers inquiries", {})
    do(agents.deploy, AGENT)
    roles: dict[str, tuple[str, list[str] | None]] = {
        "admin": ("admin", None), "ana": ("operator", None), "tom": ("operator", None), "viewer": ("viewer", None),
        "intake": ("intake", None), "bound": ("operator", [other]), "bound viewer": ("viewer", [other]),
        "bound intake": ("intake", [other]), "bound to both": ("operator", [one, other]),
    }  # fmt: skip
    tokens = {name: do(keys.create, name, role, client_ids).token or "" for name, (role, client_ids) in roles.items()}
    db.close()
    return People(one, other, tokens, audit_key)


def new_client(name: str) -> NewClient:
    return NewClient(name, NewContract("Growth", date(2026, 1, 1), Decimal("1000.00"), clauses={"Notice": "30 days"}))


class House:
    """Two clients and one working agent in a database of its own."""

    def __init__(self, folder: Path, founded: Founded) -> None:
        self.folder = folder
        self.founded = founded
        self.clock = ManualClock(NOON)
        self.client_id, self.other_client_id = founded.people.client_id, founded.people.other_client_id
        self.tokens = founded.people.tokens
        seals = Seals(Path(shutil.copy(founded.people.audit_key, folder / "house.db.audit-key")))
        self.db = Database(founded.fresh(folder), self.clock, ids=SeededIds(7), seals=seals)
        self.db.open()
        self._drafted = 0

    @property
    def postgres(self) -> Postgres:
        """The server of the database."""
        assert isinstance(self.founded, FoundedOnPostgres)
        return self.founded.postgres

    def close(self) -> None:
        self.db.close()

    def unit(self, conn: Connection, by: Actor = ANA, turn: Turn = Turn.JUDGES) -> Unit:
        """A unit of work as a request's begins."""
        return begin(conn, by, self.clock.now(), self.db.ids, turn)

    @property
    def settings(self) -> Settings:
        """What the installation is set to."""
        return self.db.read_sync(settings.read)

    def set(self, section: str, by: Actor = BOSS, **changes: Any) -> Settings:
        """Change settings of one section."""
        return self.do(settings.change, {section: changes}, self.settings.version, by=by, turn=Turn.CHANGES)

    def do(self, fn: Callable[..., T], *args: Any, by: Actor = ANA, turn: Turn = Turn.JUDGES, **kwargs: Any) -> T:
        """Run a domain function in a transaction, as `by`."""

        def work(conn: Connection) -> T:
            return fn(conn, self.unit(conn, by, turn), *args, **kwargs)

        return self.db.write_sync(work)

    def add_client(self, name: str) -> str:
        return self.do(clients.add, new_client(name), by=SYSTEM)

    def add_lead(self, email: str = "maya@clinic.example") -> str:
        return self.do(leads.add, self.client_id, NewLead(email, "Maya Fischer"), by=SYSTEM).id

    def draft(self, **changes: Any) -> Approval:
        """An agent hands in a mail; each has its own recipient unless `changes` says otherwise."""
        self._drafted += 1
        self._know(f"maya{self._drafted}@clinic.example")
        fields: dict[str, Any] = {
            "client_id": self.client_id, "kind": "email", "agent_name": AGENT, "to_name": "Maya Fischer",
            "to_email": f"maya{self._drafted}@clinic.example", "subject": f"Subject {self._drafted}", "body": BODY,
        }  # fmt: skip
        return self.do(drafts.create, NewDraft(**fields | changes), by=SYSTEM)

    def _know(self, email: str) -> None:
        """Somebody of that address is known already: a lead, without the news of it."""
        lead: dict[str, Any] = dict.fromkeys(leads_table.c.keys())
        lead |= {
            "id": f"lead of {email}", "client_id": self.client_id, "email": email, "stage": "prospect",
            "status": "approved", "version": 1, "created_at": NOON, "updated_at": NOON,
        }  # fmt: skip
        self.db.write_sync(lambda conn: conn.execute(insert(leads_table), lead) and None)

    def approve(self, approval: Approval, by: Actor = ANA, seen: Seen | None = None) -> ActionAnswer[Approval]:
        return self.do(decisions.approve, approval.id, seen or Seen(approval.version), None, by=by)

    def reject(self, approval: Approval, by: Actor = ANA, seen: Seen | None = None) -> ActionAnswer[Approval]:
        return self.do(decisions.reject, approval.id, seen or Seen(approval.version), "tone", None, by=by)

    def undo(self, approval: Approval, by: Actor = ANA, seen: Seen | None = None) -> ActionAnswer[Approval]:
        return self.do(decisions.undo, approval.id, seen or Seen(approval.version), by=by)

    def withdraw(self, approval: Approval) -> Approval:
        return self.do(lapses.withdraw, approval.id, "no longer needed", by=SYSTEM)

    def due(self, most: int = 8) -> list[str]:
        """The deliveries that the sender would claim now."""
        return self.db.read_sync(claims.due, self.clock.now(), most)

    def claim(self, most: int = 8) -> list[Claimed]:
        """As the sender does: what is due, one by one."""
        found = [self.do(claims.claim, delivery_id, by=SYSTEM) for delivery_id in self.due(most)]
        return [one for one in found if one is not None]

    def claim_one(self) -> Claimed:
        (claimed,) = self.claim()
        return claimed

    def settle(self, claimed: Claimed, outcome: Outcome) -> bool:
        return self.do(claims.settle, claimed, outcome, by=SYSTEM)

    def reap(self, *, knows_stable_keys: bool) -> int:
        return self.do(claims.reap, knows_stable_keys=knows_stable_keys, by=SYSTEM)

    def leave_hold(self) -> None:
        """Let the longest hold pass."""
        self.clock.advance(4 * self.settings.approvals.hold_seconds)

    def now(self, approval: Approval) -> Approval:
        """The approval as it is."""
        return self.db.read_sync(lambda conn: rows.model_of(rows.find(conn, SYSTEM, approval.id)))

    def all(self, table: Table) -> list[dict[str, Any]]:
        """Every row of a table, in the order of its primary key."""
        return self.db.read_sync(
            lambda conn: [dict(row) for row in conn.execute(select(table).order_by(*table.primary_key)).mappings()]
        )

    def events(self) -> list[dict[str, Any]]:
        """The events on record, as they are sent."""
        return [json.loads(row["body"]) for row in self.all(event_log)]

    def trail(self, approval: Approval) -> list[dict[str, Any]]:
        """The audit rows of an approval."""
        return [row for row in self.all(audit) if row["object_id"] == approval.id]

    def tamper(self, table: Table, row_id: str, **values: Any) -> None:
        """Change a row behind the domain's back."""

        def work(conn: Connection) -> None:
            conn.execute(update(table).where(table.c.id == row_id).values(**values))

        self.db.write_sync(work)

    def kept_counts(self) -> dict[tuple[str, str], int]:
        """The counters of approvals that are not 0, as they are kept."""
        return {
            (row["name"], row["client_id"]): row["amount"]
            for row in self.all(counters)
            if row["name"].startswith("approvals.") and row["amount"]
        }

    def real_counts(self) -> dict[tuple[str, str], int]:
        """The same, counted row by row."""
        states = {row["id"]: row["state"] for row in self.all(deliveries)}
        found: Counter[tuple[str, str]] = Counter()
        for row in self.all(approvals):
            client_id = row["client_id"]
            found[f"approvals.status.{row['status']}", client_id] += 1
            if row["status"] == "approved":
                found[f"approvals.delivery.{states[row['delivery_id']]}", client_id] += 1
            if row["status"] == "pending":
                found["approvals.high_risk", client_id] += row["high_risk"]
                found["approvals.safe", client_id] += row["safe"]
                found["approvals.blocked_back", client_id] += row["returned_why"] == "blocked"
        return {place: amount for place, amount in found.items() if amount}


def later(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)
