"""`/api/agents` and `/api/runs`: who works, what on, at what price; pause and resume (contract, section 4)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import Query, Request, Response

from cc_api_client.models.base import ActionAnswer, Page
from cc_api_client.models.installation.roles import Role
from cc_api_client.models.work.agents import Agent, AgentDetail, LogLine, PauseBody
from cc_api_client.models.work.runs import Run, RunStatus
from cc_server.api.calling import calls
from cc_server.api.calling.params import Cursor, Limit, words_of
from cc_server.api.http.routing import asks, new_router
from cc_server.domain.work import agent_figures, agents, runs

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from cc_server.domain.base.unit import Unit

TOPICS = ("agents", "runs")
LOG_ROLE = Role.VIEWER

router = new_router()


@router.get("/api/agents", response_model=Page[Agent], **asks(Role.VIEWER))
async def list_agents(request: Request) -> Response:
    """All agents, with the figures of the caller's clients."""
    return await calls.read(request, TOPICS, agents.everyone)


@router.get("/api/agents/{agent_id}", response_model=AgentDetail, **asks(Role.VIEWER))
async def get_agent(request: Request, agent_id: str) -> Response:
    """One agent with configuration, performance and cost history."""
    return await calls.read(request, TOPICS, partial(_detail, agent_id=agent_id))


@router.get("/api/agents/{agent_id}/runs", response_model=Page[Run], **asks(Role.VIEWER))
async def list_runs(
    request: Request,
    agent_id: str,
    status: Annotated[str | None, Query(description="States by comma.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """An agent's runs, newest first."""
    statuses = words_of("status", status, RunStatus)

    def look(conn: Connection, unit: Unit) -> Page[Run]:
        agents.require(conn, agent_id)
        return runs.of_agent(conn, unit.actor, agent_id, statuses, limit, cursor)

    return await calls.read(request, ("runs",), look, minutely=False)


@router.get("/api/agents/{agent_id}/logs", response_model=Page[LogLine], **asks(LOG_ROLE))
async def list_logs(
    request: Request,
    agent_id: str,
    run_id: Annotated[str | None, Query(description="Of one run only.")] = None,
    after: Annotated[int | None, Query(ge=0, le=2**53, description="The `seq` of the last line that is known.")] = None,
    limit: Limit = 200,
) -> Response:
    """Lines of an agent's log, oldest first: the newest ones, or those that follow."""

    def look(conn: Connection, unit: Unit) -> Page[LogLine]:
        return agents.logs(conn, unit.actor, agent_id, run_id=run_id, after=after, limit=limit)

    return await calls.read_fresh(request, look)


@router.post("/api/agents/{agent_id}/pause", response_model=ActionAnswer[Agent], **asks(Role.OPERATOR, writes=True))
async def pause_agent(request: Request, agent_id: str, body: PauseBody | None = None) -> Response:
    """Let it finish its run and claim no more."""
    reason = body.reason if body else None
    version = calls.version_asked(request)
    return await calls.write(request, partial(agents.pause, agent_id=agent_id, reason=reason, version=version))


@router.post("/api/agents/{agent_id}/resume", response_model=ActionAnswer[Agent], **asks(Role.OPERATOR, writes=True))
async def resume_agent(request: Request, agent_id: str) -> Response:
    """Let it claim runs again."""
    version = calls.version_asked(request)
    return await calls.write(request, partial(agents.resume, agent_id=agent_id, version=version))


@router.get("/api/runs/{run_id}", response_model=Run, **asks(Role.VIEWER))
async def get_run(request: Request, run_id: str) -> Response:
    """One run with its steps."""
    return await calls.read(request, ("runs",), lambda conn, unit: runs.find(conn, unit.actor, run_id), minutely=False)


def _detail(conn: Connection, unit: Unit, agent_id: str) -> AgentDetail:
    agent = agents.get(conn, unit, agent_id)
    return AgentDetail(
        **dict(agent),
        config=agents.configuration(conn, agent_id),
        performance=agent_figures.performance(conn, unit, agent_id),
        cost_history=agent_figures.cost_history(conn, unit, agent_id),
    )
