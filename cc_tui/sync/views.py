"""Fills the views of the Approvals tab, page by page, and keeps the counts of all views true."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from cc_api_client.models.outbox.delivery_states import LEAVING, PROBLEMS, DeliveryState
from cc_tui.state.approvals.rows import View, row_of
from cc_tui.state.approvals.store import ROWS_KEPT, Counts
from cc_tui.state.known import Known

if TYPE_CHECKING:
    from cc_api_client.client import CommandCenterClient
    from cc_api_client.models.events import EventPosition
    from cc_api_client.models.outbox.approvals import ApprovalSummary

FIRST_PAGE = 100
PAGE = 500
RECENT_ROWS = 500
"""How much of the views that only grow (sent, rejected, expired) is fetched."""

_SELECTS: dict[View, dict[str, Any]] = {
    View.PENDING: {"status": "pending", "sort": "created"},
    View.LEAVING: {"status": "approved", "delivery": ",".join(LEAVING), "sort": "decided"},
    View.PROBLEMS: {"status": "approved", "delivery": ",".join(PROBLEMS), "sort": "decided"},
    View.SENT: {"status": "approved", "delivery": DeliveryState.SENT.value, "sort": "-decided"},
    View.REJECTED: {"status": "rejected", "sort": "-decided"},
    View.EXPIRED: {"status": "expired", "sort": "-expires"},
}


def counts_of(summary: ApprovalSummary) -> Counts:
    """The counts as the store holds them."""
    oldest = summary.oldest_created_at
    return Counts(
        pending=summary.pending,
        leaving=summary.leaving,
        problems=summary.problems,
        sent=summary.sent,
        rejected=summary.rejected,
        expired=summary.expired,
        safe=summary.safe,
        oldest_created_at=oldest.timestamp() if oldest else None,
    )


class ViewLoader:
    """Fetches views of approvals into the store.

    `snapshot` is called with the position in the event stream that each answer stands for.
    """

    def __init__(
        self,
        client: CommandCenterClient,
        known: Known,
        server_now: Callable[[], float],
        snapshot: Callable[[EventPosition | None], None],
    ) -> None:
        self._client = client
        self._store = known.approvals
        self._server_now = server_now
        self._snapshot = snapshot

    async def load(self, view: View) -> None:
        """Fetch a view from its beginning, at most 100,000 rows, and drop what is no longer in it."""
        load = self._store.loads[view]
        self._store.set_load(view, load.begun())
        began = self._server_now()
        limit = RECENT_ROWS if view in (View.SENT, View.REJECTED, View.EXPIRED) else ROWS_KEPT
        missing = self._store.in_view(view)
        fetched = 0
        complete = True
        with _fewer_collections:
            async for page_ids, more in self._pages(_SELECTS[view]):
                missing -= page_ids
                fetched += len(page_ids)
                if more and fetched >= limit:
                    complete = False
                    break
            if view is View.PROBLEMS:
                async for page_ids, _more in self._pages({"status": "pending", "returned": "blocked"}):
                    missing -= page_ids
        if complete:
            self._store.forget_missing(view, missing, before=began)
        self._store.truncated_at = None if complete or view is not View.PENDING else limit
        self._store.set_load(view, self._store.loads[view].answered(self._server_now()))

    async def counts(self) -> bool:
        """Ask for the counts alone; returns whether the pending rows at hand are as many as the server has."""
        snapshot = await self._client.approvals.list(status="pending", limit=1, view="row")
        self._take_summary(snapshot.value.summary, snapshot.event_seq)
        pending = sum(row.view is View.PENDING for row in self._store.rows.values())
        told = snapshot.value.summary
        return told is None or self._store.truncated_at is not None or pending == told.pending

    async def _pages(self, select: dict[str, Any]) -> AsyncIterator[tuple[set[str], bool]]:
        cursor: str | None = None
        first = True
        while first or cursor is not None:
            snapshot = await self._client.approvals.list(
                **select, limit=FIRST_PAGE if first else PAGE, cursor=cursor, view="row"
            )
            if first:
                self._take_summary(snapshot.value.summary, snapshot.event_seq)
            rows = [row_of(approval) for approval in snapshot.value.items]
            self._store.load(rows)
            cursor = snapshot.value.next_cursor
            first = False
            yield {row.id for row in rows}, cursor is not None

    def _take_summary(self, summary: ApprovalSummary | None, position: EventPosition | None) -> None:
        self._snapshot(position)
        if summary is not None:
            self._store.set_counts(counts_of(summary))


class _FewerCollections:
    """Many rows that all stay: the cyclic collector would walk them again and again (1.7 times the time).

    Views are loaded at the same time and end in any order: the first load sets the threshold, the last one puts back
    what was there before it.
    """

    def __init__(self) -> None:
        self._loads = 0
        self._before = gc.get_threshold()

    def __enter__(self) -> None:
        if self._loads == 0:
            self._before = gc.get_threshold()
            gc.set_threshold(50_000, *self._before[1:])
        self._loads += 1

    def __exit__(self, *_: object) -> None:
        self._loads -= 1
        if self._loads == 0:
            gc.set_threshold(*self._before)


_fewer_collections = _FewerCollections()
