"""The tabs: their numbers, the active one, a count where something waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.shape import NARROW_FROM, WIDE_FROM, margin_of

HAIRLINE_FROM_ROWS = 30


@dataclass(frozen=True, slots=True)
class TabName:
    """A tab: its number (which is its key), its name, a shorter one, and what waits in it."""

    number: int
    id: str
    name: str
    short: str
    count: int | None = None

    def written(self, width: int) -> str:
        """The name with its count."""
        name = self.name if width >= WIDE_FROM else self.short
        return f"{name} {self.count:,}" if self.count else name


TABS = (
    TabName(1, "dashboard", "Dashboard", "Dash"),
    TabName(3, "agents", "Agents", "Agents"),
    TabName(5, "approvals", "Approvals", "Approvals"),
)


class TabBar(Canvas):
    """One line of tabs, and from 30 rows a hairline that carries the active one."""

    DEFAULT_CSS = "TabBar { height: 2; } TabBar.-low { height: 1; }"

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, tab_id: str) -> None:
            super().__init__()
            self.tab_id = tab_id

    def __init__(self, look: Look, active: str) -> None:
        super().__init__(look, id="tab-bar")
        self._tabs: tuple[TabName, ...] = TABS
        self._active = active
        self._inner: tuple[str, str] | None = None
        self._spans: list[tuple[int, int, str]] = []

    def show(self, tabs: Sequence[TabName], active: str, inner: tuple[str, str] | None = None) -> None:
        """Show these; `inner` is, below 80 columns, the title and the right end of a screen inside the tab."""
        if (tuple(tabs), active, inner) != (self._tabs, self._active, self._inner):
            self._tabs, self._active, self._inner = tuple(tabs), active, inner
            self.repaint()

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The tabs, and the hairline."""
        lines = [self._narrow(width) if width < NARROW_FROM else self._wide(width)]
        if height > 1:
            lines.append(self._hairline(width))
        return lines

    def on_click(self, event: events.Click) -> None:
        """A click goes to a tab."""
        for start, end, tab_id in self._spans:
            if start <= event.x < end:
                self.post_message(self.Chosen(tab_id))

    def _wide(self, width: int) -> Line:
        line = Line().add(" " * margin_of(width))
        at = margin_of(width)
        gap = 4 if width >= WIDE_FROM else 2
        self._spans = []
        for tab in self._tabs:
            written = tab.written(width)
            wide = len(written) + 2
            self._spans.append((at, at + wide, tab.id))
            if tab.id == self._active:
                line.add(f"{tab.number} {written}", Token.TAB)
            else:
                name = tab.name if width >= WIDE_FROM else tab.short
                line.add(f"{tab.number} ", Token.DIM).add(name)
                line.add(f" {tab.count:,}" if tab.count else "", Token.STRONG)
            line.add(" " * gap)
            at += wide + gap
        return line

    def _narrow(self, width: int) -> Line:
        del width
        self._spans = []
        active = next(tab for tab in self._tabs if tab.id == self._active)
        if self._inner is not None:
            title, right = self._inner
            line = Line().add(" ").add("q", Token.STRONG).add(f" {self.look.signs.back} ", Token.DIM)
            return line.add(title, Token.TAB).end(right, Token.DIM).end(" ")
        keys = ", ".join(str(tab.number) for tab in self._tabs)
        return Line().add(" ").add(f"{active.number} {active.name}", Token.TAB).end(f"{keys} tabs", Token.DIM).end(" ")

    def _hairline(self, width: int) -> Line:
        signs = self.look.signs
        line = Line()
        at = 0
        for start, end, tab_id in self._spans:
            if tab_id == self._active:
                line.add(signs.rule * start, Token.RULE).add(signs.heavy_rule * (end - start), Token.ACCENT)
                at = end
        return line.add(signs.rule * (width - at), Token.RULE)
