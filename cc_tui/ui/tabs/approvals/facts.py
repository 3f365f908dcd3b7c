"""From the state to what the Approvals tab draws: the draft's facts, and what stands in the line of views."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

from cc_tui.state.approvals.lists import ApprovalList
from cc_tui.state.approvals.rows import ApprovalRow, LocalPhase, View
from cc_tui.state.link import LinkPhase
from cc_tui.text.fit import cut
from cc_tui.text.safe import safe_line
from cc_tui.ui.frame.facts import as_of
from cc_tui.ui.tabs.approvals.draft.preview import PreviewFacts
from cc_tui.ui.tabs.approvals.queue.rows import oldest_words
from cc_tui.ui.tabs.approvals.queue.views_bar import ViewsFacts
from cc_tui.ui.themes.look import Look

if TYPE_CHECKING:
    from cc_api_client.models.outbox.approvals import ApprovalDetail
    from cc_tui.session import Session

NAME_MOST = 40
"""Cells of a client's name beside a draft: the draft has the room."""
_NOUNS = {"approve": "approval", "reject": "rejection"}


class QueueFacts:
    """Reads the session for the tab."""

    def __init__(self, session: Session, look: Look) -> None:
        self._session = session
        self._look = look

    def of_draft(self, row: ApprovalRow, *, is_diff_open: bool) -> PreviewFacts:
        """What the draft is drawn from."""
        known = self._session.known
        link, whole = known.link.link, known.approvals.whole(row.id)
        is_asked = link.is_up or link.phase is LinkPhase.CONNECTING
        return PreviewFacts(
            row=row,
            whole=whole,
            client_name=cut(safe_line(known.identity.client_names.get(row.client_id, "")), NAME_MOST),
            now=self._session.server_now(),
            note=self._note(row),
            waiting="loading" if is_asked else "not fetched yet, and the server can't be reached",
            diff=changes_of(whole) if is_diff_open else None,
        )

    def of_views(self, view: View, queue: ApprovalList) -> ViewsFacts:
        """The views with their counts, and what stands at the right."""
        store = self._session.known.approvals
        shown = tuple([(one, getattr(store.counts, one.value) if store.counts_known else None) for one in View])
        old = as_of(self._session)
        right = [f"{store.counts.safe:,} safe"] if store.counts.safe else []
        oldest = oldest_words(store.counts.oldest_created_at, self._session.server_now())
        right += [oldest] if oldest else []
        words = f" {self._look.signs.dot} ".join(right) if not old else ""
        return ViewsFacts(shown, view, words, _marked(queue), queue.filter_text, old)

    def _note(self, row: ApprovalRow) -> str:
        local = self._session.known.approvals.local.get(row.id)
        if local is not None and local.phase in (LocalPhase.CONFLICT, LocalPhase.REFUSED):
            return f"your {_NOUNS[local.verb]} did not go through: {local.sentence}"
        if trouble := _trouble(row):
            return trouble
        if self._session.known.link.link.phase is LinkPhase.OFFLINE and (old := as_of(self._session)):
            return f"{old}. What you decide leaves when the link is back, and only if the draft is still this."
        if not row.is_decided and self._session.edits.unsaved(row.id) is not None:
            return "you typed an edit that is not saved and not in this; e goes on with it"
        return ""


def _trouble(row: ApprovalRow) -> str:
    """What keeps an approved draft from leaving, and what can be done."""
    match row.delivery.state if row.status == "approved" else "":
        case "failed":
            return f"failed: {row.delivery.trouble}. m tries it again."
        case "unknown":
            return f"it may have left: {row.delivery.trouble}. m settles what became of it."
        case "ready" | "retry_wait" if row.delivery.trouble:
            return f"waits: {row.delivery.trouble}"
        case _:
            return ""


def changes_of(whole: ApprovalDetail | None) -> list[tuple[str, str]]:
    """What an edit changed: lines with `+`, `-` or a blank before them."""
    if whole is None or whole.original is None:
        return [(" ", "not edited: this is the agent's own draft")]
    before = [whole.original.subject, *whole.original.body.splitlines()]
    after = [whole.subject, *(whole.body or "").splitlines()]
    changes = list(unified_diff(before, after, lineterm="", n=2))[2:]
    return [(line[:1], line[1:]) for line in changes if not line.startswith("@@")]


def _marked(queue: ApprovalList) -> str:
    if not queue.marks:
        return ""
    hidden = queue.marked_not_shown
    return f"{len(queue.marks):,} marked" + (f", {hidden:,} not shown" if hidden else "")
