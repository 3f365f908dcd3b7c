"""Where new ids come from; injected, so that tests and the simulator get the same ones each time."""

from __future__ import annotations

import os
import random
import secrets
import uuid
from collections import deque
from typing import Protocol

_DRAWN = 64
_BYTES = 16


class Ids(Protocol):
    """Makes ids."""

    def new(self) -> str:
        """A new id, as a UUID in text."""
        ...

    def token(self) -> bytes:
        """32 bytes that nobody can guess."""
        ...


class RandomIds:
    """Ids and tokens from the system's own randomness, of which ids take enough for many at a time."""

    def __init__(self) -> None:
        self._fresh: deque[str] = deque()
        self._drawn_by = 0

    def new(self) -> str:
        """A new random UUID."""
        if self._drawn_by != os.getpid():  # a process that was forked must not give out the same ones
            self._fresh.clear()
            self._drawn_by = os.getpid()
        while True:
            try:
                return self._fresh.popleft()
            except IndexError:
                drawn = os.urandom(_DRAWN * _BYTES)
                pieces = (drawn[place : place + _BYTES] for place in range(0, len(drawn), _BYTES))
                self._fresh.extend(str(uuid.UUID(bytes=piece, version=4)) for piece in pieces)

    def token(self) -> bytes:
        """32 bytes that nobody can guess."""
        return secrets.token_bytes(32)


class SeededIds:
    """The same ids for the same seed; tokens stay unguessable, whatever the seed."""

    def __init__(self, seed: int | str) -> None:
        self._random = random.Random(seed)

    def new(self) -> str:
        """The next UUID of this seed."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def token(self) -> bytes:
        """32 bytes that nobody can guess."""
        return secrets.token_bytes(32)
