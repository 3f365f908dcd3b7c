"""The pane that shows the selected draft, and knows what of it was painted: the guard's eyes."""

from __future__ import annotations

from collections.abc import Sequence

from cc_tui.decisions.guard import Selected, Shown
from cc_tui.state.approvals.rows import ApprovalRow, Weight
from cc_tui.ui.tabs.approvals.draft.preview import Part, PreviewLine
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.pane import Pane
from cc_tui.ui.widgets.shape import margin_of

AIRY_FROM, AIRY_FROM_COLUMNS = 24, 60
LINES_BEFORE = 2
"""Lines above one that is brought into view, so that it is seen where it stands."""


class DraftPane(Pane):
    """A draft's lines, with a line of choices below when one is open."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="draft")
        self._draft: Sequence[PreviewLine] = ()
        self._row: ApprovalRow | None = None
        self._selection = 0
        self._draft_count = 0
        self._choice: tuple[str, Sequence[Line]] | None = None

    def show_draft(
        self, row: ApprovalRow | None, lines: Sequence[PreviewLine], draft_count: int, selection: int, *, is_new: bool
    ) -> None:
        """Show a draft; the first `draft_count` lines are its own, `selection` counts the selections."""
        self._row, self._draft, self._draft_count, self._selection = row, lines, draft_count, selection
        self.show([one.line for one in lines], from_top=is_new)

    def open_choice(self, name: str, lines: Sequence[Line]) -> None:
        """Open a line of choices below the draft."""
        self._choice = (name, lines)
        self.repaint()

    def close_choice(self) -> None:
        """Close it."""
        if self._choice is not None:
            self._choice = None
            self.repaint()

    @property
    def choice_name(self) -> str | None:
        """The name of the open line of choices."""
        return self._choice[0] if self._choice is not None else None

    @property
    def is_airy(self) -> bool:
        """Whether there is room for empty lines around a line of choices."""
        return self.size.height >= AIRY_FROM and self.size.width >= AIRY_FROM_COLUMNS

    @property
    def page(self) -> int:
        """How many lines of the draft are in view."""
        height = self.size.height - (len(self._choice[1]) if self._choice is not None else 0)
        return max(1, height)

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The draft in view, what more there is, and the choices."""
        self._clamp_to_page()
        lines = list(self.lines[self.top : self.top + self.page])
        more = len(self.lines) - self.top - self.page
        if more > 0 and lines:
            words = f"{more + 1} more lines {self.look.signs.dot} "
            lines[-1] = Line().end(words, Token.DIM).end("J", Token.STRONG).end(" " * margin_of(self.screen.size.width))
        if self._choice is not None:
            lines += [Line()] * (self.page - len(lines))
            lines.extend(self._choice[1])
        return lines

    def scroll(self, step: int) -> None:
        """Scroll by lines."""
        self.top += step
        self._clamp_to_page()
        self.repaint()

    def reveal(self, place: int) -> None:
        """Bring a line of the draft into view, and as much as there is room for of what follows it."""
        if not self.top <= place < self.top + self.page - 1:
            self.top = place - LINES_BEFORE
        self._clamp_to_page()
        self.repaint()

    def shown(self, selected: Selected) -> Shown | None:
        """What was painted of the selected draft; None when this pane shows another, or was not painted yet."""
        row = self._row
        if row is None or not self.is_on_screen or self._selection != selected.selection:
            return None
        if (row.id, row.version) != (selected.item_id, selected.version) or not self._draft:
            return None
        in_view = frozenset(
            self.top + y for y in range(self._lines_in_view()) if self.is_painted(y)
        )  # fmt: skip
        if self._choice is not None and not all(self.is_painted(y) for y in range(self.page, self.size.height)):
            return None
        draft = self._draft[: self._draft_count]
        whole = {place for place, one in enumerate(draft) if one.part in (Part.RECIPIENT, Part.SUBJECT)}
        body = frozenset(place for place, one in enumerate(draft) if one.part is Part.BODY)
        last = self.size.height - 1
        first_screenful = {place for place in body if place < last}
        return Shown(
            selected=selected,
            in_view=in_view,
            required=frozenset(whole | first_screenful),
            flagged=frozenset(place for place, one in enumerate(draft) if one.is_flagged),
            body=body,
            risk=row.risk,
            is_warned=row.weight in (Weight.WARN, Weight.BLOCK),
        )

    @property
    def is_on_screen(self) -> bool:
        """Whether it is displayed and nothing covers it."""
        return self.is_mounted and self.is_laid_out and self.override is None

    def _lines_in_view(self) -> int:
        """Lines of the draft on screen; the last one may be taken by the words about more."""
        more = len(self.lines) - self.top - self.page
        return min(self.page, len(self.lines) - self.top) - (1 if more > 0 else 0)

    def _clamp_to_page(self) -> None:
        self.top = max(0, min(self.top, len(self.lines) - self.page))
