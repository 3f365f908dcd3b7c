"""Who a key is to the server, and the stops that it is told of (contract, section 2)."""

from __future__ import annotations

from pydantic import Field

from cc_api_client.models.base import Open, UtcTime, Wire
from cc_api_client.models.installation.roles import Role


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
