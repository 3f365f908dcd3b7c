"""What may still go out by itself: what was decided, or said to be sent, not too long ago.

The world went on meanwhile, so that anything older waits for the operator's word.
"""

from __future__ import annotations

from collections.abc import Iterable

from cc_tui.decisions.delivery.recall import Kept
from cc_tui.state.clock import Clock


class Freshness:
    """How long a decision stays one that goes out by itself.

    Args:
        clock: time.
        within_seconds: as long as that.
    """

    def __init__(self, clock: Clock, within_seconds: float) -> None:
        self._clock = clock
        self._within = within_seconds
        self._said_at: dict[str, float] = {}
        """By key when the operator last said that it is to be sent."""

    def is_stale(self, kept: Kept) -> bool:
        """Whether it was decided, and last said to be sent, too long ago."""
        return max(kept.decided_at, self._said_at.get(kept.key, 0.0)) < self._oldest

    def renew(self, keys: Iterable[str]) -> None:
        """The operator said that these are to be sent."""
        self._said_at = {key: at for key, at in self._said_at.items() if at >= self._oldest}
        self._said_at |= dict.fromkeys(keys, self._clock.wall())

    @property
    def _oldest(self) -> float:
        return self._clock.wall() - self._within
