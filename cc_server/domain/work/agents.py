"""Agents: who works, who was paused and why, what they do and cost; their logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, or_, select, update

from cc_api_client.models.base import ActionAnswer, Page
from cc_api_client.models.dashboard import AgentCounts
from cc_api_client.models.events import EventType
from cc_api_client.models.work.agents import Agent, AgentStatus, LogLevel, LogLine
from cc_server.db.portable.changing import Changing
from cc_server.db.portable.prepared import Prepared, Row
from cc_server.db.tables import agent_logs, agents
from cc_server.domain.base import audit
from cc_server.domain.base.actors import Actor, narrowed
from cc_server.domain.base.refusals import DomainRefusal, not_found, version_conflict
from cc_server.domain.base.unit import Unit
from cc_server.domain.controls.waking import wake_what_waits
from cc_server.domain.work import agent_figures
from cc_server.domain.work.agent_figures import Figures
from cc_server.events import log as events

LOGS_KEPT = 5_000
"""Lines kept of each agent."""

_ID = agents.c.id == bindparam("wanted")
_ONE = Prepared(select(agents).where(_ID))
_CHANGING = Changing(agents, _ID, always={"version": agents.c.version + 1}, returning=[*agents.c])
_BEAT = Prepared(update(agents).where(_ID).values(last_heartbeat_at=bindparam("now")))
_NUMBER_LINES = Prepared(
    update(agents).where(_ID).values(log_seq=agents.c.log_seq + bindparam("lines")).returning(agents.c.log_seq)
)
_ADD_LINES = Prepared(insert(agent_logs))
_DROP_LINES = Prepared(
    delete(agent_logs).where(agent_logs.c.agent_id == bindparam("wanted"), agent_logs.c.seq <= bindparam("last"))
)
_NOT_PAUSED: dict[str, Any] = {"paused_by": None, "pause_reason": None, "paused_at": None}


@dataclass(frozen=True, slots=True)
class Said:
    """One line that an agent logs."""

    level: LogLevel
    message: str
    run_id: str | None = None
    client_id: str | None = None


def register(conn: Connection, unit: Unit, agent_id: str, name: str, role: str, config: Mapping[str, Any]) -> None:
    """Make an agent known as `planned`."""
    conn.execute(
        insert(agents),
        _NOT_PAUSED
        | {
            "id": agent_id, "name": name, "role": role, "status": AgentStatus.PLANNED.value, "config": dict(config),
            "error_message": None, "error_at": None, "last_heartbeat_at": None, "log_seq": 0, "version": 1,
            "created_at": unit.now,
        },
    )  # fmt: skip
    _tell(conn, unit, _model(_row(conn, agent_id), None))
    audit.record(conn, unit, "agent.register", "agent", agent_id, None, after={"status": "planned"})


def deploy(conn: Connection, unit: Unit, agent_id: str) -> None:
    """Let a planned agent work."""
    _change(conn, unit, agent_id, {"status": AgentStatus.ACTIVE.value}, "agent.deploy", None)


def pause(
    conn: Connection, unit: Unit, agent_id: str, reason: str | None, version: int | None = None
) -> ActionAnswer[Agent]:
    """Let it finish its run and claim no more; again with a reason: sets the reason.

    Raises:
        DomainRefusal: `not_found`, `forbidden` (a key bound to clients), `invalid_state` (planned), `version_conflict`
            (it is no longer at `version`).
    """
    row = _changeable(conn, unit, agent_id)
    if row["status"] == AgentStatus.PAUSED:
        if reason is None or reason == row["pause_reason"]:
            return ActionAnswer[Agent](status="paused", changed=False, item=get(conn, unit, agent_id))
        _require_version(conn, unit, row, version)
        return _change(conn, unit, agent_id, {"pause_reason": reason}, "agent.pause_reason", reason)
    _require_version(conn, unit, row, version)
    changes = {
        "status": AgentStatus.PAUSED.value, "paused_by": unit.actor.name, "pause_reason": reason, "paused_at": unit.now,
    }  # fmt: skip
    return _change(conn, unit, agent_id, changes, "agent.pause", reason)


def resume(conn: Connection, unit: Unit, agent_id: str, version: int | None = None) -> ActionAnswer[Agent]:
    """Let it claim runs again; one that failed before it was paused is in error again.

    Raises:
        DomainRefusal: `not_found`, `forbidden` (a key bound to clients), `invalid_state` (planned), `version_conflict`
            (it is no longer at `version`).
    """
    row = _changeable(conn, unit, agent_id)
    if row["status"] != AgentStatus.PAUSED:
        return ActionAnswer[Agent](status=row["status"], changed=False, item=get(conn, unit, agent_id))
    _require_version(conn, unit, row, version)
    wake_what_waits(conn, unit)
    status = AgentStatus.ERROR if row["error_message"] else AgentStatus.ACTIVE
    return _change(conn, unit, agent_id, _NOT_PAUSED | {"status": status.value}, "agent.resume", None)


def fail(conn: Connection, unit: Unit, agent_id: str, error: str) -> None:
    """It can't work: in error until it recovers. A paused one stays paused, and keeps the error."""
    row = _row(conn, agent_id)
    changes: dict[str, Any] = {"error_message": error, "error_at": unit.now}
    if row["status"] == AgentStatus.ACTIVE:
        changes["status"] = AgentStatus.ERROR.value
    _change(conn, unit, agent_id, changes, "agent.fail", error)


