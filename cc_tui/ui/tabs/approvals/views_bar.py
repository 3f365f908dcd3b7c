"""The line of views above the queue, each with its count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from cc_tui.state.approvals.rows import View
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line


@dataclass(frozen=True, slots=True)
class ViewsFacts:
    """Views with their counts (None: not known yet), the active one, and what stands at the right."""

    counts: tuple[tuple[View, int | None], ...]
    active: View
    right: str = ""
    marks: str = ""


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
        """What fits; the active view is always there."""
        facts = self._facts()
        margin = 2 if width >= 110 else 1
        gap = 3 if width >= 110 else 2
        line = Line()
        right = 0
        if facts.marks:
            line.end(f"{self.look.signs.mark} {facts.marks}", Token.ACCENT)
            right += len(facts.marks) + 2
        if facts.right and width >= 100:
            line.right.insert(0, (Line().add(facts.right + ("   " if facts.marks else ""), Token.DIM)).left[0])
            right += len(facts.right) + 3
        line.end(" " * margin)
        at = margin
        line.add(" " * margin)
        self._spans = []
        active = [view for view, _count in facts.counts].index(facts.active)
        start = max(0, active - 2) if width < 80 else 0
        if start:
            line.add(f"{self.look.signs.back} ", Token.DIM)
            at += 2
        for view, count in facts.counts[start:]:
            figure = "–" if count is None else f"{count:,}"
            wide = len(view.value) + 1 + len(figure)
            if at + wide > width - margin - right:
                line.right[:-1] = [*line.right[:-1], *Line().add(self.look.signs.more, Token.DIM).left]
                break
            self._spans.append((at, at + wide, view))
            if view is facts.active:
                line.add(f"{view.value} {figure}", Token.TAB)
            else:
                line.add(f"{view.value} ", Token.DIM).add(figure)
            line.add(" " * gap)
            at += wide + gap
        return [line]

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
