"""`/api/jobs`: what agents have still to do (contract, section 2)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Query, Request, Response

from cc_api_client.models.base import ActionAnswer, Page
from cc_api_client.models.installation.roles import Role
from cc_api_client.models.work.jobs import Job, JobStatus
from cc_server.api.calling import calls
from cc_server.api.calling.params import Cursor, Limit, words_of
from cc_server.api.http.routing import asks, new_router
from cc_server.domain.work import job_control

router = new_router()


@router.get("/api/jobs", response_model=Page[Job], **asks(Role.VIEWER))
async def list_jobs(
    request: Request,
    status: Annotated[str | None, Query(description="States by comma; nothing: all.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Jobs, the newest first."""
    statuses = words_of("status", status, JobStatus)
    return await calls.read_fresh(
        request, lambda conn, unit: job_control.page(conn, unit.actor, statuses, limit, cursor)
    )


@router.post(
    "/api/jobs/{job_id}/retry", response_model=ActionAnswer[Job], **asks(Role.OPERATOR, writes=True, versioned=False)
)
async def retry_job(request: Request, job_id: str) -> Response:
    """Have a job that ended badly tried again."""
    return await calls.write(request, partial(job_control.retry, job_id=job_id))


@router.post(
    "/api/jobs/{job_id}/cancel", response_model=ActionAnswer[Job], **asks(Role.OPERATOR, writes=True, versioned=False)
)
async def cancel_job(request: Request, job_id: str) -> Response:
    """Take a job that waits off the queue."""
    return await calls.write(request, partial(job_control.cancel, job_id=job_id))
