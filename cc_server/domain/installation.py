"""The installation itself: its name, its history's name, and how long it was up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from cc_server.db import schema
from cc_server.db.portable.upsert import insert_new
from cc_server.db.tables import event_log, idempotency, installation, outages
from cc_server.domain.base import audit, counters
from cc_server.domain.base.unit import Unit
from cc_server.sealing.anchor import Anchor
from cc_server.sealing.chain import Sealed
from cc_server.sealing.verify import RESTORED

OUTAGE_SECONDS = 60
UPTIME_SPAN = timedelta(hours=24)
"""A gap between two ticks that counts as an outage."""
IDEMPOTENCY_HOURS = 48
EVENTS_KEPT_DAYS = 7
SIMULATED = "simulated"
"""The count that marks a database whose business is made up."""


_OUTAGE = insert_new(outages, on=("started_at",))


@dataclass(frozen=True, slots=True)
class Installation:
    """What a key is told of the server it talks to."""

    server_id: str
    epoch: str


def identity(conn: Connection) -> Installation:
    """Which installation this is."""
    row = conn.execute(select(installation.c.server_id, installation.c.epoch)).one()
    return Installation(row.server_id, row.epoch)


def restored(conn: Connection, unit: Unit) -> str:
    """An older copy of the database was put back: events of what came after it must not be mistaken for its own.

    Returns:
        The name of the history that begins; a row of the audit trail tells of it.
    """
    before = identity(conn)
    epoch = unit.ids.new()
    conn.execute(update(installation).values(epoch=epoch))
    audit.record(
        conn, unit, RESTORED, "installation", before.server_id, None,
        before={"epoch": before.epoch}, after={"epoch": epoch},
    )  # fmt: skip
    return epoch


def goes_on_from(conn: Connection, anchor: Anchor) -> bool:
    """Whether this is the database whose trail once stood at `anchor`; an older copy of it, or one cut off, is not.

    A restore begins another history, and a sealed row says from which: so an anchor of that one is explained.
    """
    if anchor.epoch == identity(conn).epoch:
        return audit.stands_at(conn, Sealed(anchor.seq, anchor.seal))
    return any(before.get("epoch") == anchor.epoch for before in audit.befores(conn, RESTORED))


def may_be_simulated(conn: Connection) -> bool:
    """Whether nothing ever happened here, or nothing but what was made up."""
    return audit.head(conn).seq == 0 or bool(counters.read(conn, SIMULATED, None))


def mark_simulated(conn: Connection) -> None:
    """What happens here from now on is made up."""
    if not counters.read(conn, SIMULATED, None):
        counters.add(conn, None, {SIMULATED: 1})


def is_ready(conn: Connection) -> bool:
    """Whether the tables have the form that this program needs."""
    return schema.is_at_head(conn)


def came_up(conn: Connection, unit: Unit) -> None:
    """Say that the server is up again; a long silence before is an outage, unless no server ever ran here."""
    made, last = conn.execute(select(installation.c.created_at, installation.c.last_seen_at)).one()
    if last > made and unit.now - last > timedelta(seconds=OUTAGE_SECONDS):
        _OUTAGE.run(conn, {"started_at": last, "ended_at": unit.now})
    seen(conn, unit)


def seen(conn: Connection, unit: Unit) -> None:
    """Say that the server is up, and was so since it was last seen."""
    conn.execute(update(installation).values(last_seen_at=unit.now))


def forget_old(conn: Connection, unit: Unit) -> None:
    """Drop what is kept for a time only: answers by idempotency key, and events past their week."""
    conn.execute(delete(idempotency).where(idempotency.c.created_at < unit.now - timedelta(hours=IDEMPOTENCY_HOURS)))
    old = unit.now - timedelta(days=EVENTS_KEPT_DAYS)
    newest = conn.execute(
        select(event_log.c.seq).where(event_log.c.at < old).order_by(event_log.c.seq.desc()).limit(1)
    ).scalar()
    if newest is not None:
        conn.execute(delete(event_log).where(event_log.c.seq <= newest))
        conn.execute(update(installation).values(retain_from_seq=newest + 1))


def uptime_ratio_24h(conn: Connection, now: datetime) -> float:
    """The share of the last 24 hours without an outage; there was none before the installation."""
    first = now - UPTIME_SPAN
    rows = conn.execute(select(outages).where(outages.c.ended_at > first))
    down = sum((min(row.ended_at, now) - max(row.started_at, first) for row in rows), timedelta())
    return max(0.0, min(1.0, 1.0 - down / UPTIME_SPAN))
