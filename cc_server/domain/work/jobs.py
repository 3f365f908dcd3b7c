"""Jobs: what agents have still to do. Claimed by priority, then age, under a lease that `attempts` fences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from cc_api_client.models.events import EventType
from cc_api_client.models.installation.status import QueueCounts, Worker
from cc_api_client.models.work.jobs import JobStatus
from cc_server.db.portable.changing import Changing
from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import jobs_queue
from cc_server.db.transaction import closing
from cc_server.domain.base import counters
from cc_server.domain.base.unit import Unit
from cc_server.events import log as events

COUNTS = "jobs."
MAX_ATTEMPTS = 3
LEASE_SECONDS = 300
WORKERS_TOLD = 100

_NEXT = Prepared(
    select(jobs_queue)
    .where(jobs_queue.c.status == JobStatus.QUEUED.value, jobs_queue.c.next_run_at <= bindparam("now"))
    .order_by(jobs_queue.c.priority.desc(), jobs_queue.c.next_run_at, jobs_queue.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)

_INSERT = insert(jobs_queue)
_TAKE = Prepared(
    update(jobs_queue)
    .where(jobs_queue.c.id == bindparam("wanted"), jobs_queue.c.status == JobStatus.QUEUED.value)
    .values(
        status=JobStatus.PROCESSING.value, attempts=jobs_queue.c.attempts + 1, locked_by=bindparam("worker"),
        locked_until=bindparam("until"), updated_at=bindparam("now"),
    )
    .returning(jobs_queue.c.attempts)
)  # fmt: skip
_SETTLING = Changing(
    jobs_queue,
    jobs_queue.c.id == bindparam("wanted"),
    jobs_queue.c.status == JobStatus.PROCESSING.value,
    jobs_queue.c.attempts == bindparam("from_attempt"),
    always={},
)
_LOST = Prepared(
    select(jobs_queue).where(
        jobs_queue.c.status == JobStatus.PROCESSING.value, jobs_queue.c.locked_until <= bindparam("now")
    )
)

_CLAIMED = (
    select(jobs_queue.c.id, jobs_queue.c.locked_by, jobs_queue.c.updated_at)
    .where(jobs_queue.c.status == JobStatus.PROCESSING.value, jobs_queue.c.locked_by.is_not(None))
    .order_by(jobs_queue.c.locked_by, jobs_queue.c.id)
    .limit(WORKERS_TOLD)
)


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that one worker has."""

    id: str
    job_type: str
    client_id: str | None
    run_id: str | None
    attempt: int
    payload: Mapping[str, Any]


def enqueue(
    conn: Connection,
    unit: Unit,
    client_id: str | None,
    *,
    job_type: str,
    agent_name: str | None,
    run_id: str | None,
    payload: Mapping[str, Any],
    priority: int = 0,
) -> str:
    """Queue a job; returns its id."""
    job_id = unit.ids.new()
    conn.execute(
        _INSERT,
        {
            "id": job_id, "client_id": client_id, "run_id": run_id, "job_type": job_type, "agent_name": agent_name,
            "status": JobStatus.QUEUED.value, "priority": priority, "attempts": 0, "max_attempts": MAX_ATTEMPTS,
            "next_run_at": unit.now, "locked_by": None, "locked_until": None, "error_message": None,
            "correlation_id": unit.request_id, "payload": dict(payload), "created_at": unit.now, "updated_at": unit.now,
        },
    )  # fmt: skip
    count(conn, unit, client_id, None, JobStatus.QUEUED)
    return job_id


def claim(conn: Connection, unit: Unit, worker: str) -> ClaimedJob | None:
    """Take the next job that is due; None when there is none."""
    found = _NEXT.first_mapping(conn, {"now": unit.now})
    if found is None:
        return None
    lease = {
        "wanted": found["id"], "worker": worker, "until": unit.now + timedelta(seconds=LEASE_SECONDS), "now": unit.now,
    }  # fmt: skip
    taken = _TAKE.first(conn, lease)
    if taken is None:
        return None
    count(conn, unit, found["client_id"], JobStatus.QUEUED, JobStatus.PROCESSING)
    return ClaimedJob(
        found["id"], found["job_type"], found["client_id"], found["run_id"], taken.attempts, found["payload"]
    )


def finish(conn: Connection, unit: Unit, job: ClaimedJob, error: str | None = None) -> bool:
    """Settle a job; False when its lease was lost to another attempt. Failed three times: `dead`."""
    status = JobStatus.DONE if error is None else JobStatus.DEAD if job.attempt >= MAX_ATTEMPTS else JobStatus.QUEUED
    changes = {
        "status": status.value, "error_message": error, "locked_by": None, "locked_until": None,
        "updated_at": unit.now, "next_run_at": unit.now + timedelta(seconds=30 * job.attempt),
    }  # fmt: skip
    if not _SETTLING.succeeds(conn, changes, {"wanted": job.id, "from_attempt": job.attempt}):
        return False
    count(conn, unit, job.client_id, JobStatus.PROCESSING, status)
    return True


def reap(conn: Connection, unit: Unit) -> int:
    """Give back jobs whose worker was cut off, or end those that were tried often enough; returns how many."""
    lost = _LOST.mappings(conn, {"now": unit.now})
    for row in lost:
        job = ClaimedJob(row["id"], row["job_type"], row["client_id"], row["run_id"], row["attempts"], row["payload"])
        finish(conn, unit, job, "its worker was cut off")
    return len(lost)


def workers(conn: Connection) -> list[Worker]:
    """Who has claimed a job and not given it back, by name."""
    return [Worker(id=one.locked_by, last_heartbeat_at=one.updated_at, current_job_id=one.id)
            for one in conn.execute(_CLAIMED)]  # fmt: skip


def counts(conn: Connection) -> QueueCounts:
    """Jobs by state, over all clients: the queue belongs to the installation."""
    return QueueCounts.model_validate(counters.read(conn, COUNTS, None))


def count(conn: Connection, unit: Unit, client_id: str | None, before: JobStatus | None, after: JobStatus) -> None:
    """A job went from one state (None: it is new) to another."""
    counters.move(conn, client_id, {COUNTS + before} if before else (), {COUNTS + after})
    closing.share(conn, _TELL).append(unit.now)


def _tell(conn: Connection, moments: list[datetime]) -> None:
    """Tell the counts once a transaction, when they are written: they stand still until it is committed."""
    events.volatile(
        conn, at=moments[-1], topic="jobs", type=EventType.JOB_COUNTS, object_id="queue",
        data=counts(conn).model_dump(mode="json"),
    )  # fmt: skip


_TELL: closing.Last[list[datetime]] = closing.Last(order=20, make=list, join=list.extend, write=_tell)
