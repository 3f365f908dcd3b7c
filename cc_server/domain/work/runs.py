"""Runs: one piece of work of one agent, what it cost and how it ended; figures by the hour are kept beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from cc_api_client.models.base import Page
from cc_api_client.models.events import EventType
from cc_api_client.models.installation.status import RunCounts
from cc_api_client.models.work.runs import Run, RunStatus, RunStep
from cc_server.db.portable.prepared import Prepared
from cc_server.db.portable.types import from_micros, to_micros
from cc_server.db.portable.upsert import upsert
from cc_server.db.tables import hourly, runs
from cc_server.domain.base import counters
from cc_server.domain.base.actors import Actor, narrowed
from cc_server.domain.base.cursors import Cursors
from cc_server.domain.base.refusals import not_found
from cc_server.domain.base.unit import Unit
from cc_server.events import log as events

COUNTS = "runs."
COST_MICROS = "cost.micros"
COST_COUNT = "cost.count"
AGENT_RUNS = "agent_runs."
_ROW = [column for column in runs.c if column.name != "steps"]
_NO_COST = Decimal(0)

_INSERT = insert(runs)
_STARTED = Prepared(select(runs.c.started_at).where(runs.c.id == bindparam("wanted")))
_BEGIN = Prepared(
    update(runs)
    .where(runs.c.id == bindparam("wanted"), runs.c.status == RunStatus.QUEUED.value)
    .values(
        status=RunStatus.RUNNING.value, agent_name=bindparam("agent"), started_at=bindparam("now"),
        version=runs.c.version + 1,
    )
    .returning(*runs.c)
)  # fmt: skip
_RESTART = Prepared(
    update(runs)
    .where(runs.c.id == bindparam("wanted"), runs.c.status == RunStatus.RUNNING.value)
    .values(started_at=bindparam("now"), version=runs.c.version + 1)
    .returning(*runs.c)
)
_FINISH = Prepared(
    update(runs)
    .where(runs.c.id == bindparam("wanted"), runs.c.status == RunStatus.RUNNING.value)
    .values(
        status=bindparam("to_status"), cost_estimate_usd=bindparam("cost"), llm_model=bindparam("model"),
        llm_tokens_in=bindparam("tokens_in"), llm_tokens_out=bindparam("tokens_out"),
        error_message=bindparam("error"), decision_path=bindparam("path"), steps=bindparam("did"),
        completed_at=bindparam("now"), duration_ms=bindparam("took"), version=runs.c.version + 1,
    )
    .returning(*runs.c)
)  # fmt: skip
_SKIP = Prepared(
    update(runs)
    .where(runs.c.id == bindparam("wanted"), runs.c.status == RunStatus.QUEUED.value)
    .values(
        status=RunStatus.SKIPPED.value, error_message=bindparam("why"), completed_at=bindparam("now"),
        version=runs.c.version + 1,
    )
    .returning(*runs.c)
)  # fmt: skip
_HOURLY = upsert(
    hourly, on=("hour", "agent_id", "client_id"),
    changes=lambda new: {name: hourly.c[name] + new[name] for name in ("runs", "success", "failed", "cost_usd")},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended, and what it took."""

    status: RunStatus
    cost_usd: Decimal
    model: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    error: str | None = None
    decision_path: str | None = None
    steps: Sequence[RunStep] = ()


def queue(
    conn: Connection,
    unit: Unit,
    client_id: str | None,
    *,
    agent_name: str | None,
    automation_name: str | None,
    lead_email: str | None,
) -> str:
    """Store a run that waits for its agent; returns its id."""
    run_id = unit.ids.new()
    empty = dict.fromkeys(
        ("cost_estimate_usd", "llm_model", "llm_tokens_in", "llm_tokens_out", "error_message", "decision_path",
         "started_at", "completed_at", "duration_ms", "killed_by")
    )  # fmt: skip
    conn.execute(
        _INSERT,
        empty
        | {
            "id": run_id, "client_id": client_id, "automation_name": automation_name, "agent_name": agent_name,
            "lead_email": lead_email, "status": RunStatus.QUEUED.value, "steps": [], "created_at": unit.now,
            "version": 1,
        },
    )  # fmt: skip
    counters.add(conn, client_id, {COUNTS + RunStatus.QUEUED: 1})
    return run_id


def begin(conn: Connection, unit: Unit, run_id: str, agent_name: str) -> Run | None:
    """A queued run starts; None when it is no longer queued."""
    place = {"wanted": run_id, "agent": agent_name, "now": unit.now}
    row = _BEGIN.first_mapping(conn, place)
    if row is None:
        return None
    _book(conn, agent_name, row["client_id"], unit.now, runs=1)
    counters.move(conn, row["client_id"], {COUNTS + RunStatus.QUEUED}, {COUNTS + RunStatus.RUNNING})
    counters.add(conn, row["client_id"], {AGENT_RUNS + agent_name: 1})
    return _tell(conn, unit, row, EventType.RUN_STARTED)


def begin_again(conn: Connection, unit: Unit, run_id: str, agent_name: str) -> Run | None:
    """A run starts: a queued one, or one whose worker was cut off, which then goes on as if it had just begun."""
    begun = begin(conn, unit, run_id, agent_name)
    return begun or _restart(conn, unit, run_id)


