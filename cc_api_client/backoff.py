"""How long to wait before something that failed is tried again: exponential back-off with full jitter.

Full jitter (a wait drawn evenly between nothing and the ceiling) spreads clients that were cut off together best:
Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015. Pure; time and randomness are arguments.
"""

from __future__ import annotations

from random import Random

LEAST_SECONDS = 0.25
FIRST_SECONDS = 1.0
_DOUBLINGS_MOST = 32
"""Further ones only overflow: a float ends at 1,024 doublings, which a night without a link brings."""


def back_off(failures: int, first_seconds: float, most_seconds: float, rng: Random) -> float:
    """Seconds to wait after `failures` failures in a row, any number of them.

    Args:
        failures: from 1.
        first_seconds: the ceiling after the first failure; it doubles with each further one.
        most_seconds: the ceiling is never higher.
        rng: jitter.
    """
    doublings = max(0, min(failures - 1, _DOUBLINGS_MOST))
    ceiling = min(most_seconds, first_seconds * 2.0**doublings)
    return max(LEAST_SECONDS, rng.uniform(0.0, ceiling))


class BackOff:
    """Failures in a row, and until when nothing is tried; times are monotonic, in seconds."""

    def __init__(self, rng: Random, *, most_seconds: float, first_seconds: float = FIRST_SECONDS) -> None:
        self._rng = rng
        self._first = first_seconds
        self._most = most_seconds
        self._failures = 0
        self._until: float | None = None

    def failed(self, now: float, named_seconds: float | None = None) -> None:
        """It failed; `named_seconds` is the wait that the server asked for, which goes first."""
        self._failures += 1
        wait = back_off(self._failures, self._first, self._most, self._rng) if named_seconds is None else named_seconds
        self._until = now + wait

    def succeeded(self) -> None:
        """It went through: the next failure is a first one again. What is waited for already is waited for."""
        self._failures = 0

    def forget(self) -> None:
        """There is reason to try at once."""
        self._failures, self._until = 0, None

    @property
    def is_failing(self) -> bool:
        """Whether the last that was tried failed."""
        return self._failures > 0

    def left_seconds(self, now: float) -> float:
        """How long nothing is to be tried."""
        return max(0.0, self._until - now) if self._until is not None else 0.0
