"""Waits without chance in them."""

from __future__ import annotations

from random import Random


class NoJitter(Random):
    """Draws the least there is: what is tried again, is tried at once."""

    def uniform(self, a: float, b: float) -> float:
        return min(a, b)
