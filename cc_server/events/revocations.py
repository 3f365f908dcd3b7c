"""Keys that are in use by open streams, so that a stream ends in the moment when its key is revoked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class Revocations:
    """The streams of one process by their keys; used in its loop alone."""

    def __init__(self) -> None:
        self._streams: dict[str, set[asyncio.Event]] = {}

    @property
    def held_now(self) -> list[str]:
        """The keys that streams are open with."""
        return sorted(self._streams)

    @contextmanager
    def hold(self, key_id: str) -> Iterator[asyncio.Event]:
        """While a stream is open: an event that is set when its key is revoked."""
        ended = asyncio.Event()
        self._streams.setdefault(key_id, set()).add(ended)
        try:
            yield ended
        finally:
            self._streams[key_id].discard(ended)
            if not self._streams[key_id]:
                del self._streams[key_id]

    def end(self, key_ids: Iterable[str]) -> None:
        """These keys are valid no more."""
        for key_id in key_ids:
            for ended in self._streams.get(key_id, ()):
                ended.set()
