"""Turns of the loop: what is asked for later is done past Textual's queues, and what it changes is painted at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cc_tui.ui.terminal.driver import FrameDriver

if TYPE_CHECKING:
    from textual.app import App
    from textual.driver import Driver

    from cc_tui.ui.terminal.painter import Painter


class Turns:
    """Does things in turns of their own.

    Args:
        app: whose they are.
        painter: paints what a turn changed.
        driver: tells what reads the terminal.
        monotonic: the clock that key events carry.
    """

    def __init__(
        self,
        app: App[Any],
        painter: Painter,
        driver: Callable[[], Driver | None],
        monotonic: Callable[[], float],
    ) -> None:
        self._app = app
        self._painter = painter
        self._driver = driver
        self._monotonic = monotonic

    def do(self, call: Callable[[], object]) -> None:
        """Do it now; what it raises goes where Textual has everything that a handler raises."""
        if not self._app.is_running:
            return
        try:
            self._painter.paint_after(call)
        except Exception as error:  # noqa: BLE001  (the app's own funnel: it ends with a traceback)
            self._app._handle_exception(error)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Do it after so many seconds."""
        asyncio.get_running_loop().call_later(max(0.001, seconds), self.do, call)

    def when_read(self, at: float, call: Callable[[], None]) -> None:
        """Do it once all that was read up to `at` was handed over.

        The loop wakes up by whole milliseconds: the rest of the last one is waited out awake.
        """
        loop, driver, left = asyncio.get_running_loop(), self._driver(), at - self._monotonic()
        if left > 0:
            loop.call_later(int(left * 1_000) / 1_000, self.when_read, at, call)
        elif isinstance(driver, FrameDriver) and driver.is_reading:
            loop.call_soon(self.when_read, at, call)
        else:
            loop.call_soon(self.do, call)  # behind what was handed over just now
