"""What a key may do. Imports nothing, so that a command line and a screen can ask without loading the models."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a key may do; each includes the one before, but `intake`, which only hands in leads."""

    INTAKE = "intake"
    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, other: Role) -> bool:
        """Whether this role may do what `other` may."""
        return other in _INCLUDED[self]


_INCLUDED: dict[Role, frozenset[Role]] = {
    Role.INTAKE: frozenset({Role.INTAKE}),
    Role.VIEWER: frozenset({Role.VIEWER}),
    Role.OPERATOR: frozenset({Role.VIEWER, Role.OPERATOR, Role.INTAKE}),
    Role.ADMIN: frozenset(Role),
}