def recover(conn: Connection, unit: Unit, agent_id: str) -> None:
    """It works again."""
    row = _row(conn, agent_id)
    changes: dict[str, Any] = {"error_message": None, "error_at": None}
    if row["status"] == AgentStatus.ERROR:
        changes["status"] = AgentStatus.ACTIVE.value
    _change(conn, unit, agent_id, changes, "agent.recover", None)


def beat(conn: Connection, unit: Unit, agent_id: str) -> None:
    """It lives: told, not recorded as a change."""
    _BEAT.run(conn, {"wanted": agent_id, "now": unit.now})
    events.volatile(
        conn, at=unit.now, topic="agents", type=EventType.AGENT_HEARTBEAT, object_id=agent_id,
        data={"last_heartbeat_at": unit.now.isoformat()},
    )  # fmt: skip


def require(conn: Connection, agent_id: str) -> None:
    """Make sure that there is such an agent.

    Raises:
        DomainRefusal: there is none (`not_found`).
    """
    _row(conn, agent_id)


def status_of(conn: Connection, agent_id: str) -> str:
    """Whether it works."""
    return str(_row(conn, agent_id)["status"])


def log(conn: Connection, unit: Unit, agent_id: str, said: Sequence[Said]) -> None:
    """Add lines to an agent's log; the oldest beyond 5,000 go."""
    last: int = _NUMBER_LINES.scalar(conn, {"wanted": agent_id, "lines": len(said)})
    first = last - len(said)
    rows = [
        {
            "agent_id": agent_id, "seq": first + place, "at": unit.now, "level": line.level.value,
            "run_id": line.run_id, "client_id": line.client_id, "message": line.message,
        }
        for place, line in enumerate(said, start=1)
    ]  # fmt: skip
    _ADD_LINES.run_many(conn, rows)
    _DROP_LINES.run(conn, {"wanted": agent_id, "last": last - LOGS_KEPT})
    for client_id in dict.fromkeys(line.client_id for line in said):
        lines = [LogLine.model_validate(row).model_dump(mode="json") for row in rows if row["client_id"] == client_id]
        events.volatile(
            conn, at=unit.now, topic="agents", type=EventType.AGENT_LOG, object_id=agent_id, data={"lines": lines},
            client_id=client_id,
        )  # fmt: skip


def logs(
    conn: Connection, actor: Actor, agent_id: str, *, run_id: str | None, after: int | None, limit: int
) -> Page[LogLine]:
    """Lines of an agent's log, oldest first: the newest ones, or those that follow `after`.

    Raises:
        DomainRefusal: there is no such agent (`not_found`).
    """
    _row(conn, agent_id)
    query = select(agent_logs).where(agent_logs.c.agent_id == agent_id)
    if run_id is not None:
        query = query.where(agent_logs.c.run_id == run_id)
    query = narrowed(query, agent_logs.c.client_id, actor.visible)
    if after is not None:
        rows = conn.execute(query.where(agent_logs.c.seq > after).order_by(agent_logs.c.seq).limit(limit)).mappings()
        return Page[LogLine](items=[LogLine.model_validate(row) for row in rows])
    newest = conn.execute(query.order_by(agent_logs.c.seq.desc()).limit(limit)).mappings().all()
    return Page[LogLine](items=[LogLine.model_validate(row) for row in reversed(newest)])


