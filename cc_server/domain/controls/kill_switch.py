"""Stops: one record a scope, any engaged one stops. What can't be understood counts as engaged, and stops all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from cc_api_client.models.operations import KillSwitchRecord
from cc_api_client.models.settings import SCOPE
from cc_server.db.tables import kill_switch
from cc_server.domain.actors import Actor

ALL = "all"
AGENT, CLIENT = "agent:", "client:"
RELEASED = "released"
_SCOPE = re.compile(SCOPE)
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


def client_of(scope: str) -> str | None:
    """The client whose work a scope is; None when it is no client's alone."""
    return scope.removeprefix(CLIENT) if scope.startswith(CLIENT) else None


def words(stop: KillSwitchRecord) -> str:
    """Why something waits, in words."""
    return f"stop engaged by {stop.by}: {stop.reason}"


def _record(row: Any) -> KillSwitchRecord:
    return KillSwitchRecord(scope=row.scope, reason=row.reason, by=row.changed_by, at=row.changed_at)


def _is_seen(scope: str, actor: Actor) -> bool:
    client_id = client_of(scope)
    return client_id is None or actor.sees(client_id)
