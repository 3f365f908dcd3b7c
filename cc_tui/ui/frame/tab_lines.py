"""The tabs: their numbers, the active one, a count where something waits. Pure drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.shape import NARROW_FROM, WIDE_FROM, margin_of

HAIRLINE_FROM_ROWS = 30
"""Rows of the screen from which the active tab is carried by a hairline."""


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


@dataclass(frozen=True, slots=True)
class TabSpan:
    """Where a tab stands, in cells."""

    start: int
    end: int
    tab_id: str


def tab_spans(tabs: Sequence[TabName], width: int) -> list[TabSpan]:
    """Where each tab stands, where there is room for all."""
    at, gap = margin_of(width), _gap(width)
    spans = []
    for tab in tabs if width >= NARROW_FROM else ():
        end = at + len(tab.written(width)) + 2
        spans.append(TabSpan(at, end, tab.id))
        at = end + gap
    return spans


def tab_line(tabs: Sequence[TabName], active: str, inner: tuple[str, str] | None, width: int, look: Look) -> Line:
    """All tabs; below 80 columns the active one, or the title and the right end of a screen inside it."""
    return _wide(tabs, active, width) if width >= NARROW_FROM else _narrow(tabs, active, inner, look)


def hairline(tabs: Sequence[TabName], active: str, width: int, look: Look) -> Line:
    """The hairline below them, heavy under the active one."""
    signs = look.signs
    line = Line()
    at = 0
    for span in tab_spans(tabs, width):
        if span.tab_id == active:
            line.add(signs.rule * span.start, Token.RULE).add(signs.heavy_rule * (span.end - span.start), Token.ACCENT)
            at = span.end
    return line.add(signs.rule * (width - at), Token.RULE)


def _gap(width: int) -> int:
    return 4 if width >= WIDE_FROM else 2


def _wide(tabs: Sequence[TabName], active: str, width: int) -> Line:
    line = Line().add(" " * margin_of(width))
    for tab in tabs:
        if tab.id == active:
            line.add(f"{tab.number} {tab.written(width)}", Token.TAB)
        else:
            name = tab.name if width >= WIDE_FROM else tab.short
            line.add(f"{tab.number} ", Token.DIM).add(name)
            line.add(f" {tab.count:,}" if tab.count else "", Token.STRONG)
        line.add(" " * _gap(width))
    return line


def _narrow(tabs: Sequence[TabName], active: str, inner: tuple[str, str] | None, look: Look) -> Line:
    if inner is not None:
        title, right = inner
        line = Line().add(" ").add("q", Token.STRONG).add(f" {look.signs.back} ", Token.DIM)
        return line.add(title, Token.TAB).end(right, Token.DIM).end(" ")
    shown = next(tab for tab in tabs if tab.id == active)
    keys = ", ".join(str(tab.number) for tab in tabs)
    return Line().add(" ").add(f"{shown.number} {shown.name}", Token.TAB).end(f"{keys} tabs", Token.DIM).end(" ")
