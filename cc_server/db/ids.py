"""Where new ids come from; injected, so that tests and the simulator get the same ones each time."""

from __future__ import annotations

import random
import secrets
import uuid
from typing import Protocol


class Ids(Protocol):
    """Makes ids."""

    def new(self) -> str:
        """A new id, as a UUID in text."""
        ...

    def token(self) -> bytes:
        """32 bytes that nobody can guess."""
        ...


class RandomIds:
    """Ids and tokens from the system's own randomness."""

    def new(self) -> str:
        """A new random UUID."""
        return str(uuid.uuid4())

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
