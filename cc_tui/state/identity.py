"""Who the operator is to the server, and what the server and the key allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cc_api_client.models.installation.roles import Role
from cc_tui.state.signal import Signal

if TYPE_CHECKING:
    from cc_api_client.models.installation.me import KillSwitchRecord


@dataclass(frozen=True, slots=True)
class Identity:
    """What `/api/me` told; `server_id` names the installation that journaled decisions belong to."""

    name: str
    role: str
    server_id: str
    epoch: str
    client_ids: tuple[str, ...] | None = None

    def may(self, role: str) -> bool:
        """Whether the key has at least `role`; a role we don't know may nothing but look."""
        held = Role(self.role) if self.role in set(Role) else Role.VIEWER
        return held.includes(Role(role))


class IdentityStore:
    """The key's identity once known, the engaged stops, and clients' names."""

    def __init__(self) -> None:
        self.identity: Identity | None = None
        self.read_only_by_choice = False
        self.stops: tuple[KillSwitchRecord, ...] = ()
        self.client_names: dict[str, str] = {}
        self.client_trouble = ""
        """Why nothing can be shown of the one client that was asked for; empty while nothing is wrong with it."""
        self.changed: Signal[None] = Signal()

    @property
    def is_read_only(self) -> bool:
        """Whether nothing may be changed: by the key's role, or by the operator's own choice."""
        if self.read_only_by_choice:
            return True
        return self.identity is not None and not self.identity.may("operator")

    def set(self, identity: Identity, stops: tuple[KillSwitchRecord, ...]) -> None:
        """Take over what the server told of the key."""
        if (identity, stops) != (self.identity, self.stops):
            self.identity, self.stops = identity, stops
            self.changed.emit(None)

    def set_client_names(self, names: dict[str, str]) -> None:
        """Take over the clients' names, by id."""
        if names != self.client_names:
            self.client_names = names
            self.changed.emit(None)
