"""Agents: list, read, pause, resume, runs, logs (contract, section 4)."""

from __future__ import annotations

from cc_api_client.models.base import Page
from cc_api_client.models.work.agents import Agent, AgentDetail, LogLine, PauseBody
from cc_api_client.models.work.runs import Run
from cc_api_client.resources.answers import Acted, Snapshot, act, body_of, fetch, path_of
from cc_api_client.transport import Request, Transport


class Agents:
    """`/api/agents`. Every method raises `CommandCenterError`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(self) -> Snapshot[Page[Agent]]:
        """All agents."""
        return await fetch(self._transport, "/api/agents", Page[Agent])

    async def get(self, agent_id: str) -> Snapshot[AgentDetail]:
        """One agent with configuration and history."""
        return await fetch(self._transport, path_of("api", "agents", agent_id), AgentDetail)

    async def runs(
        self, agent_id: str, *, status: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Snapshot[Page[Run]]:
        """Its runs, newest first."""
        params = {"status": status, "limit": limit, "cursor": cursor}
        return await fetch(self._transport, path_of("api", "agents", agent_id, "runs"), Page[Run], params)

    async def logs(
        self, agent_id: str, *, run_id: str | None = None, after: int | None = None, limit: int = 200
    ) -> Snapshot[Page[LogLine]]:
        """Its log: the newest lines, or those after a line's `seq`."""
        params = {"run_id": run_id, "after": after, "limit": limit}
        return await fetch(self._transport, path_of("api", "agents", agent_id, "logs"), Page[LogLine], params)

    async def pause(self, agent_id: str, reason: str | None = None, *, idempotency_key: str) -> Acted[Agent]:
        """Let it finish its run, then claim no more; again with a reason: sets the reason."""
        body = body_of(PauseBody(reason=reason)) if reason is not None else b"{}"
        path = path_of("api", "agents", agent_id, "pause")
        return await act(self._transport, Request("POST", path, body=body, idempotency_key=idempotency_key), Agent)

    async def resume(self, agent_id: str, *, idempotency_key: str) -> Acted[Agent]:
        """Let it claim runs again."""
        path = path_of("api", "agents", agent_id, "resume")
        return await act(self._transport, Request("POST", path, idempotency_key=idempotency_key), Agent)
