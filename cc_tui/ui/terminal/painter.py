"""Puts changed lines on the screen at once: in the turn of the loop that changed them, past Textual's queues.

A line on which nothing lies is drawn straight into the driver's picture. Where that can't be done (a sheet over it, a
size that is not laid out yet, another driver) its widget is refreshed as any other. Contract tests pin what this uses
of Textual: the compositor's map of visible widgets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from textual.geometry import Region

from cc_tui.ui.terminal.driver import FrameDriver

if TYPE_CHECKING:
    from textual.app import App
    from textual.driver import Driver
    from textual.widget import Widget

    from cc_tui.ui.widgets.canvas import Canvas


class Painter:
    """Gathers lines that changed, and paints them.

    Args:
        app: whose screen it is.
        driver: tells what draws on the terminal.
        is_patient: leave everything to Textual, which paints so many frames a second and no more.
    """

    def __init__(self, app: App[Any], driver: Callable[[], Driver | None], *, is_patient: bool) -> None:
        self._app = app
        self._driver = driver
        self._is_patient = is_patient
        self._changed: dict[Canvas, set[int]] = {}
        self._has_drawn = False
        self._is_turn = False
        self._map: object = None
        self._places: dict[Canvas, Region | None] = {}

    @property
    def is_pending(self) -> bool:
        """Whether lines wait to be painted."""
        return bool(self._changed)

    @property
    def is_laid_out(self) -> bool:
        """Whether the screen was laid out for the size that the terminal has now."""
        return self._app.screen._compositor.size == self._app.size

    def take(self, canvas: Canvas, lines: Iterable[int]) -> None:
        """These lines of a canvas changed: paint them at the end of this turn, if nobody does before."""
        if self._ready() is None:
            _refresh(canvas, lines)
            return
        if not (self._changed or self._is_turn):
            self._app.call_next(self.paint)
        self._changed.setdefault(canvas, set()).update(lines)

    def turn(self, left: str, shown: str, stage: Sequence[Widget]) -> None:
        """Draw one thing in place of another, as it was left; `paint` has it painted.

        Textual lays it out later, and finds it on the screen already; what changed meanwhile is drawn then. What was
        never left here waits for that.

        Args:
            left: the name of what stands on the stage now, with nothing over it.
            shown: the name of what will stand there.
            stage: widgets that take whole rows.
        """
        driver, regions = self._ready(), [widget.region for widget in stage]
        if driver is not None and all(region.width == self._app.size.width for region in regions):
            driver.begin_frame()
            self._has_drawn |= driver.turn(left, shown, [row for region in regions for row in region.line_range])

    def forget_places(self) -> None:
        """Something is hidden, or shown, that Textual has not taken off, or put on, yet."""
        self._map = None

    def paint_after(self, call: Callable[[], object]) -> None:
        """Do it, then paint what it changed."""
        self._is_turn = True
        try:
            call()
        finally:
            self._is_turn = False
        self.paint()

    def paint(self) -> None:
        """Paint now what waits."""
        changed, self._changed = self._changed, {}
        driver = self._ready()
        if driver is None:
            for canvas, lines in changed.items():
                _refresh(canvas, lines)
            return
        if changed:
            driver.begin_frame()
        for canvas, lines in changed.items():
            place = self._place_of(canvas)
            left = set(lines) if place is None else _draw(driver, canvas, place, sorted(lines))
            self._has_drawn = self._has_drawn or len(left) < len(lines)
            _refresh(canvas, left)
        if self._has_drawn:
            self._has_drawn = False
            driver.flush()
            self._app.post_display_hook()

    def _ready(self) -> FrameDriver | None:
        """The driver, where it can be drawn on now."""
        driver = self._driver()
        is_held = self._is_patient or not self._app.is_running or self._app._batch_count
        return driver if isinstance(driver, FrameDriver) and not is_held else None

    def _place_of(self, canvas: Canvas) -> Region | None:
        """Where all of it is seen; None where something lies over it, or it is not laid out as it was drawn."""
        visible = self._app.screen._compositor.visible_widgets
        if visible is not self._map:
            self._map, self._places = visible, {}
        if canvas not in self._places:
            self._places[canvas] = self._found(canvas)
        place = self._places[canvas]
        return place if place is not None and canvas.is_mounted and place.size == canvas.size else None

    def _found(self, canvas: Canvas) -> Region | None:
        visible = self._app.screen._compositor.visible_widgets
        if canvas not in visible or not all(one.display for one in canvas.ancestors_with_self):
            return None
        region, clip = visible[canvas]
        if not clip.contains_region(region):
            return None
        below = {canvas, *canvas.ancestors}
        is_covered = any(
            widget not in below and region.overlaps(other.intersection(seen))
            for widget, (other, seen) in visible.items()
        )
        return None if is_covered else region


def _draw(driver: FrameDriver, canvas: Canvas, place: Region, lines: Sequence[int]) -> set[int]:
    """Draw lines of a canvas, but none below its end; returns those that could not be."""
    return {y for y in lines if y < place.height and not driver.draw_line(place.y + y, place.x, canvas.render_line(y))}


def _refresh(canvas: Canvas, lines: Iterable[int]) -> None:
    regions = [Region(0, y, canvas.size.width, 1) for y in lines]
    if regions:
        canvas.refresh(*regions)
