"""The selected draft in its pane: what is known of the row, drawn for the pane's width."""

from __future__ import annotations

from cc_tui.state.approvals.rows import ApprovalRow
from cc_tui.ui.tabs.approvals.draft.foot import foot_lines, laid_out
from cc_tui.ui.tabs.approvals.draft.pane import DraftPane
from cc_tui.ui.tabs.approvals.draft.preview import PreviewDrawing
from cc_tui.ui.tabs.approvals.facts import QueueFacts
from cc_tui.ui.themes.look import Look
from cc_tui.ui.widgets.shape import Shape


class DraftShowing:
    """Draws it anew; the place in it stays unless it is another draft, another version, or another width."""

    def __init__(self, pane: DraftPane, facts: QueueFacts, look: Look) -> None:
        self._pane = pane
        self._facts = facts
        self._look = look
        self._shown: tuple[str, int] | None = None

    @property
    def is_blank(self) -> bool:
        """Whether nothing was drawn for this width yet."""
        return self._shown is None

    def forget(self) -> None:
        """The pane has another room: begin at the top."""
        self._shown = None

    def show(self, row: ApprovalRow | None, selection: int, shape: Shape, *, is_diff_open: bool) -> None:
        """Draw `row`; `selection` numbers the selections, so that the guard knows for which one it was painted."""
        if row is None:
            self._pane.show_draft(None, (), 0, selection, is_new=True)
            self._shown = None
            return
        facts = self._facts.of_draft(row, is_diff_open=is_diff_open)
        width = self._pane.size.width - (2 if shape is Shape.WIDE else 1)
        draft = PreviewDrawing(facts, width, shape, self._look).draw()
        foot = []
        if facts.whole is not None and shape is not Shape.NARROW:
            foot = foot_lines(facts.whole, row.to_name or row.to_email, width, shape, self._look)
        is_new = self._shown != (row.id, row.version)
        self._shown = (row.id, row.version)
        self._pane.show_draft(row, laid_out(draft, foot, self._pane.page), len(draft), selection, is_new=is_new)
