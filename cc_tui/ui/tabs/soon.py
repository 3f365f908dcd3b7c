"""Redraws at most every so many seconds: armed by the first change, at rest when nothing is pending."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from textual.widget import Widget


class Soon:
    """Calls `act` after an `ask`, at most every `seconds`; while its widget is not shown, not at all.

    Args:
        widget: whose redraws these are.
        seconds: how long it waits after an `ask`; with `at_once` only where it has just acted.
        act: what to do.
        at_once: act on the first `ask` as soon as what asks is done.
    """

    def __init__(self, widget: Widget, seconds: float, act: Callable[[], None], *, at_once: bool = False) -> None:
        self._widget = widget
        self._seconds = seconds
        self._act = act
        self._at_once = at_once
        self._acted_at = float("-inf")
        self._is_pending = False

    def ask(self) -> None:
        """Something changed."""
        if self._is_pending or not self._widget.is_mounted or not self._widget.display:
            return
        self._is_pending = True
        left = self._acted_at + self._seconds - monotonic() if self._at_once else self._seconds
        if left <= 0:
            self._widget.call_next(self._fire)
        else:
            self._widget.set_timer(left, self._fire)

    def _fire(self) -> None:
        self._is_pending = False
        if self._widget.display:
            self._acted_at = monotonic()
            self._act()
