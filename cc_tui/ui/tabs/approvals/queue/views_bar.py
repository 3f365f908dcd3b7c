"""The line of views above the queue, each with its count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from cc_tui.state.approvals.rows import View
from cc_tui.text.fit import cut
from cc_tui.text.safe import SafeText, safe_line
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line, Piece, width_of
from cc_tui.ui.widgets.shape import margin_of

WORDS_FROM = 100
"""Columns from which there is room for what is known of the queue."""


@dataclass(frozen=True, slots=True)
class ViewsFacts:
    """Views with their counts (None: not known yet), the active one, and what stands at the right."""

    counts: tuple[tuple[View, int | None], ...]
    active: View
    right: str = ""
    marks: str = ""
    filter_text: str = ""
    as_of: str = ""
    """Since when nothing was heard, in words, while that is long ago."""


class ViewsBar(Canvas):
    """`pending 12   leaving 2   problems 1 …`."""

    DEFAULT_CSS = "ViewsBar { height: 1; }"

    class Chosen(Message):
        """A view was clicked."""

        def __init__(self, view: View) -> None:
            super().__init__()
            self.view = view

    def __init__(self, look: Look, facts: Callable[[], ViewsFacts]) -> None:
        super().__init__(look, id="views")
        self._facts = facts
        self._spans: list[tuple[int, int, View]] = []

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """What fits; the active view, the filter and the marks are always there."""
        facts = self._facts()
        margin = margin_of(width)
        line = Line().add(" " * margin)
        line.right = [*self._right(facts, width), (SafeText(" " * margin), Token.TEXT)]
        self._add_views(line, facts, margin, width - width_of(line.right) - 1)
        return [line]

    def _right(self, facts: ViewsFacts, width: int) -> list[Piece]:
        """The filter, what is known of the queue, the marks; below 100 columns only what the operator did."""
        pieces: list[Piece] = []
        if facts.filter_text:
            shown = cut(safe_line(facts.filter_text), max(8, width // 3))
            pieces += [(SafeText("/"), Token.ACCENT_STRONG), (shown, Token.ACCENT)]
        if facts.as_of:
            pieces += [(SafeText("  " if pieces else ""), Token.DIM), (SafeText(facts.as_of), Token.DIM)]
        if facts.right and width >= WORDS_FROM:
            pieces += [(SafeText("   " if pieces else ""), Token.DIM), (safe_line(facts.right), Token.DIM)]
        if facts.marks:
            words = facts.marks if width >= WORDS_FROM or not facts.filter_text else facts.marks.split(" ")[0]
            pieces += [(SafeText("   " if pieces else ""), Token.DIM),
                       (SafeText(f"{self.look.signs.mark} {words}"), Token.ACCENT)]  # fmt: skip
        return pieces

    def _add_views(self, line: Line, facts: ViewsFacts, margin: int, end: int) -> None:
        """The views that fit before column `end`, from a bit before the active one where not all do."""
        gap = 3 if margin > 1 else 2
        at = margin
        self._spans = []
        active = [view for view, _count in facts.counts].index(facts.active)
        start = self._first_shown(facts, active, gap, end - margin)
        if start:
            line.add(f"{self.look.signs.back} ", Token.DIM)
            at += 2
        for view, count in facts.counts[start:]:
            figure = "–" if count is None else f"{count:,}"
            wide = len(view.value) + 1 + len(figure)
            is_last = view is facts.counts[-1][0]
            if at + wide > end - (0 if is_last else gap + 1) and view is not facts.active:
                line.to(at).add(self.look.signs.more, Token.DIM)
                return
            self._spans.append((at, at + wide, view))
            line.to(at)
            if view is facts.active:
                line.add(f"{view.value} {figure}", Token.TAB)
            else:
                line.add(f"{view.value} ", Token.DIM).add(figure)
            at += wide + gap

    @staticmethod
    def _first_shown(facts: ViewsFacts, active: int, gap: int, room: int) -> int:
        """The first view, unless the active one would not fit behind it: then as late as it must be."""
        widths = [len(view.value) + 2 + len(f"{count or 0:,}") + gap for view, count in facts.counts]
        start = 0
        while start < active and sum(widths[start : active + 1]) > room - (2 if start else 0):
            start += 1
        return start

    def on_click(self, event: events.Click) -> None:
        """A click shows a view."""
        for start, end, view in self._spans:
            if start <= event.x < end:
                self.post_message(self.Chosen(view))


class Rule(Canvas):
    """A hairline, across or (one cell wide) down."""

    DEFAULT_CSS = "Rule { height: 1; }"

    def __init__(self, look: Look, *, id: str, crossing: Callable[[], int | None] = lambda: None) -> None:  # noqa: A002
        super().__init__(look, id=id)
        self._crossing = crossing

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The rule, with a tee where another meets it."""
        signs = self.look.signs
        if height > 1:
            return [Line().add(signs.divider, Token.RULE) for _ in range(height)]
        at = self._crossing()
        if at is None or not 0 <= at < width:
            return [Line().add(signs.rule * width, Token.RULE)]
        return [Line().add(signs.rule * at + signs.tee_down + signs.rule * (width - at - 1), Token.RULE)]
