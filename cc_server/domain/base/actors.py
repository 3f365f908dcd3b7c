"""Who acts: a key, its role, and the clients it sees in this call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select

from cc_api_client.models.installation.roles import Role
from cc_server.domain.base.refusals import DomainRefusal, not_found


@dataclass(frozen=True, slots=True)
class Key:
    """An API key, as it is looked up; `client_ids` None: all clients."""

    id: str
    name: str
    role: str
    client_ids: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts in one call: `visible` are the clients whose rows it sees (None: all), `client_id` the one it names."""

    name: str
    key_id: str
    role: str
    visible: frozenset[str] | None = None
    client_id: str | None = None
    is_bound: bool = False

    def sees(self, client_id: str | None) -> bool:
        """Whether rows of that client are the actor's; what has no client is seen by unbound keys only."""
        if self.visible is None:
            return True
        return client_id is not None and client_id in self.visible

    def require_client(self) -> str:
        """The one client a write needs.

        Raises:
            DomainRefusal: none is named (`client_required`).
        """
        if self.client_id is None:
            raise DomainRefusal("client_required", "this write needs one client; name it in X-Client-Id")
        return self.client_id


SYSTEM = Actor("system", "", Role.ADMIN)
SHELL = Actor("command line", "", Role.ADMIN)
"""Whoever types `cc-server` on the machine itself."""


def narrowed(query: Select[Any], column: ColumnElement[Any], visible: frozenset[str] | None) -> Select[Any]:
    """A query, narrowed to the clients that an actor sees (`Actor.visible`; None: all of them, and what has none)."""
    return query if visible is None else query.where(column.in_(sorted(visible)))


def actor_for(key: Key, asked: str | None, default_client: str | None) -> Actor:
    """The actor of one call.

    Args:
        key: who calls.
        asked: what `X-Client-Id` says: a client's id, `all`, or None.
        default_client: the configured one.

    Raises:
        DomainRefusal: the key may not see the client it asks for (`not_found`).
    """
    bound = key.client_ids
    if asked is not None and asked != "all":
        if bound is not None and asked not in bound:
            raise not_found("client")
        return Actor(key.name, key.id, key.role, frozenset({asked}), asked, bound is not None)
    if asked is None:
        only = next(iter(bound)) if bound is not None and len(bound) == 1 else None
        chosen = only or (default_client if bound is None or default_client in (bound or ()) else None)
        if chosen is not None:
            return Actor(key.name, key.id, key.role, frozenset({chosen}), chosen, bound is not None)
    return Actor(key.name, key.id, key.role, bound, None, bound is not None)
