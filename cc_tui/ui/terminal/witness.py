"""Asks the terminal what is on the screen, and tells the guard what it answers.

Uses four things of Textual that a contract test pins: `post_display_hook` after a frame's write, `driver.write` behind
it, `events.CursorPosition` for the answer, and `event.time` as the time of the read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from cc_tui.decisions.fence import MUTE_FRAME_SECONDS, Fence, Fences
from cc_tui.decisions.guard import Guard, Shown


class Terminal(Protocol):
    """What the witness needs of the app."""

    @property
    def can_testify(self) -> bool:
        """Whether there is a terminal at all (tests have none)."""

    def write_behind_frame(self, sequence: str) -> None:
        """Write to the terminal, behind what was written before."""

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call after so many seconds."""

    def monotonic(self) -> float:
        """The clock that events carry."""


class Witness:
    """Keeps the guard's evidence.

    `shown` tells what the selected draft shows as it was last painted; None when no draft is in view.
    """

    def __init__(self, terminal: Terminal, guard: Guard, shown: Callable[[], Shown | None]) -> None:
        self._terminal = terminal
        self._guard = guard
        self._shown = shown
        self._fences: Fences[Shown | None] = Fences(80, 24)
        self._last: Shown | None = None
        self._due_at: float | None = None
        self._mute_watch = False
        self._is_away = False

    @property
    def is_mute(self) -> bool:
        """Whether this terminal never answered: then frames count a second after they were written."""
        return self._terminal.can_testify and self._fences.is_mute(self._terminal.monotonic())

    def begin(self, columns: int, rows: int) -> None:
        """The app starts: the first question goes out before the first frame."""
        self._fences.resize(columns, rows)
        self._ask(None)

    def resized(self, columns: int, rows: int) -> None:
        """The screen has another size: nothing shown before counts."""
        self._fences.resize(columns, rows)
        self.dropped()
        self._ask_whether_it_answers()

    def dropped(self) -> None:
        """Nothing shown before counts (suspended, resized)."""
        self._fences.drop_all()
        self._guard.forget()
        self._last = None

    def went_away(self) -> None:
        """Another program has the terminal: nothing is asked of it, and nothing shown before counts."""
        self._is_away = True
        self.dropped()

    def came_back(self) -> None:
        """The terminal is the app's again."""
        self._is_away = False
        self.dropped()
        self._ask_whether_it_answers()

    def taken_back(self) -> None:
        """A question was not asked, because its frame was never sent: ask about the newest one."""
        self._last = None
        self._ask_whether_it_answers()

    def frame_drawn(self) -> None:
        """A frame was written, or may have been: ask whether the draft in view is on the screen."""
        shown = None if self._is_away else self._shown()
        if shown == self._last:
            return
        self._last = shown
        if shown is not None:
            self._ask(shown)

    def answered(self, column: int, row: int, at: float) -> None:
        """The terminal told a cursor position (from 1); one that answers no question of ours is left alone."""
        was_mute = self.is_mute
        fence = self._fences.answered(row, column)
        if fence is None:
            return
        if was_mute:
            self._guard.forget()
            self._last = None
            self.frame_drawn()
        else:
            self._confirm(fence, at, is_testimony=True)

    def _ask_whether_it_answers(self) -> None:
        """What was dropped may have been the only question; with nothing to decide no other one would follow."""
        if not self._is_away and not self._fences.has_testified:
            self._ask(None)

    def _ask(self, shown: Shown | None) -> None:
        now = self._terminal.monotonic()
        fence = self._fences.write(shown, now)
        if self._terminal.can_testify:
            self._terminal.write_behind_frame(fence.sequence)
            self._watch_mute()
        else:
            self._confirm(self._fences.answered(fence.row, fence.column) or fence, now, is_testimony=True)

    def _confirm(self, fence: Fence[Shown | None], at: float, *, is_testimony: bool) -> None:
        if fence.shown is None:
            return
        self._guard.painted(fence.shown, at, fence.written_at, is_testimony=is_testimony)
        due = self._guard.fence_due_at()
        if due is not None and due != self._due_at:
            self._due_at = due
            self._terminal.later(max(0.0, due - self._terminal.monotonic()) + 0.002, self._ask_again)

    def hold_restarted(self) -> None:
        """A key was swallowed: the hold runs again, and its end must be asked for."""
        due = self._guard.fence_due_at()
        if due is not None:
            self._due_at = due
            self._terminal.later(max(0.0, due - self._terminal.monotonic()) + 0.002, self._ask_again)

    def _ask_again(self) -> None:
        """The hold is over: keys read after the answer to this question count."""
        self._due_at = None
        shown = None if self._is_away else self._shown()
        if shown is None or not self._guard.wants_fence(self._terminal.monotonic()):
            return
        self._last = shown
        self._ask(shown)

    def _watch_mute(self) -> None:
        """Until a terminal has answered once, look by the second whether it is mute."""
        if self._mute_watch or self._fences.has_testified:
            return
        self._mute_watch = True
        self._terminal.later(MUTE_FRAME_SECONDS, self._look_for_mute)

    def _look_for_mute(self) -> None:
        self._mute_watch = False
        now = self._terminal.monotonic()
        for fence in self._fences.taken_for_shown(now):
            self._confirm(fence, now, is_testimony=False)
        self._watch_mute()
