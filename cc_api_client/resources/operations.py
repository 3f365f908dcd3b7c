"""Operations: who am I, health, figures, runs, intake (contract, sections 2 and 3)."""

from __future__ import annotations

from cc_api_client.models.dashboard import DashboardStats
from cc_api_client.models.installation.me import Me
from cc_api_client.models.installation.status import Health, Metrics, Readiness, ServerStatus
from cc_api_client.models.work.intake import IntakeAnswer, LeadIntake
from cc_api_client.models.work.runs import Run
from cc_api_client.resources.answers import Snapshot, body_of, fetch, parse, path_of
from cc_api_client.transport import Request, Transport


class Operations:
    """What concerns the installation as a whole. Every method raises `CommandCenterError`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def health(self) -> Health:
        """Whether the process lives."""
        return (await fetch(self._transport, "/health", Health)).value

    async def ready(self) -> Readiness:
        """Whether it can work."""
        return (await fetch(self._transport, "/ready", Readiness)).value

    async def status(self) -> ServerStatus:
        """Queue, workers, components."""
        return (await fetch(self._transport, "/status", ServerStatus)).value

    async def me(self) -> Me:
        """Who the key is."""
        return (await fetch(self._transport, "/api/me", Me)).value

    async def metrics(self) -> Snapshot[Metrics]:
        """Counts of queue, outbox and runs."""
        return await fetch(self._transport, "/admin/metrics", Metrics)

    async def dashboard(self) -> Snapshot[DashboardStats]:
        """All that the first screen needs."""
        return await fetch(self._transport, "/api/dashboard/stats", DashboardStats)

    async def run(self, run_id: str) -> Snapshot[Run]:
        """One run with its steps."""
        return await fetch(self._transport, path_of("api", "runs", run_id), Run)

    async def submit_lead(self, lead: LeadIntake, *, idempotency_key: str) -> IntakeAnswer:
        """Hand in a lead."""
        request = Request("POST", "/webhook/lead", body=body_of(lead), idempotency_key=idempotency_key)
        answer = await self._transport.send(request)
        return parse(answer.body, IntakeAnswer, request.path)
