"""Operations: who am I, what state is the installation in, jobs, intake, suppression, audit (contract, section 2)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from cc_api_client.models.base import Open, Ratio, RequestBody, UtcTime, Wire
from cc_api_client.models.roles import Role
from cc_api_client.models.runs import Run


class KillSwitchRecord(Wire):
    """One engaged stop."""

    scope: str = Field(description="`all`, `agent:<id>` or `client:<id>`.")
    reason: str = Field(description="Why it was engaged.")
    by: str = Field(description="The name of the key that engaged it.")
    at: UtcTime = Field(description="When it was engaged.")


class Me(Wire):
    """Who the key is (`GET /api/me`)."""

    name: str = Field(description="The key's name; decisions are recorded under it.")
    role: Open[Role] = Field(description="What the key may do.")
    client_ids: list[str] | None = Field(description="The clients the key is bound to; null: all.")
    server_id: str = Field(description="Which installation this is; it survives a restart and a restore.")
    epoch: str = Field(description="Which history of events this is; a restore renews it.")
    server_time: UtcTime = Field(description="The server's clock.")
    kill_switch: list[KillSwitchRecord] = Field(default_factory=list, description="The engaged stops.")


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
    last_heartbeat_at: UtcTime | None = Field(default=None, description="When it was last heard.")
    current_job_id: str | None = Field(default=None, description="What it works on.")


class ServerStatus(Wire):
    """What `/status` tells; the last three only to a key."""

    queue: QueueCounts = Field(description="Jobs by state.")
    workers: list[Worker] | None = Field(default=None, description="Who works.")
    components: list[Component] | None = Field(default=None, description="How each part is.")
    uptime_ratio_24h: Ratio | None = Field(default=None, description="Share of the last 24 hours without an outage.")


class Health(Wire):
    """What `/health` tells: the process lives."""

    status: str = Field(description="`ok`.")


class Readiness(Wire):
    """What `/ready` tells: names of components only."""

    status: str = Field(description="`ok`, or `unavailable`.")
    failing: list[str] = Field(default_factory=list, description="The components that are not ready.")


class LeadIntake(RequestBody):
    """A lead as a form or another system hands it in (`POST /webhook/lead`)."""

    name: str = Field(min_length=1, max_length=200, description="The person's name.")
    email: str = Field(
        min_length=3, max_length=320, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$", description="Their address."
    )
    company: str | None = Field(default=None, max_length=200, description="Where they work.")
    website: str | None = Field(default=None, max_length=500, description="Its page.")
    message: str | None = Field(default=None, max_length=10_000, description="What they wrote.")
    source: str | None = Field(default=None, max_length=100, description="Where the lead came from.")
    timestamp: str | None = Field(default=None, max_length=64, description="When it arose, as the source tells it.")


class IntakeStatus(StrEnum):
    """What became of a lead that was handed in."""

    QUEUED = "queued"
    DUPLICATE = "duplicate"
    FILTERED = "filtered"


class IntakeAnswer(Wire):
    """What `/webhook/lead` answers (202)."""

    status: Open[IntakeStatus] = Field(description="What became of it.")
    run_id: str | None = Field(default=None, description="The run that was queued.")
    job_id: str | None = Field(default=None, description="The job that was queued.")
    idempotency_key: str | None = Field(default=None, description="What it was deduplicated on.")
    reason: str | None = Field(default=None, description="Why it was filtered.")


class JobStatus(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"
    DEAD = "dead"
    CANCELLED = "cancelled"


class Job(Wire):
    """One unit of work for an agent."""

    id: str = Field(description="Its id.")
    job_type: str = Field(description="What is to be done.")
    status: Open[JobStatus] = Field(description="Where it is.")
    priority: int = Field(default=0, description="Higher goes first.")
    attempts: int = Field(default=0, description="How often it was tried.")
    max_attempts: int = Field(default=0, description="How often it may be tried.")
    next_run_at: UtcTime | None = Field(default=None, description="Not before.")
    locked_by: str | None = Field(default=None, description="The worker that holds it.")
    locked_until: UtcTime | None = Field(default=None, description="Until when.")
    error_message: str | None = Field(default=None, description="What went wrong last.")
    correlation_id: str | None = Field(default=None, description="What caused it.")
    created_at: UtcTime = Field(description="When it was queued.")
    updated_at: UtcTime = Field(description="When it last changed.")
    payload: dict[str, Any] | None = Field(default=None, description="What the agent is given.")


class SuppressionIntake(RequestBody):
    """An address that must never be written to."""

    email: str = Field(min_length=3, max_length=320, description="The address.")
    reason: str | None = Field(default=None, max_length=2000, description="Why.")


class SuppressionEntry(Wire):
    """An address that is never written to."""

    id: str = Field(description="Its id.")
    client_id: str | None = Field(default=None, description="For which client.")
    email: str = Field(description="The address.")
    reason: str | None = Field(default=None, description="Why.")
    created_at: UtcTime = Field(description="Since when.")


class AuditRow(Wire):
    """One line of the audit trail; bodies stand in it as hashes only."""

    seq: int = Field(description="Its place in the trail.")
    at: UtcTime = Field(description="When.")
    actor: str = Field(description="The name of the key, or the component.")
    action: str = Field(description="What was done, or tried.")
    object_type: str = Field(description="To what kind of thing.")
    object_id: str = Field(description="To which.")
    client_id: str | None = Field(default=None, description="Of which client.")
    before: dict[str, Any] | None = Field(default=None, description="What it was.")
    after: dict[str, Any] | None = Field(default=None, description="What it became.")
    reason: str | None = Field(default=None, description="Why, in the actor's words.")
    request_id: str | None = Field(default=None, description="By which request.")
