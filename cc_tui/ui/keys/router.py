"""Where a key goes: to the action that the place knows it by; a decision key first to the guard.

While one key is being judged (12 ms), later ones wait their turn, so that nothing moves under it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from textual import events

from cc_tui.actions.action import Action, Risk, Where
from cc_tui.actions.keymap import Keymap, written
from cc_tui.decisions.guard import Guard, KeyRead, Selected, Swallowed

BROKEN_STARTS = frozenset({"[", "O", "P", "]"})
LONELY_BRACKETS = frozenset({"[", "]"})
"""What a sequence torn right behind its first two bytes is read as, without an escape; no action has these keys."""
BROKEN_WITHIN_SECONDS = 0.6


class KeyHost(Protocol):
    """What stands before the operator."""

    def places(self) -> Sequence[Where]:
        """Where keys are looked for now, nearest first."""

    def selected(self) -> Selected | None:
        """What a decision key would decide now."""

    def decides_by_sight(self, action: Action) -> bool:
        """Whether the action decides what is selected (not marks, not a dialog)."""

    def look_first(self) -> None:
        """A decision key where nothing is in view that it could decide: bring it into view."""

    def why_not(self, action: Action) -> str | None:
        """Why an action can't be used now."""

    def act(self, action: Action, key: str) -> None:
        """Do it."""

    def refuse(self, action: Action, why: str) -> None:
        """Say why it can't be done."""

    def swallowed(self, swallowed: Swallowed) -> None:
        """Say what did not count, and why."""

    def typed_letter(self, key: str) -> bool:
        """A key that a started sequence (sort) waits for; True when it was."""

    def unbound(self, key: str) -> None:
        """A key, as people write it, that means nothing here."""


class Timing(Protocol):
    """When things happen."""

    def when_read(self, at: float, call: Callable[[], None]) -> None:
        """Call once all that was read up to `at`, by the clock that key events carry, was handed over."""


class KeyRouter:
    """Turns reads into actions."""

    def __init__(self, keymap: Keymap, guard: Guard, host: KeyHost, timing: Timing) -> None:
        self.keymap = keymap
        self._guard = guard
        self._host = host
        self._timing = timing
        self._waiting: tuple[KeyRead, Action, Selected | None] | None = None
        self._queue: deque[KeyRead] = deque()
        self._escape_at = float("-inf")

    def read(self, name: str, at: float) -> KeyRead:
        """Tell the guard of a key, whoever it is for."""
        if name == "^" or name.startswith("alt+") or (
            name in BROKEN_STARTS and at - self._escape_at < BROKEN_WITHIN_SECONDS
        ):  # fmt: skip
            self._guard.broken(at)
        if name == "escape":
            self._escape_at = at
        return self._guard.key(name, at)

    def press(self, name: str, at: float) -> None:
        """A key that no input takes."""
        if name in LONELY_BRACKETS:
            self._guard.broken(at)
        read = self.read(name, at)
        if self._waiting is not None or self._queue:
            self._queue.append(read)
        else:
            self._handle(read)

    def judge_typed(self, read: KeyRead, then: Callable[[], None]) -> None:
        """Have a key that ends typed words (enter) judged as a finger's, then go on."""

        def judged() -> None:
            swallowed = self._guard.judge(read, None)
            if swallowed is not None:
                self._host.swallowed(swallowed)
            else:
                then()

        self._timing.when_read(self._judged_at(read), judged)

    def _handle(self, read: KeyRead) -> None:
        host = self._host
        action = self.keymap.find(read.name, host.places())
        is_decision = action is not None and action.risk is Risk.DECISION
        if not is_decision and (swallowed := self._guard.swallows(read)) is not None:
            host.swallowed(swallowed)
            return
        if host.typed_letter(read.name):
            return
        if action is None:
            host.unbound(written(read.name))
            return
        why = host.why_not(action)
        if why is not None:
            host.refuse(action, why)
        elif is_decision:
            selected = self._selected_for(action)
            if selected is None and host.decides_by_sight(action):
                host.look_first()
                return
            self._waiting = (read, action, selected)
            self._timing.when_read(self._judged_at(read), self._judge)
        else:
            host.act(action, read.name)

    def _judge(self) -> None:
        if self._waiting is None:
            return
        read, action, selected = self._waiting
        self._waiting = None
        now = self._selected_for(action)
        swallowed = self._guard.judge(read, selected, is_still_selected=now == selected)
        if swallowed is not None:
            self._host.swallowed(swallowed)
            if _changed_meanwhile(selected, now) and (why := self._host.why_not(action)) is not None:
                self._host.refuse(action, why)  # somebody was first, within these 12 ms: that says more
        else:
            self._host.act(action, read.name)
        while self._queue and self._waiting is None:
            self._handle(self._queue.popleft())

    def _selected_for(self, action: Action) -> Selected | None:
        """What the action would decide by sight; None where it decides marks: one never becomes the other."""
        return self._host.selected() if self._host.decides_by_sight(action) else None

    def _judged_at(self, read: KeyRead) -> float:
        """When it is known whether others came with a key."""
        return read.at + self._guard.settings.burst_ms / 1_000


def _changed_meanwhile(before: Selected | None, now: Selected | None) -> bool:
    """Whether the same item is selected still, but not as it was."""
    return before is not None and now is not None and now != before and now.item_id == before.item_id


def name_of(event: events.Key) -> str:
    """A key as the registry names it: a printable one by its character.

    What enter sends becomes ^j while a shell has the terminal, and ^j is nothing else's: it is enter.
    """
    if event.key == "ctrl+j":
        return "enter"
    character = event.character
    if character is not None and len(character) == 1 and character.isprintable() and character != " ":
        return character
    return event.key
