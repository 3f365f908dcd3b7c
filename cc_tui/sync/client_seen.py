"""Whether a key sees the client that everything is narrowed to, and which it sees instead."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from cc_api_client.client import CommandCenterClient
from cc_api_client.errors import CommandCenterError
from cc_tui.text.fit import cut
from cc_tui.text.safe import safe_line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from random import Random

    from cc_api_client.resources.clients import Clients

CLIENTS_TOLD = 8
"""How many of the clients that a key sees are named to who gave a wrong one."""
NAME_MOST = 40
"""Cells of a client's name: it only helps to find the id."""
ALL = "all"
_NO_SUCH = (400, 403, 404, 422)


async def seen_instead(url: str, api_key: str, client_id: str, rng: Random) -> str | None:
    """The clients that a key sees, in words; None where it sees the one of this id.

    Raises:
        ValueError: the address or the key can't be used.
        CommandCenterError: the server can't be asked.
    """
    if client_id == ALL:
        return None
    async with _clients_of(url, api_key, client_id, rng) as narrowed:
        try:
            if (await narrowed.list(limit=1)).value.items:
                return None
        except CommandCenterError as error:
            if error.status not in _NO_SUCH:
                raise
    async with _clients_of(url, api_key, ALL, rng) as everyone:
        seen = (await everyone.list(limit=CLIENTS_TOLD)).value
    told = ", ".join(f"{cut(safe_line(one.name), NAME_MOST)} {one.id}" for one in seen.items) or "no client at all"
    more = (seen.total or 0) - len(seen.items)
    return f"{told} and {more} more" if more > 0 else told


@asynccontextmanager
async def _clients_of(url: str, api_key: str, client_id: str, rng: Random) -> AsyncIterator[Clients]:
    asked = CommandCenterClient(url, api_key, client_id=client_id, rng=rng)
    try:
        yield asked.clients
    finally:
        await asked.aclose()
