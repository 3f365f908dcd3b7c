"""Keys that were looked up a moment ago: asked again, they cost no way to the database.

A key never changes but for being revoked. What is remembered is forgotten as soon as anything was revoked or another
process committed something, and after a second in any case; until then it opens the gate only: every read and every
write asks in its own transaction whether its key still is valid.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence

from cc_server.db.transaction.notices import Woken
from cc_server.domain.base.actors import Key
from cc_server.events.log import KeyRevoked

Authenticate = Callable[[str], Awaitable[Key | None]]
"""From what `X-API-Key` carries to the key it is, or None."""
KNOWN_SECONDS = 1.0
KNOWN_MOST = 1_000


class KnownKeys:
    """Remembers right keys, by the hash of their tokens; wrong ones are looked up each time.

    Args:
        look_up: asks the database.
        monotonic: seconds that only grow.
    """

    def __init__(self, look_up: Authenticate, monotonic: Callable[[], float]) -> None:
        self._look_up = look_up
        self._monotonic = monotonic
        self._known: dict[bytes, tuple[Key, float]] = {}
        self._looking: dict[bytes, asyncio.Task[Key | None]] = {}
        """Callers who ask at once for the same key are answered by one look."""

    async def key_of(self, token: str) -> Key | None:
        """The key that a token is."""
        digest = hashlib.sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known is not None and self._monotonic() < known[1]:
            return known[0]
        looking = self._looking.get(digest)
        if looking is None:
            looking = self._looking[digest] = asyncio.create_task(self._look(token, digest))
        return await asyncio.shield(looking)

    async def _look(self, token: str, digest: bytes) -> Key | None:
        try:
            key = await self._look_up(token)
        finally:
            del self._looking[digest]
        if key is not None:
            if len(self._known) >= KNOWN_MOST:
                self._known.clear()
            self._known[digest] = key, self._monotonic() + KNOWN_SECONDS
        return key

    def hear(self, announcements: Sequence[object]) -> None:
        """Something was committed."""
        if any(isinstance(one, KeyRevoked | Woken) for one in announcements):
            self._known.clear()
