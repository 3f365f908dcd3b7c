"""The first rows of the queue, asked for before anything else is imported and read without the client's models.

Those take a tenth of a second to import. A page that is not as the contract says is dropped: the same page is fetched
again by `views`, which says what is wrong with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cc_api_client.ahead import Ahead
from cc_tui.state.approvals.rows import ApprovalRow, View
from cc_tui.state.approvals.store import Counts
from cc_tui.state.approvals.told import maybe_seconds_of, told_row, whole_of
from cc_tui.state.known import Known

TARGET = "/api/approvals?status=pending&sort=created&limit=50&view=row"


@dataclass(frozen=True, slots=True)
class FirstRows:
    """The oldest pending rows, and the counts of all views."""

    rows: list[ApprovalRow]
    counts: Counts

    def show(self, known: Known) -> None:
        """Put them into the state, as the beginning of a view that is being filled."""
        store = known.approvals
        if store.loads[View.PENDING].has_rows:
            return
        store.set_load(View.PENDING, store.loads[View.PENDING].begun())
        store.set_counts(self.counts)
        store.load(self.rows)


def ask_for_first_rows(url: str, api_key: str, client_id: str | None) -> Ahead[FirstRows]:
    """Ask for them; they are on their way when this returns."""
    return Ahead(url, api_key, client_id, TARGET, read_first_rows)


def read_first_rows(body: bytes) -> FirstRows:
    """Read one page.

    Raises:
        ValueError: it is not as the contract says.
    """
    try:
        told = json.loads(body)
        return FirstRows([told_row(one) for one in told["items"]], _counts(told["summary"]))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a page of approvals: {error}") from error


def _counts(told: Mapping[str, Any]) -> Counts:
    names = ("pending", "leaving", "problems", "sent", "rejected", "expired", "safe")
    return Counts(
        **{name: whole_of(told[name]) for name in names},
        oldest_created_at=maybe_seconds_of(told.get("oldest_created_at")),
    )
