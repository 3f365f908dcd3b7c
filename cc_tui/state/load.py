"""How far a store is filled, and as of when: what a tab needs to say "loading", "stale" or "failed"."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Phase(StrEnum):
    """How far a store is filled."""

    UNASKED = "unasked"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Load:
    """The state of one collection.

    `as_of` is the server's time (seconds since the epoch, UTC) of the last good answer; `error` is a sentence.
    """

    phase: Phase = Phase.UNASKED
    as_of: float | None = None
    error: str | None = None

    @property
    def has_rows(self) -> bool:
        """Whether there was ever an answer."""
        return self.as_of is not None

    def begun(self) -> Load:
        """A first request is on its way; what is known stays known."""
        return self if self.has_rows else replace(self, phase=Phase.LOADING, error=None)

    def answered(self, at: float) -> Load:
        """A good answer came; `at` is the server's time in seconds."""
        return Load(Phase.READY, at)

    def failed(self, sentence: str) -> Load:
        """The last request failed; what is known stays known."""
        return replace(self, phase=Phase.FAILED, error=sentence)
