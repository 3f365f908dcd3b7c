"""`GET /metrics`: the server in Prometheus' text format, for whoever opts in (`metrics = true`). No client is named.

What was answered is counted as it happens; what the installation is like is read when it is asked for. Processes behind
one port share what they count, so that all of it is true whichever of them answers.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from cc_server.api.calling import calls
from cc_server.api.http.routing import ANYBODY, asks, new_router
from cc_server.domain.figures import monitoring

if TYPE_CHECKING:
    from cc_server.api.calling.services import Services
    from cc_server.api.http.admission import Admission

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 30.0)
_UNKNOWN_ROUTE = "none"
SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder in which processes share what they count; there is one where several serve."""
OWN_SECONDS = 2.0
"""How often a process says how it is, where others answer for it."""


Share = Literal["mostrecent", "sum", "livesum", "livemin"]


class Measures:
    """The registry of one application, and what is in it."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # not annotated there
        self.registry = CollectorRegistry(auto_describe=True)
        self.is_shared = SHARED in os.environ
        self._requests = Counter(
            "cc_requests", "Requests that were answered.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "cc_request_seconds", "How long an answer took.", ["route"], buckets=SECONDS, registry=self.registry
        )
        self._wrong_keys = self._gauge("cc_wrong_keys", "Requests with a wrong key since the server started.", of="sum")
        self._consumers = self._gauge("cc_stream_consumers", "Who follows the events here.", of="livesum")
        self._component = self._gauge("cc_component_up", "Whether a part is well.", "component", of="livemin")
        self._read = self._gauge("cc_database_read_seconds", "How long reading these figures took.")
        self._approvals = self._gauge("cc_approvals", "Approvals by status, all-time.", "status")
        self._deliveries = self._gauge("cc_deliveries", "Newest deliveries of approved drafts by state.", "state")
        self._jobs = self._gauge("cc_jobs", "Jobs by status.", "status")
        self._lag = self._gauge("cc_sender_lag_seconds", "For how long the oldest delivery that is due has waited.")
        self._audit = self._gauge("cc_audit_head", "The last row of the audit trail.")
        self._events = self._gauge("cc_events_head", "The last event.")
        self._uptime = self._gauge("cc_uptime_ratio_24h", "The share of the last 24 hours without an outage.")

    def _gauge(self, name: str, description: str, *labels: str, of: Share = "mostrecent") -> Gauge:
        """A figure that may fall; `of` says what becomes of those of several processes."""
        return Gauge(name, description, labels, registry=self.registry, multiprocess_mode=of)

    def answered(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """A request was answered."""
        route = route or _UNKNOWN_ROUTE
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    async def told(self, services: Services, admission: Admission) -> bytes:
        """Everything, as it is now."""
        started = time.perf_counter()
        found = await services.db.read(monitoring.of_installation, services.db.clock.now())
        self._read.set(time.perf_counter() - started)
        self._own(services, admission)
        for gauge, counts in (
            (self._approvals, found.approvals), (self._deliveries, found.deliveries), (self._jobs, found.jobs),
        ):  # fmt: skip
            for name, count in counts.items():
                gauge.labels(name).set(count)
        self._lag.set(found.sender_lag_seconds)
        self._audit.set(found.audit_head)
        self._events.set(found.events_head)
        self._uptime.set(found.uptime_ratio_24h)
        return generate_latest(self._whole())

    async def keep(self, services: Services, admission: Admission) -> None:
        """Say again and again how this process is, for the others that answer for it; until cancelled."""
        while True:
            self._own(services, admission)
            await asyncio.sleep(OWN_SECONDS)

    def _own(self, services: Services, admission: Admission) -> None:
        self._wrong_keys.set(admission.wrong_keys)
        self._consumers.set(services.hub.followers)
        for component in services.components():
            self._component.labels(component.name).set(component.status == "ok")

    def _whole(self) -> CollectorRegistry:
        """What all processes counted; of one alone, what it has itself."""
        if not self.is_shared:
            return self.registry
        whole = CollectorRegistry()
        _Shared(whole)  # type: ignore[no-untyped-call]  # not annotated there
        return whole


class _Shared(MultiProcessCollector):
    """What all processes counted, but for files that hold nothing: one has just begun them, or was killed as it did."""

    def collect(self) -> Any:
        """The figures of every process, put together."""
        files = [file for file in Path(os.environ[SHARED]).glob("*.db") if _is_begun(file)]
        return self.merge([str(file) for file in files], accumulate=True)  # type: ignore[no-untyped-call]


def _is_begun(file: Path) -> bool:
    try:
        return file.stat().st_size > 0
    except FileNotFoundError:  # of a process that has just ended
        return False


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def router_of(measures: Measures, admission: Admission) -> APIRouter:
    """The route, for an application that measures."""
    router = new_router()

    @router.get("/metrics", include_in_schema=False, **asks(ANYBODY))
    async def metrics(request: Request) -> Response:
        """The server's figures."""
        content = await measures.told(calls.services_of(request), admission)
        return Response(content, media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return router
