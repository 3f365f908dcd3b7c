"""What the parts of the Approvals tab ask of it: none of them takes the whole tab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from textual.app import App

    from cc_tui.session import Session
    from cc_tui.state.approvals.lists import ApprovalList
    from cc_tui.state.approvals.rows import ApprovalRow, View
    from cc_tui.ui.tabs.approvals.draft.pane import DraftPane
    from cc_tui.ui.tabs.approvals.queue.rows import QueueRows
    from cc_tui.ui.tabs.approvals.queue.views_bar import ViewsBar
    from cc_tui.ui.tabs.approvals.triage import Triage
    from cc_tui.ui.tabs.tab import Stage
    from cc_tui.ui.widgets.shape import Shape
    from cc_tui.ui.widgets.table import Table


class Desk(Protocol):
    """What lies before the operator: a view of the queue, the row under the cursor, its draft."""

    @property
    def stage(self) -> Stage:
        """What the app does for it."""

    @property
    def session(self) -> Session:
        """What is known, and where the app says things."""

    @property
    def triage(self) -> Triage:
        """What may be decided, and does it."""

    @property
    def view(self) -> View:
        """The view that is shown."""

    @property
    def queue(self) -> ApprovalList:
        """Its list."""

    @property
    def row(self) -> ApprovalRow | None:
        """The row under the cursor."""

    @property
    def pane(self) -> DraftPane:
        """Where its draft is shown."""

    @property
    def shape(self) -> Shape:
        """How list and draft share the screen."""

    @property
    def is_item_open(self) -> bool:
        """On a phone: whether the draft is shown in place of the list."""


class Steered(Desk, Protocol):
    """A desk whose keys move the cursor, open and close."""

    selection: int
    """Grows with every row that is selected, also with the same one again."""
    is_diff_open: bool
    """Whether the draft is shown beside what the agent had written."""

    @property
    def app(self) -> App[Any]:
        """For the clipboard, and to lend the terminal to an editor."""

    @property
    def table(self) -> Table:
        """The list on the screen."""

    @property
    def sources(self) -> Mapping[View, QueueRows]:
        """The rows of each view, as they are drawn."""

    @property
    def views(self) -> ViewsBar:
        """The line that names the views."""

    @property
    def is_preview_focused(self) -> bool:
        """Whether the keys that move scroll the draft."""

    def show_view(self, view: View) -> None:
        """Show another view, settled."""

    def select_anew(self) -> None:
        """Another row, or the same one again, is selected: what was held before does not count."""

    def open_item(self) -> None:
        """A decision that did not go through: what to do about it. On a phone: the draft in place of the list."""

    def close_item(self) -> None:
        """Back to the list."""

    def focus_preview(self, *, is_focused: bool) -> None:
        """Give the keys that move to the draft, or back to the list."""

    def refresh_draft(self) -> None:
        """Draw the selected draft."""
