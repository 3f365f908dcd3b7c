"""How much room the queue has beside, or above, the draft."""

from __future__ import annotations

from dataclasses import dataclass

from cc_tui.ui.widgets.shape import Shape


@dataclass(frozen=True, slots=True)
class Room:
    """Cells across and lines down for the queue; None: all that there are."""

    columns: int
    rows: int | None


def room_of(shape: Shape, columns: int, rows: int) -> Room:
    """The queue's share of a screen of so many columns and rows."""
    match shape:
        case Shape.WIDE:
            return Room(max(48, round(columns * 0.4)), None)
        case Shape.NARROW:
            return Room(columns, max(7, rows // 4 + 1))
        case _:
            return Room(columns, None)