def everyone(conn: Connection, unit: Unit) -> Page[Agent]:
    """All agents, with the figures of the clients that the actor sees."""
    figures = agent_figures.of_all(conn, unit)
    rows = conn.execute(select(agents).order_by(agents.c.created_at, agents.c.id)).mappings()
    items = [_model(row, figures.get(row["id"])) for row in rows]
    return Page[Agent](items=items, total=len(items))


def get(conn: Connection, unit: Unit, agent_id: str) -> Agent:
    """One agent with its figures.

    Raises:
        DomainRefusal: there is no such agent (`not_found`).
    """
    return _model(_row(conn, agent_id), agent_figures.of_one(conn, unit, agent_id))


def configuration(conn: Connection, agent_id: str) -> dict[str, Any]:
    """How an agent is set up."""
    return dict(_row(conn, agent_id)["config"])


def counts(conn: Connection) -> AgentCounts:
    """Agents by state."""
    query = select(agents.c.status, func.count()).group_by(agents.c.status)
    return AgentCounts.model_validate({row[0]: row[1] for row in conn.execute(query)})


def in_error(conn: Connection) -> Sequence[Row]:
    """The agents whose error nobody has mended yet."""
    return conn.execute(_IN_ERROR).mappings().all()


_IN_ERROR: Select[Any] = select(agents).where(
    or_(agents.c.status == AgentStatus.ERROR.value, agents.c.error_message.is_not(None))
)


def _row(conn: Connection, agent_id: str) -> Row:
    row = _ONE.first_mapping(conn, {"wanted": agent_id})
    if row is None:
        raise not_found("agent")
    return row


def _changeable(conn: Connection, unit: Unit, agent_id: str) -> Row:
    row = _row(conn, agent_id)
    if unit.actor.is_bound:
        detail = "agents work for every client; a key that is bound to clients can't change them"
        raise DomainRefusal("forbidden", detail)
    if row["status"] == AgentStatus.PLANNED:
        raise DomainRefusal("invalid_state", "it is planned; deploy it first", get(conn, unit, agent_id))
    return row


def _require_version(conn: Connection, unit: Unit, row: Row, version: int | None) -> None:
    if version not in (None, row["version"]):
        raise version_conflict(get(conn, unit, row["id"]))


def _change(
    conn: Connection, unit: Unit, agent_id: str, changes: Mapping[str, Any], action: str, reason: str | None
) -> ActionAnswer[Agent]:
    before = _row(conn, agent_id)
    row = _CHANGING.run_on_one(conn, changes, {"wanted": agent_id})
    _tell(conn, unit, _model(row, None))
    audit.record(
        conn, unit, action, "agent", agent_id, None, before={"status": before["status"]},
        after={"status": row["status"]}, reason=reason,
    )  # fmt: skip
    return ActionAnswer[Agent](status=row["status"], changed=True, item=get(conn, unit, agent_id))


def _tell(conn: Connection, unit: Unit, agent: Agent) -> None:
    """Write the event that shows every key how an agent is; events on agents carry no figures."""
    data = agent.model_dump_json(exclude=set(Figures.__dataclass_fields__))
    events.append(
        conn, at=unit.now, topic="agents", type=EventType.AGENT_STATUS, object_id=agent.id, version=agent.version,
        client_id=None, data=data, request_id=unit.request_id, idempotency_key=unit.idempotency_key,
    )  # fmt: skip


def _model(row: Row, figures: Figures | None) -> Agent:
    told = {name: row[name] for name in Agent.model_fields if name in row}
    told["agent_name"] = row["id"]
    if figures is not None:
        told |= {name: getattr(figures, name) for name in Figures.__dataclass_fields__}
    return Agent.model_validate(told)
