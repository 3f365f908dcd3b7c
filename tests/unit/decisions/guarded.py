"""An operator before a screen, for tests of the guard."""

from __future__ import annotations

from dataclasses import dataclass, field

from cc_tui.decisions.guard import Guard, GuardSettings, Selected, Shown, Swallowed, Why

LINES = frozenset(range(10))


@dataclass
class Desk:
    """An operator before a screen: time passes only as the test says."""

    guard: Guard = field(default_factory=lambda: Guard(GuardSettings()))
    now: float = 100.0
    selection: int = 1
    item: str = "one"
    version: int = 1
    line: str | None = None
    risk: int = 10
    flagged: frozenset[int] = frozenset()
    body: frozenset[int] = LINES
    in_view: frozenset[int] = LINES
    is_warned: bool = False

    @property
    def selected(self) -> Selected:
        return Selected(self.item, self.version, self.selection, self.line)

    def paint(self, wait: float = 0.0, *, written_ago: float = 0.0) -> None:
        """A frame of what is selected is confirmed."""
        self.now += wait
        shown = Shown(self.selected, self.in_view, LINES, self.flagged, self.body, self.risk, self.is_warned)
        self.guard.painted(shown, self.now, self.now - written_ago)

    def look(self, seconds: float = 1.0) -> None:
        """A frame, then so many seconds, then the second fence."""
        self.paint()
        self.paint(seconds)

    def press(self, name: str = "a", wait: float = 0.05, *, repeats: bool | None = None) -> Swallowed | None:
        """A key is read, and judged 12 ms later."""
        self.now += wait
        read = self.guard.key(name, self.now, repeats=repeats)
        selected = self.selected
        self.now += 0.012
        return self.guard.judge(read, selected)

    def select(self, item: str) -> None:
        """Another row."""
        self.item = item
        self.selection += 1


def why(swallowed: Swallowed | None) -> Why | None:
    return swallowed.why if swallowed is not None else None