def _restart(conn: Connection, unit: Unit, run_id: str) -> Run | None:
    row = _RESTART.first_mapping(conn, {"wanted": run_id, "now": unit.now})
    return _tell(conn, unit, row, EventType.RUN_STARTED) if row is not None else None


def finish(conn: Connection, unit: Unit, run_id: str, result: Result) -> Run | None:
    """A running run ends; None when it does not run (any more)."""
    before = _STARTED.scalar(conn, {"wanted": run_id})
    duration = int((unit.now - before).total_seconds() * 1000) if before else None
    written = {
        "wanted": run_id, "to_status": result.status.value, "cost": result.cost_usd, "model": result.model,
        "tokens_in": result.tokens_in, "tokens_out": result.tokens_out, "error": result.error,
        "path": result.decision_path, "did": [step.model_dump() for step in result.steps], "now": unit.now,
        "took": duration,
    }  # fmt: skip
    row = _FINISH.first_mapping(conn, written)
    if row is None:
        return None
    succeeded, failed = result.status is RunStatus.SUCCESS, result.status is RunStatus.FAILED
    _book(
        conn, row["agent_name"], row["client_id"], unit.now, success=int(succeeded), failed=int(failed),
        cost_usd=result.cost_usd,
    )  # fmt: skip
    counters.move(conn, row["client_id"], {COUNTS + RunStatus.RUNNING}, {COUNTS + result.status})
    counters.add(conn, row["client_id"], {COST_MICROS: to_micros(result.cost_usd), COST_COUNT: 1})
    return _tell(conn, unit, row, EventType.RUN_FINISHED)


def skip(conn: Connection, unit: Unit, run_id: str, why: str) -> Run | None:
    """A run that waits is not needed any more; None when it does not wait."""
    row = _SKIP.first_mapping(conn, {"wanted": run_id, "why": why, "now": unit.now})
    if row is None:
        return None
    counters.move(conn, row["client_id"], {COUNTS + RunStatus.QUEUED}, {COUNTS + RunStatus.SKIPPED})
    return _tell(conn, unit, row, EventType.RUN_FINISHED)


def find(conn: Connection, actor: Actor, run_id: str) -> Run:
    """One run with its steps.

    Raises:
        DomainRefusal: there is none that the actor sees (`not_found`).
    """
    row = conn.execute(select(runs).where(runs.c.id == run_id)).mappings().first()
    if row is None or not actor.sees(row["client_id"]):
        raise not_found("run")
    return Run.model_validate(row)


def recent(conn: Connection, actor: Actor, most: int) -> list[Run]:
    """The newest runs that began, without their steps."""
    query = _newest(actor).limit(most)
    return [Run.model_validate(row) for row in conn.execute(query).mappings()]


def of_agent(
    conn: Connection, actor: Actor, agent_id: str, statuses: frozenset[str], limit: int, cursor: str | None
) -> Page[Run]:
    """An agent's runs, newest first, page by page.

    Raises:
        DomainRefusal: the cursor is of another list (`invalid_cursor`).
    """
    cursors = Cursors("agent_runs", agent_id, sorted(statuses), sorted(actor.visible or ()), actor.visible is None)
    query = _newest(actor).where(runs.c.agent_name == agent_id)
    if statuses:
        query = query.where(runs.c.status.in_(sorted(statuses)))
    query = cursors.seek(query, runs.c.created_at, runs.c.id, cursor, descending=True)
    rows = conn.execute(query.limit(limit + 1)).mappings().all()
    following = cursors.after(rows[limit - 1]["created_at"], rows[limit - 1]["id"]) if len(rows) > limit else None
    return Page[Run](items=[Run.model_validate(row) for row in rows[:limit]], next_cursor=following)


def counts(conn: Connection, actor: Actor) -> RunCounts:
    """Ended runs by outcome."""
    return RunCounts.model_validate(counters.read(conn, COUNTS, actor.visible))


def spent(conn: Connection, actor: Actor) -> tuple[Decimal, int]:
    """What all runs cost, and how many bookings that are."""
    told = counters.read(conn, "cost.", actor.visible)
    return from_micros(told.get("micros", 0)), told.get("count", 0)


def _newest(actor: Actor) -> Select[Any]:
    query = select(*_ROW).order_by(runs.c.created_at.desc(), runs.c.id.desc())
    return narrowed(query, runs.c.client_id, actor.visible)


def _book(
    conn: Connection,
    agent_name: str | None,
    client_id: str | None,
    now: datetime,
    *,
    runs: int = 0,
    success: int = 0,
    failed: int = 0,
    cost_usd: Decimal = _NO_COST,
) -> None:
    """Add to the figures of this hour."""
    _HOURLY.run(
        conn,
        {
            "hour": now.replace(minute=0, second=0, microsecond=0), "agent_id": agent_name or "",
            "client_id": client_id or "", "runs": runs, "success": success, "failed": failed, "cost_usd": cost_usd,
        },
    )  # fmt: skip


def _tell(conn: Connection, unit: Unit, row: Any, type: EventType) -> Run:  # noqa: A002  (the contract's word)
    run = Run.model_validate(row)
    events.append(
        conn, at=unit.now, topic="runs", type=type, object_id=run.id, version=run.version, client_id=run.client_id,
        data=run.model_dump_json(), request_id=unit.request_id, idempotency_key=unit.idempotency_key,
    )  # fmt: skip
    return run
