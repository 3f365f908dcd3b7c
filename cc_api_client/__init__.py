"""A typed client for the Command Center's API. Importing it loads nothing: names are resolved when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cc_api_client.client import CommandCenterClient as CommandCenterClient

_HOMES = {"CommandCenterClient": "cc_api_client.client"}


def __getattr__(name: str) -> object:
    """Import `name` from its home (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)
