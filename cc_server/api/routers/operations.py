"""Health, figures, clients, intake: what concerns the installation as a whole (contract, sections 2, 3, 6)."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from fastapi import Request, Response

from cc_api_client.models.base import Page
from cc_api_client.models.clients import BusinessClient
from cc_api_client.models.dashboard import DashboardStats
from cc_api_client.models.installation.me import KillSwitchRecord, Me
from cc_api_client.models.installation.roles import Role
from cc_api_client.models.installation.status import Health, Metrics, Readiness, ServerStatus
from cc_api_client.models.work.intake import IntakeAnswer, LeadIntake
from cc_server.api.calling import calls
from cc_server.api.calling.params import Cursor, Limit
from cc_server.api.http.gate import call_of
from cc_server.api.http.problems import KINDS, RequestProblem
from cc_server.api.http.routing import ANY_KEY, ANYBODY, asks, new_router, require_key
from cc_server.domain import installation, leads
from cc_server.domain.access import clients, keys
from cc_server.domain.base.actors import Key, actor_for
from cc_server.domain.base.refusals import DatabaseUnavailable
from cc_server.domain.controls import kill_switch
from cc_server.domain.figures import dashboard
from cc_server.domain.work import jobs
from cc_server.web.pages import CONTENT_SECURITY_POLICY, page, problem_page
from cc_server.web.pages import Page as WebPage

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from cc_server.db.database import Database
    from cc_server.domain.base.unit import Unit

READY_SECONDS = 2.0
"""How long whoever asks whether the server can work waits for the word: a load balancer asks often."""
QUALIFIER = "lead-qualifier"
"""The agent that a new lead is queued for."""

router = new_router()


@router.get("/health", response_model=Health, **asks(ANYBODY))
async def health() -> Health:
    """Whether the process lives."""
    return Health(status="ok")


@router.get("/ready", response_model=Readiness, **asks(ANYBODY))
async def ready(request: Request) -> Response:
    """Whether it can work: 200, or 503 with what fails."""
    failing = await _what_fails(calls.services_of(request).db)
    if failing is None:
        return Response(Readiness(status="ok").model_dump_json(), 200, {}, calls.JSON)
    found = Readiness(status="unavailable", failing=["database"], reason=failing)
    return Response(found.model_dump_json(), 503, {"Retry-After": "1"}, calls.JSON)


async def _what_fails(db: Database) -> str | None:
    """Why nobody's decision could be kept now, in words that anybody may read; None while all is well."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            is_at_head = await db.read(installation.is_ready)
    except TimeoutError:
        return "it does not answer"
    except DatabaseUnavailable:
        return "it can't be read"
    if not is_at_head:
        return "its tables have the form of another version"
    return "it can't be written to" if db.trouble else None


@router.get("/status", response_model=ServerStatus, **asks(ANYBODY))
async def status(request: Request) -> ServerStatus:
    """Jobs by state; with a key also how each part is."""
    services = calls.services_of(request)
    queue = await services.db.read(jobs.counts)
    key = call_of(request.scope).key
    if key is None:
        return ServerStatus(queue=queue)
    await services.db.read(keys.require_valid, key.id)
    workers = await services.db.read(jobs.workers)
    uptime = await services.db.read(installation.uptime_ratio_24h, services.db.clock.now())
    return ServerStatus(queue=queue, workers=workers, components=services.components(), uptime_ratio_24h=uptime)


@router.get("/api/me", response_model=Me, **asks(ANY_KEY))
async def me(request: Request) -> Me:
    """Who the key is."""
    services, key = calls.services_of(request), require_key(call_of(request.scope))
    found, stops = await services.db.read(_identity, key)
    return Me(
        name=key.name, role=key.role, client_ids=sorted(key.client_ids) if key.client_ids is not None else None,
        server_id=found.server_id, epoch=found.epoch, server_time=services.db.clock.now(), kill_switch=stops,
    )  # fmt: skip


@router.get("/admin/metrics", response_model=Metrics, **asks(Role.VIEWER))
async def metrics(request: Request) -> Response:
    """Counts of queue, outbox and runs, and the newest runs."""
    topics = ("approvals", "runs", "jobs", "leads")
    return await calls.read(request, topics, lambda conn, unit: dashboard.metrics(conn, unit.actor))


@router.get("/api/dashboard/stats", response_model=DashboardStats, **asks(Role.VIEWER))
async def stats(request: Request) -> Response:
    """All that the first screen needs."""
    components = calls.services_of(request).components()
    topics = ("approvals", "runs", "jobs", "leads", "agents", "costs", "system")
    return await calls.read(request, topics, partial(dashboard.stats, components=components))


@router.get("/api/clients", response_model=Page[BusinessClient], **asks(Role.VIEWER))
async def list_clients(request: Request, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """Clients of the business by name."""

    def look(conn: Connection, unit: Unit) -> Page[BusinessClient]:
        return clients.page(conn, unit.actor, unit.now.date(), limit, cursor)

    return await calls.read(request, ("approvals", "system"), look)


@router.post(
    "/webhook/lead", status_code=202, response_model=IntakeAnswer, **asks(Role.INTAKE, writes=True, versioned=False)
)
async def take_in_lead(request: Request, body: LeadIntake) -> Response:
    """Hand in a lead."""
    return await calls.write(request, partial(leads.take_in, intake=body, qualifier=QUALIFIER), status=202)


@router.get("/problems/{code}", include_in_schema=False, **asks(ANYBODY))
async def explain_problem(code: str) -> Response:
    """The page that a problem's `type` leads to."""
    kind = KINDS.get(code)
    if kind is None:
        raise RequestProblem("not_found", "there is no such problem")
    return _web(problem_page(code, kind.status, kind.title, kind.meaning))


@router.get("/dashboard", include_in_schema=False, **asks(ANYBODY))
async def web_dashboard() -> Response:
    """An empty shell that asks its user for a key."""
    return _web(page("dashboard.html"))


@router.get("/dashboard.{kind}", include_in_schema=False, **asks(ANYBODY))
async def web_dashboard_file(kind: str) -> Response:
    """What the shell loads."""
    if kind not in ("css", "js"):
        raise RequestProblem("not_found", "there is no such file")
    return _web(page(f"dashboard.{kind}"))


def _identity(conn: Connection, key: Key) -> tuple[installation.Installation, list[KillSwitchRecord]]:
    keys.require_valid(conn, key.id)
    return installation.identity(conn), kill_switch.engaged(conn, actor_for(key, "all", None))


def _web(found: WebPage) -> Response:
    return Response(
        found.content, media_type=found.media_type, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    )
