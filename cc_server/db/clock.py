"""Time enters here and nowhere else, so that tests and the simulator's history own it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time; it is read once a unit of work."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands until it is moved."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment.astimezone(UTC)

    def now(self) -> datetime:
        """The moment it was set to."""
        return self._moment

    def set(self, moment: datetime) -> None:
        """Show `moment` from now on."""
        self._moment = moment.astimezone(UTC)

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`."""
        self._moment += timedelta(seconds=seconds)
