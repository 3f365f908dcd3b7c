"""How the installation is: health, components, and its counts (contract, section 2)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from cc_api_client.models.base import Open, Ratio, UtcTime, Wire
from cc_api_client.models.work.runs import Run


class QueueCounts(Wire):
    """Jobs by state, over all clients."""

    queued: int = Field(default=0, description="Waiting for a worker.")
    processing: int = Field(default=0, description="Claimed by a worker.")
    done: int = Field(default=0, description="Finished.")
    failed: int = Field(default=0, description="Failed, to be tried again.")
    dead: int = Field(default=0, description="Failed for good: attempts used up.")


class OutboxCounts(Wire):
    """Approvals and deliveries by their older, single status (contract, section 5, legacy status)."""

    queued: int = Field(default=0, description="Approvals that wait for a person.")
    approved: int = Field(default=0, description="Approved and not sent yet.")
    sent: int = Field(default=0, description="Sent.")
    rejected: int = Field(default=0, description="Rejected by a person.")
    expired: int | None = Field(default=None, description="Never decided in time; null where a server does not tell.")
    cancelled: int | None = Field(default=None, description="Withdrawn, or the recipient was suppressed.")
    failed: int | None = Field(default=None, description="Approved, and sending failed for good.")
    unknown: int | None = Field(default=None, description="Approved, and whether it was sent is not known.")


class RunCounts(Wire):
    """Finished runs by outcome."""

    success: int = Field(default=0, description="Ended well.")
    failed: int = Field(default=0, description="Ended in an error.")
    killed: int = Field(default=0, description="Stopped by a person or a limit.")
    skipped: int = Field(default=0, description="Not needed.")


class Metrics(Wire):
    """What `/admin/metrics` tells."""

    queue: QueueCounts = Field(description="Jobs by state.")
    outbox: OutboxCounts = Field(description="Approvals and deliveries by state, all-time.")
    runs: RunCounts = Field(description="Runs by outcome, all-time.")
    recent_runs: list[Run] = Field(default_factory=list, description="The newest 15 runs, newest first.")


class ComponentStatus(StrEnum):
    """How a component of the server is."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


class Component(Wire):
    """One part of the server."""

    name: str = Field(description="`database`, `sender`, `worker`, …")
    status: Open[ComponentStatus] = Field(description="How it is.")
    detail: str | None = Field(default=None, description="Why, in a sentence.")


class Worker(Wire):
    """One process that claims jobs."""

    id: str = Field(description="The worker's name.")
    last_heartbeat_at: UtcTime | None = Field(default=None, description="When it was last heard: at its claim.")
    current_job_id: str | None = Field(default=None, description="What it works on.")


class ServerStatus(Wire):
    """What `/status` tells; the last three only to a key."""

    queue: QueueCounts = Field(description="Jobs by state.")
    workers: list[Worker] | None = Field(
        default=None, description="Who has a job now; empty where nobody has: no worker comes with the server yet."
    )
    components: list[Component] | None = Field(default=None, description="How each part is.")
    uptime_ratio_24h: Ratio | None = Field(default=None, description="Share of the last 24 hours without an outage.")


class Health(Wire):
    """What `/health` tells: the process lives."""

    status: str = Field(description="`ok`.")


class Readiness(Wire):
    """What `/ready` tells anybody: names of components, and no names of files or machines."""

    status: str = Field(description="`ok`, or `unavailable`.")
    failing: list[str] = Field(default_factory=list, description="The components that are not ready.")
    reason: str | None = Field(
        default=None, description="What is wrong, in a few words; `/status` tells more to who has a key."
    )
