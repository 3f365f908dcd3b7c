"""Leads: how one comes in, once, and moves through the stages; counts and values of the stages are kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select

from cc_api_client.models.events import EventType
from cc_api_client.models.work.intake import IntakeAnswer, IntakeStatus, LeadIntake
from cc_api_client.models.work.pipeline import Lead, Stage, StageCount
from cc_server.db.portable.changing import Changing
from cc_server.db.portable.prepared import Prepared, Row
from cc_server.db.portable.types import from_micros, to_micros
from cc_server.db.tables import leads, stage_changes
from cc_server.db.transaction import locks
from cc_server.domain.base import audit, counters
from cc_server.domain.base.actors import Actor, narrowed
from cc_server.domain.base.refusals import not_found
from cc_server.domain.base.unit import Unit
from cc_server.domain.work import jobs, runs
from cc_server.events import log as events

COUNTS = "leads."
VALUES = "lead_micros."
QUALIFY = "qualify_lead"
SAME_BODY_HOURS = 24

_ID = leads.c.id == bindparam("wanted")
_GROWN = {"version": leads.c.version + 1}
_INSERT = insert(leads).returning(*leads.c)
_ONE = select(leads).where(_ID)
_ONE_TO_CHANGE = _ONE.with_for_update()
_TWIN = Prepared(
    select(leads.c.id)
    .where(leads.c.intake_key == bindparam("known_by"), leads.c.created_at >= bindparam("since"))
    .limit(1)
)
_BY_EMAIL = Prepared(
    select(leads)
    .where(leads.c.client_id == bindparam("client"), leads.c.email == bindparam("address"))
    .order_by(leads.c.created_at.desc())
    .limit(1)
)
_CHANGING = Changing(leads, _ID, always=_GROWN, returning=[*leads.c])
_MOVING = Changing(leads, _ID, leads.c.stage == bindparam("from_stage"), always=_GROWN, returning=[*leads.c])
_STAGE_CHANGE = insert(stage_changes)


@dataclass(frozen=True, slots=True)
class NewLead:
    """Somebody who may become a client."""

    email: str
    name: str | None = None
    company: str | None = None
    phone: str | None = None
    website: str | None = None
    source: str | None = None
    message: str | None = None
    value_usd: Decimal | None = None


def take_in(conn: Connection, unit: Unit, intake: LeadIntake, qualifier: str | None = None) -> IntakeAnswer:
    """A lead as a form hands it in: stored once, with a run and a job to qualify it.

    Args:
        conn: the transaction.
        unit: who, when, for which client.
        intake: what was handed in.
        qualifier: the agent that is to qualify it, where it is known.

    Raises:
        DomainRefusal: no client is named (`client_required`).
    """
    client_id = unit.actor.require_client()
    key, since = _dedup(client_id, intake, unit.now)
    locks.exclusive(conn, f"intake:{key}")
    if _TWIN.first(conn, {"known_by": key, "since": since}) is not None:
        return IntakeAnswer(status=IntakeStatus.DUPLICATE, idempotency_key=key)
    new = NewLead(
        email=intake.email, name=intake.name, company=intake.company, website=intake.website, source=intake.source,
        message=intake.message,
    )  # fmt: skip
    lead = add(conn, unit, client_id, new, intake_key=key)
    run_id = runs.queue(conn, unit, client_id, agent_name=qualifier, automation_name=QUALIFY, lead_email=lead.email)
    job_id = jobs.enqueue(
        conn, unit, client_id, job_type=QUALIFY, agent_name=qualifier, run_id=run_id, payload={"lead_id": lead.id}
    )
    return IntakeAnswer(status=IntakeStatus.QUEUED, run_id=run_id, job_id=job_id, idempotency_key=key)


def add(conn: Connection, unit: Unit, client_id: str, new: NewLead, *, intake_key: str | None = None) -> Lead:
    """Store a new lead as a prospect."""
    lead_id = unit.ids.new()
    added = conn.execute(
        _INSERT,
        {
            "id": lead_id, "client_id": client_id, "email": new.email, "name": new.name, "company": new.company,
            "phone": new.phone, "website": new.website, "source": new.source, "stage": Stage.PROSPECT.value,
            "status": "new", "score": None, "qualification_label": None, "qualification_reason": None,
            "owner_agent": None, "value_usd": new.value_usd, "notes": new.message, "intake_key": intake_key,
            "version": 1, "created_at": unit.now, "updated_at": unit.now,
        },
    )  # fmt: skip
    row = added.mappings().one()
    _count(conn, None, row)
    audit.record(conn, unit, "lead.create", "lead", lead_id, client_id, after={"stage": row["stage"]})
    return _tell(conn, unit, row, EventType.LEAD_CREATED)


def find(conn: Connection, actor: Actor, lead_id: str) -> Lead:
    """One lead.

    Raises:
        DomainRefusal: there is none that the actor sees (`not_found`).
    """
    row = conn.execute(_ONE, {"wanted": lead_id}).mappings().first()
    if row is None or not actor.sees(row["client_id"]):
        raise not_found("lead")
    return Lead.model_validate(row)


def by_email(conn: Connection, client_id: str, email: str) -> Lead:
    """The newest lead of a client with an address.

    Raises:
        DomainRefusal: there is none (`not_found`).
    """
    row = _BY_EMAIL.first_mapping(conn, {"client": client_id, "address": email})
    if row is None:
        raise not_found("lead")
    return Lead.model_validate(row)


def newest(conn: Connection, most: int) -> list[Lead]:
    """The newest leads of all clients."""
    rows = conn.execute(select(leads).order_by(leads.c.created_at.desc()).limit(most)).mappings()
    return [Lead.model_validate(row) for row in rows]


def update_facts(conn: Connection, unit: Unit, lead_id: str, **facts: Any) -> Lead:
    """Change what is known of a lead: score, label, reason, owner, value, status."""
    before = _to_change(conn, lead_id)
    row = _CHANGING.run_on_one(conn, {**facts, "updated_at": unit.now}, {"wanted": lead_id})
    _count(conn, before, row)
    return _tell(conn, unit, row, EventType.LEAD_UPDATED)


def advance(conn: Connection, unit: Unit, lead_id: str, from_stage: Stage, to_stage: Stage) -> Lead | None:
    """Move a lead on, if it still stands at `from_stage`; None when it does not. Leaves a row in the stage history."""
    before = _to_change(conn, lead_id)
    changes, place = {"stage": to_stage.value, "updated_at": unit.now}, {"wanted": lead_id, "from_stage": from_stage}
    row = _MOVING.run(conn, changes, place)
    if row is None:
        return None
    conn.execute(
        _STAGE_CHANGE,
        {
            "id": unit.ids.new(), "lead_id": lead_id, "client_id": row["client_id"], "from_stage": from_stage.value,
            "to_stage": to_stage.value, "changed_by": unit.actor.name, "at": unit.now,
        },
    )  # fmt: skip
    _count(conn, before, row)
    return _tell(conn, unit, row, EventType.LEAD_MOVED)


def stages(conn: Connection, actor: Actor) -> list[StageCount]:
    """All stages in order, with how many leads stand there and what they may be worth."""
    counts = counters.read(conn, COUNTS, actor.visible)
    values = counters.read(conn, VALUES, actor.visible)
    return [
        StageCount(stage=stage, count=counts.get(stage, 0), value_usd=from_micros(values.get(stage, 0)))
        for stage in Stage
    ]


def created_between(conn: Connection, actor: Actor, first: datetime, until: datetime) -> int:
    """How many leads came in from `first` on and before `until`."""
    query = select(func.count()).select_from(leads).where(leads.c.created_at >= first, leads.c.created_at < until)
    return int(conn.execute(narrowed(query, leads.c.client_id, actor.visible)).scalar_one())


def moved_to(conn: Connection, actor: Actor, stage: Stage, since: datetime) -> int:
    """How many leads reached a stage since a moment."""
    query = (
        select(func.count())
        .select_from(stage_changes)
        .where(stage_changes.c.to_stage == stage.value, stage_changes.c.at >= since)
    )
    return int(conn.execute(narrowed(query, stage_changes.c.client_id, actor.visible)).scalar_one())


def _dedup(client_id: str, intake: LeadIntake, now: datetime) -> tuple[str, datetime]:
    """What a lead is known by, and since when one with the same key counts as the same."""
    if intake.timestamp is not None:
        parts, since = (client_id, intake.email.casefold(), intake.timestamp, intake.source or ""), datetime.min
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest(), since.replace(tzinfo=now.tzinfo)
    whole = client_id + intake.model_dump_json()
    return hashlib.sha256(whole.encode()).hexdigest(), now - timedelta(hours=SAME_BODY_HOURS)


def _to_change(conn: Connection, lead_id: str) -> Row:
    """A lead as it is before a change; nobody else changes it until this unit ends."""
    return conn.execute(_ONE_TO_CHANGE, {"wanted": lead_id}).mappings().one()


def _count(conn: Connection, before: Row | None, after: Row) -> None:
    steps = {COUNTS + after["stage"]: 1, VALUES + after["stage"]: to_micros(after["value_usd"] or Decimal(0))}
    if before is not None:
        for name, amount in ((COUNTS, 1), (VALUES, to_micros(before["value_usd"] or Decimal(0)))):
            steps[name + before["stage"]] = steps.get(name + before["stage"], 0) - amount
    counters.add(conn, after["client_id"], steps)


def _tell(conn: Connection, unit: Unit, row: Row, type: EventType) -> Lead:  # noqa: A002  (the contract's word)
    lead = Lead.model_validate(row)
    events.append(
        conn, at=unit.now, topic="leads", type=type, object_id=lead.id, version=lead.version,
        client_id=lead.client_id, data=lead.model_dump_json(), request_id=unit.request_id,
        idempotency_key=unit.idempotency_key,
    )  # fmt: skip
    return lead
