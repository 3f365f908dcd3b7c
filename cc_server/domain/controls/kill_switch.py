"""Stops: one record a scope, any engaged one stops. What can't be understood counts as engaged, and stops all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from cc_api_client.models.events import EventType
from cc_api_client.models.installation.me import KillSwitchRecord
from cc_api_client.models.installation.roles import Role
from cc_api_client.models.settings import SCOPE, KillSwitchAnswer, KillSwitchBody, KillSwitchState
from cc_server.db.portable.prepared import Prepared
from cc_server.db.portable.upsert import upsert
from cc_server.db.tables import agents, clients, kill_switch
from cc_server.db.transaction import locks
from cc_server.domain.base import audit
from cc_server.domain.base.actors import Actor
from cc_server.domain.base.refusals import DomainRefusal, not_found
from cc_server.domain.base.unit import Unit
from cc_server.domain.controls import held
from cc_server.domain.controls.scopes import AGENT, ALL, CLIENT, agent_of, client_of
from cc_server.domain.controls.waking import wake_what_waits
from cc_server.events import log as events

ENGAGED, RELEASED = "engaged", "released"
_SCOPE = re.compile(SCOPE)
_ONE = Prepared(select(kill_switch).where(kill_switch.c.scope == bindparam("wanted")))
_WRITE = upsert(
    kill_switch, ["scope"],
    lambda new: {name: new[name] for name in ("state", "reason", "changed_by", "changed_at", "version")},
)  # fmt: skip
_CLIENT = select(clients.c.id).where(clients.c.id == bindparam("id"))
_AGENT = select(agents.c.id).where(agents.c.id == bindparam("id"))
_ENGAGED = select(kill_switch).where(kill_switch.c.state != bindparam("released")).order_by(kill_switch.c.scope)


@dataclass(frozen=True, slots=True)
class Stops:
    """The engaged stops, as of one transaction."""

    records: tuple[KillSwitchRecord, ...] = ()

    def on(self, agent_name: str | None, client_id: str | None) -> KillSwitchRecord | None:
        """What stops something of that agent for that client; None when nothing does."""
        met = {ALL, f"{AGENT}{agent_name}", f"{CLIENT}{client_id}"}
        return next((one for one in self.records if one.scope in met or _SCOPE.fullmatch(one.scope) is None), None)


def read(conn: Connection) -> Stops:
    """Every engaged stop."""
    rows = conn.execute(_ENGAGED, {"released": RELEASED})
    return Stops(tuple(_record(row) for row in rows))


def engaged(conn: Connection, actor: Actor) -> list[KillSwitchRecord]:
    """The engaged stops that an actor sees: those of its clients, and those of every client."""
    return [one for one in read(conn).records if _is_seen(one.scope, actor)]


def turn(conn: Connection, unit: Unit, wanted: KillSwitchBody) -> KillSwitchAnswer:
    """Engage or release one stop; engaging again with another reason sets the reason.

    Raises:
        DomainRefusal: `forbidden` (releasing as no admin; what holds for every client, by a bound key), `not_found`.
    """
    _require_allowed(conn, unit, wanted)
    locks.exclusive(conn, locks.CONTROLS)
    before = _ONE.first(conn, {"wanted": wanted.scope})
    state, reason = (before.state, before.reason) if before else (RELEASED, None)
    changed = (state != RELEASED) != wanted.engaged or (wanted.engaged and reason != wanted.reason)
    if changed:
        row = {
            "scope": wanted.scope, "state": ENGAGED if wanted.engaged else RELEASED, "reason": wanted.reason,
            "changed_by": unit.actor.name, "changed_at": unit.now, "version": before.version + 1 if before else 1,
        }  # fmt: skip
        _WRITE.run(conn, row)
        if not wanted.engaged:
            wake_what_waits(conn, unit)
        _tell(conn, unit, row, state)
    return answer(conn, unit, wanted, changed=changed)


def answer(conn: Connection, unit: Unit, wanted: KillSwitchBody, *, changed: bool = False) -> KillSwitchAnswer:
    """How the stops are, and what one holds or would hold; changes nothing.

    Raises:
        DomainRefusal: as `turn` does.
    """
    _require_allowed(conn, unit, wanted)
    records = engaged(conn, unit.actor)
    is_on = any(one.scope == wanted.scope for one in records)
    return KillSwitchAnswer(
        status="engaged" if is_on else "released", changed=changed, dry_run=wanted.dry_run, kill_switch=records,
        held=held.by(conn, wanted.scope), in_flight=held.in_flight(conn, wanted.scope),
    )  # fmt: skip


def words(stop: KillSwitchRecord) -> str:
    """Why something waits, in words."""
    return f"stop engaged by {stop.by}: {stop.reason}"


def _require_allowed(conn: Connection, unit: Unit, wanted: KillSwitchBody) -> None:
    actor, client_id, agent_id = unit.actor, client_of(wanted.scope), agent_of(wanted.scope)
    if client_id is not None and not (actor.sees(client_id) and _is_there(conn, _CLIENT, client_id)):
        raise not_found("client")
    if client_id is None and actor.is_bound:
        raise DomainRefusal("forbidden", "this stops work for every client; a key that is bound to clients can't do it")
    if agent_id is not None and not _is_there(conn, _AGENT, agent_id):
        raise not_found("agent")
    if not wanted.engaged and actor.role != Role.ADMIN:
        raise DomainRefusal("forbidden", f"releasing a stop needs the role admin; {actor.name} is {actor.role}")


def _is_there(conn: Connection, query: Select[Any], wanted: str) -> bool:
    return conn.execute(query, {"id": wanted}).first() is not None


def _tell(conn: Connection, unit: Unit, row: Mapping[str, Any], before: str) -> None:
    scope, is_on = row["scope"], row["state"] != RELEASED
    told = KillSwitchState(
        scope=scope, reason=row["reason"], by=row["changed_by"], at=row["changed_at"], engaged=is_on,
        version=row["version"],
    )  # fmt: skip
    events.append(
        conn, at=unit.now, topic="system", type=EventType.KILL_SWITCH_CHANGED, object_id=scope, version=told.version,
        client_id=client_of(scope), data=told.model_dump_json(), request_id=unit.request_id,
        idempotency_key=unit.idempotency_key,
    )  # fmt: skip
    audit.record(
        conn, unit, "kill_switch.engage" if is_on else "kill_switch.release", "kill_switch", scope, client_of(scope),
        before={"state": before}, after={"state": row["state"]}, reason=row["reason"],
    )  # fmt: skip


def _record(row: Any) -> KillSwitchRecord:
    return KillSwitchRecord(scope=row.scope, reason=row.reason, by=row.changed_by, at=row.changed_at)


def _is_seen(scope: str, actor: Actor) -> bool:
    client_id = client_of(scope)
    return client_id is None or actor.sees(client_id)
