"""Redraws at most every so many seconds: armed by the first change, at rest when nothing is pending."""

from __future__ import annotations

from collections.abc import Callable

from textual.widget import Widget


class Soon:
    """Calls `act` once, `seconds` after the first `ask`; while its widget is not shown, not at all."""

    def __init__(self, widget: Widget, seconds: float, act: Callable[[], None]) -> None:
        self._widget = widget
        self._seconds = seconds
        self._act = act
        self._is_pending = False

    def ask(self) -> None:
        """Something changed."""
        if not self._is_pending and self._widget.is_mounted and self._widget.display:
            self._is_pending = True
            self._widget.set_timer(self._seconds, self._fire)

    def _fire(self) -> None:
        self._is_pending = False
        if self._widget.display:
            self._act()
