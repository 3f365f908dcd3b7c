"""Time enters here, so that tests own it."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What time it is."""

    def wall(self) -> float:
        """Seconds since the epoch, UTC, by this machine."""

    def monotonic(self) -> float:
        """Seconds that never go back; the same clock that key events carry."""


class SystemClock:
    """This machine's clock."""

    def wall(self) -> float:
        """Seconds since the epoch, UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()
