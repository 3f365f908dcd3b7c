"""Redraws at most every so many seconds: armed by the first change, at rest when nothing is pending."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from inspect import Signature
from typing import ClassVar

from textual.widget import Widget


class Soon:
    """Calls `act` after an `ask`, at most every `seconds`; while its widget is not shown, not at all.

    Waits by the loop's own timer: Textual's makes a task each time, and looks at what it calls twice.

    Args:
        widget: whose redraws these are.
        seconds: how long it waits after an `ask`; with `at_once` only where it has just acted.
        act: what to do.
        at_once: act on the first `ask` as soon as what asks is done.
    """

    __signature__: ClassVar[Signature] = Signature()
    """Textual asks how many arguments a callback takes whenever it calls one: this is the answer, made once."""

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
        left = self._acted_at + self._seconds - asyncio.get_running_loop().time() if self._at_once else self._seconds
        if left <= 0:
            self._widget.call_next(self)
        else:
            asyncio.get_running_loop().call_later(left, self._widget.call_next, self)

    def __call__(self) -> None:
        """It is time."""
        self._is_pending = False
        if self._widget.display:
            self._acted_at = asyncio.get_running_loop().time()
            self._act()
