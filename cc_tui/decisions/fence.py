"""Fences: questions to the terminal that prove a frame is on the screen.

Behind a frame goes a request for the cursor's position, asked at a place unique to it; a terminal answers in order, so
the answer proves that all before it was shown. Pure bookkeeping: whoever writes and reads hands in times (seconds).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

ShownT = TypeVar("ShownT")

MUTE_AFTER_SECONDS = 5.0
MUTE_FRAME_SECONDS = 1.0
PENDING_MOST = 256


@dataclass(frozen=True, slots=True)
class Fence(Generic[ShownT]):
    """One question: what the frame before it showed, and when it was written."""

    shown: ShownT
    written_at: float
    row: int
    column: int

    @property
    def sequence(self) -> str:
        """Save the cursor, go to the fence's own place, ask for the position, restore. Rows and columns from 1."""
        return f"\x1b7\x1b[{self.row};{self.column}H\x1b[6n\x1b8"


class Fences(Generic[ShownT]):
    """The fences that were written and not yet answered.

    Row 1 is never used: Shift+F3 sends `CSI 1;2R`, which reads like an answer from there.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self._pending: dict[tuple[int, int], Fence[ShownT]] = {}
        self._columns = columns
        self._rows = rows
        self._number = 0
        self._first_written_at: float | None = None
        self.has_testified = False
        """Whether this terminal ever answered: then it is waited for, however long."""

    def resize(self, columns: int, rows: int) -> None:
        """The screen has another size: what is pending proves nothing any more."""
        self._columns, self._rows = columns, rows
        self.drop_all()

    def drop_all(self) -> None:
        """Forget what is pending (suspend, resize)."""
        self._pending.clear()

    def write(self, shown: ShownT, at: float) -> Fence[ShownT]:
        """A fence for the frame that was just written; its `sequence` goes out right behind it."""
        usable_rows = max(1, self._rows - 1)
        places = usable_rows * max(1, self._columns)
        row, column = divmod(self._number % places, max(1, self._columns))
        self._number += 1
        fence = Fence(shown, at, row + 2, column + 1)
        self._pending.pop((fence.row, fence.column), None)
        self._pending[fence.row, fence.column] = fence
        while len(self._pending) > PENDING_MOST:
            del self._pending[next(iter(self._pending))]
        if self._first_written_at is None:
            self._first_written_at = at
        return fence

    def answered(self, row: int, column: int) -> Fence[ShownT] | None:
        """The fence that an answer names; None for an answer that fits none. Those before it are done with, too."""
        fence = self._pending.get((row, column))
        if fence is None:
            return None
        for place in list(self._pending):
            del self._pending[place]
            if place == (row, column):
                break
        self.has_testified = True
        return fence

    def is_mute(self, at: float) -> bool:
        """Whether the terminal never answered in its first five seconds."""
        first = self._first_written_at
        return not self.has_testified and first is not None and at - first >= MUTE_AFTER_SECONDS

    def taken_for_shown(self, at: float) -> list[Fence[ShownT]]:
        """On a mute terminal: the frames written more than a second ago. They are no longer pending."""
        if not self.is_mute(at):
            return []
        old = [fence for fence in self._pending.values() if at - fence.written_at >= MUTE_FRAME_SECONDS]
        for fence in old:
            del self._pending[fence.row, fence.column]
        return old
