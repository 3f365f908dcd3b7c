"""The event stream: its frames and where a reader stands in it (contract, section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from cc_api_client.models.base import Open, UtcTime, Wire

PROTOCOL = 1
HEARTBEAT_SECONDS = 5.0


@dataclass(frozen=True, slots=True, order=True)
class EventPosition:
    """A place in one history of events: `<epoch>.<seq>` on the wire."""

    epoch: str
    seq: int

    @classmethod
    def parse(cls, text: str) -> EventPosition:
        """Read `<epoch>.<seq>`.

        Raises:
            ValueError: it is not of that form.
        """
        epoch, dot, seq = text.rpartition(".")
        if not (dot and epoch and seq.isascii() and seq.isdigit() and len(seq) <= 19):
            raise ValueError(f"not a position in the event stream: {text[:60]!r}; expected <epoch>.<seq>")
        return cls(epoch, int(seq))

    def __str__(self) -> str:
        return f"{self.epoch}.{self.seq}"


class Topic(StrEnum):
    """What an event is about; what a subscription asks for."""

    AGENTS = "agents"
    RUNS = "runs"
    APPROVALS = "approvals"
    LEADS = "leads"
    JOBS = "jobs"
    COSTS = "costs"
    SYSTEM = "system"


class EventType(StrEnum):
    """What happened."""

    AGENT_STATUS = "agent.status"
    AGENT_HEARTBEAT = "agent.heartbeat"
    AGENT_LOG = "agent.log"
    RUN_STARTED = "run.started"
    RUN_FINISHED = "run.finished"
    APPROVAL_CREATED = "approval.created"
    APPROVAL_UPDATED = "approval.updated"
    APPROVAL_DECIDED = "approval.decided"
    APPROVAL_EXPIRED = "approval.expired"
    APPROVAL_CANCELLED = "approval.cancelled"
    DELIVERY_CHANGED = "delivery.changed"
    LEAD_CREATED = "lead.created"
    LEAD_UPDATED = "lead.updated"
    LEAD_MOVED = "lead.moved"
    JOB_COUNTS = "job.counts"
    COST_ALERT = "cost.alert"
    BUDGET_EXCEEDED = "budget.exceeded"
    KILL_SWITCH_CHANGED = "kill_switch.changed"
    SETTINGS_CHANGED = "settings.changed"
    HEALTH_CHANGED = "health.changed"


class Cause(Wire):
    """Which request made it happen: a client knows its own echo by it."""

    request_id: str | None = Field(default=None, description="The request.")
    idempotency_key: str | None = Field(default=None, description="Its idempotency key.")


class Hello(Wire):
    """The first frame of a stream."""

    frame: Literal["hello"] = "hello"
    protocol: int = Field(default=PROTOCOL, description="The version of this protocol.")
    epoch: str = Field(description="Which history this is.")
    head_seq: int = Field(description="The newest event there is.")
    retain_from_seq: int = Field(default=0, description="The oldest event that can still be replayed.")
    heartbeat_seconds: float = Field(default=HEARTBEAT_SECONDS, description="How often a heartbeat comes.")
    server_time: UtcTime = Field(description="The server's clock.")
    resumed: bool = Field(description="True when `since` was honoured.")


class Event(Wire):
    """Something changed; `data` is the whole new object, so applying it twice does no harm."""

    frame: Literal["event"] = "event"
    seq: int | None = Field(default=None, description="Its place; null for what is never replayed.")
    prev_seq: int | None = Field(default=None, description="The one sent before it on this subscription.")
    at: UtcTime = Field(description="When it happened.")
    topic: Open[Topic] = Field(description="What it is about.")
    type: Open[EventType] = Field(description="What happened.")
    id: str = Field(description="To which object.")
    version: int | None = Field(default=None, description="The object's version after it.")
    client_id: str | None = Field(default=None, description="Of which client.")
    cause: Cause | None = Field(default=None, description="By which request.")
    data: dict[str, Any] = Field(default_factory=dict, description="The whole new object.")


class Heartbeat(Wire):
    """Nothing else to say: the stream lives."""

    frame: Literal["heartbeat"] = "heartbeat"
    last_sent_seq: int = Field(description="The newest event sent on this subscription.")
    head_seq: int = Field(description="How far this subscription has looked; where to resume.")
    at: UtcTime = Field(description="The server's clock.")


class ResyncRequired(Wire):
    """The stream can't be continued: fetch the collections again and go on from the head."""

    frame: Literal["resync_required"] = "resync_required"
    reason: str = Field(description="`epoch_changed`, `too_old` or `slow_consumer`.")
    head_seq: int = Field(description="Where to go on.")


class GoingAway(Wire):
    """The server restarts."""

    frame: Literal["going_away"] = "going_away"
    retry_after_ms: int = Field(description="When to come back, in milliseconds.")


Frame = Annotated[Hello | Event | Heartbeat | ResyncRequired | GoingAway, Field(discriminator="frame")]


class EventPage(Wire):
    """What `GET /api/events` answers: the same frames over plain HTTP."""

    frames: list[Frame] = Field(description="Those after `after`.")
    next: str = Field(description="Where to go on: `<epoch>.<seq>`.")
