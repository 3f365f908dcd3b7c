"""What people do with jobs: look at them, have a dead one tried again, take a waiting one off the queue."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from cc_api_client.models.base import ActionAnswer, Page
from cc_api_client.models.work.jobs import Job, JobStatus
from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import jobs_queue
from cc_server.domain.base import audit
from cc_server.domain.base.actors import Actor, narrowed
from cc_server.domain.base.cursors import Cursors
from cc_server.domain.base.refusals import DomainRefusal, not_found
from cc_server.domain.base.unit import Unit
from cc_server.domain.work import jobs, runs

ENDED_BADLY = (JobStatus.FAILED, JobStatus.DEAD)

_ONE = Prepared(select(jobs_queue).where(jobs_queue.c.id == bindparam("wanted")))
_SET = Prepared(
    update(jobs_queue)
    .where(jobs_queue.c.id == bindparam("wanted"), jobs_queue.c.status == bindparam("from_status"))
    .values(
        status=bindparam("to_status"), attempts=bindparam("tried"), next_run_at=bindparam("now"),
        updated_at=bindparam("now"),
    )
    .returning(jobs_queue.c.id)
)  # fmt: skip


def page(conn: Connection, actor: Actor, statuses: frozenset[str], limit: int, cursor: str | None) -> Page[Job]:
    """Jobs, the newest first; no statuses: all of them.

    Raises:
        DomainRefusal: the cursor is of another list (`invalid_cursor`).
    """
    cursors = Cursors("jobs", sorted(actor.visible or ()), actor.visible is None, sorted(statuses))
    query = narrowed(select(jobs_queue), jobs_queue.c.client_id, actor.visible)
    if statuses:
        query = query.where(jobs_queue.c.status.in_(sorted(statuses)))
    place = jobs_queue.c.created_at, jobs_queue.c.id
    query = cursors.seek(query, *place, cursor, descending=True)
    rows = conn.execute(query.order_by(*(column.desc() for column in place)).limit(limit + 1)).mappings().all()
    following = cursors.after(rows[limit - 1]["created_at"], rows[limit - 1]["id"]) if len(rows) > limit else None
    return Page[Job](items=[Job.model_validate(row) for row in rows[:limit]], next_cursor=following)


def find(conn: Connection, actor: Actor, job_id: str) -> Job:
    """One job.

    Raises:
        DomainRefusal: there is none that the actor sees (`not_found`).
    """
    row = _ONE.first_mapping(conn, {"wanted": job_id})
    if row is None or not actor.sees(row["client_id"]):
        raise not_found("job")
    return Job.model_validate(row)


def retry(conn: Connection, unit: Unit, job_id: str) -> ActionAnswer[Job]:
    """Have a job that ended badly tried again, with all its attempts.

    Raises:
        DomainRefusal: it did not end badly (`invalid_state`).
    """
    return _move(conn, unit, job_id, ENDED_BADLY, JobStatus.QUEUED, "job.retry")


def cancel(conn: Connection, unit: Unit, job_id: str) -> ActionAnswer[Job]:
    """Take a job that waits off the queue; the run that waited for it ends with it.

    Raises:
        DomainRefusal: it does not wait (`invalid_state`).
    """
    answer = _move(conn, unit, job_id, (JobStatus.QUEUED,), JobStatus.CANCELLED, "job.cancel")
    run_id = _ONE.one_mapping(conn, {"wanted": job_id})["run_id"]
    if run_id is not None:
        runs.skip(conn, unit, run_id, "its job was taken off the queue")
    return answer


def _move(
    conn: Connection, unit: Unit, job_id: str, allowed: tuple[JobStatus, ...], status: JobStatus, action: str
) -> ActionAnswer[Job]:
    before = find(conn, unit.actor, job_id)
    place: dict[str, Any] = {
        "wanted": job_id, "from_status": str(before.status), "to_status": status.value, "now": unit.now,
        "tried": 0 if status is JobStatus.QUEUED else before.attempts,
    }  # fmt: skip
    if before.status not in allowed or _SET.first(conn, place) is None:
        now = find(conn, unit.actor, job_id)
        words = " or ".join(one.value for one in allowed)
        raise DomainRefusal("invalid_state", f"it is {now.status}; only what is {words} takes this", now)
    client_id = _ONE.one_mapping(conn, {"wanted": job_id})["client_id"]
    jobs.count(conn, unit, client_id, JobStatus(before.status), status)
    audit.record(
        conn, unit, action, "job", job_id, client_id,
        before={"status": str(before.status), "attempts": before.attempts}, after={"status": status.value},
    )  # fmt: skip
    return ActionAnswer[Job](status=status.value, changed=True, item=find(conn, unit.actor, job_id))
