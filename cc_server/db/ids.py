"""Where new ids come from; injected, so that tests and the simulator get the same ones each time.

An id begins with the moment it was made (a UUID of version 7, RFC 9562): what is made one after the other lies side by
side in every index, and a write touches few pages of it, however many rows there are.
"""

from __future__ import annotations

import os
import random
import secrets
import struct
import threading
import time
from typing import Protocol

_TAILS = struct.Struct(">1024Q")
"""So many ends of ids are drawn at a time: each draw lets another thread go first."""
_ORDERS = 1 << 12
"""So many ids of one process can lie in one millisecond."""


class Ids(Protocol):
    """Makes ids."""

    def new(self) -> str:
        """A new id, as a UUID in text; it sorts behind every one that was made here before."""
        ...

    def token(self) -> bytes:
        """32 bytes that nobody can guess."""
        ...


class RandomIds:
    """Ids of the moment and of the system's own randomness, of which they take enough for many at a time."""

    def __init__(self) -> None:
        self._making = threading.Lock()
        self._last = 0
        self._tails: list[int] = []
        self._drawn_by = 0

    def new(self) -> str:
        """A new UUID: the moment in milliseconds, the place within it, 62 random bits."""
        with self._making:
            self._last = max(self._last + 1, time.time_ns() // 1_000_000 * _ORDERS)
            return _uuid(self._last, self._tail())

    def _tail(self) -> int:
        if not self._tails or self._drawn_by != os.getpid():  # a process that was forked must not give out the same
            self._tails, self._drawn_by = [*_TAILS.unpack(os.urandom(_TAILS.size))], os.getpid()
        return self._tails.pop()

    def token(self) -> bytes:
        """32 bytes that nobody can guess."""
        return secrets.token_bytes(32)


class SeededIds:
    """The same ids for the same seed, in order too; tokens stay unguessable, whatever the seed."""

    def __init__(self, seed: int | str) -> None:
        self._random = random.Random(seed)
        self._last = 0

    def new(self) -> str:
        """The next UUID of this seed; its moment is its number."""
        self._last += 1
        return _uuid(self._last * _ORDERS, self._random.getrandbits(64))

    def token(self) -> bytes:
        """32 bytes that nobody can guess."""
        return secrets.token_bytes(32)


def _uuid(order: int, tail: int) -> str:
    """A UUID of version 7: 48 bits of the moment and 12 of the place within it, then 62 of `tail`."""
    moment, place = divmod(order, _ORDERS)
    variant = 0x8000 | (tail >> 48) & 0x3FFF
    return f"{moment >> 16:08x}-{moment & 0xFFFF:04x}-7{place:03x}-{variant:04x}-{tail & 0xFFFFFFFFFFFF:012x}"
