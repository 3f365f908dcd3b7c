"""What a stop is about: all, one agent, one client."""

from __future__ import annotations

ALL = "all"
AGENT, CLIENT = "agent:", "client:"


def client_of(scope: str) -> str | None:
    """The client whose work a scope is; None when it is no client's alone."""
    return scope.removeprefix(CLIENT) if scope.startswith(CLIENT) else None


def agent_of(scope: str) -> str | None:
    """The agent whose work a scope is; None when it is no agent's alone."""
    return scope.removeprefix(AGENT) if scope.startswith(AGENT) else None
