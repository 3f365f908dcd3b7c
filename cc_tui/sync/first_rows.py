"""The first rows of the queue, asked for before anything else is imported and read without the client's models.

Those take a tenth of a second to import. A page that is not as the contract says is dropped: the same page is fetched
again by `views`, which says what is wrong with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cc_api_client.ahead import Ahead
from cc_tui.state.approvals.rows import (
    NO_DELIVERY,
    ApprovalRow,
    RowDelivery,
    RowLikeness,
    View,
    alike,
    heaviest,
    lives,
    packed_hash,
    word_of,
)
from cc_tui.state.approvals.store import Counts
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
        return FirstRows([_row(one) for one in told["items"]], _counts(told["summary"]))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a page of approvals: {error}") from error


def _row(told: Mapping[str, Any]) -> ApprovalRow:
    risk, delivery = told["risk"], told.get("delivery")
    returned = told.get("returned") or {}
    created_at = _seconds(told["created_at"])
    likeness = RowLikeness(
        client_id=_text(told["client_id"]),
        kind=_text(told["kind"]),
        agent=_text(told.get("agent_name") or ""),
        status=_text(told["status"]),
        risk=_whole(risk["score"]),
        weight=heaviest(_text(flag["severity"]) for flag in risk["flags"]),
        flags=tuple(_text(flag["code"]) for flag in risk["flags"]),
        safe=told["safe"] is True,
        lives_seconds=lives(created_at, _maybe_seconds(told.get("expires_at"))),
        word=word_of(
            _text(told.get("decided_by") or ""),
            _maybe_seconds(told.get("decided_at")),
            _text(returned.get("why", "")),
        ),
        delivery=_delivery(delivery) if delivery else NO_DELIVERY,
        version=_whole(told["version"]),
    )
    return ApprovalRow(
        id=_text(told["id"]),
        to_email=_text(told["to_email"]),
        to_name=_text(told.get("to_name") or ""),
        subject=_text(told["subject"]),
        created_at=created_at,
        hash=packed_hash(_text(told["payload_sha256"])),
        alike=alike(likeness),
    )


def _delivery(told: Mapping[str, Any]) -> RowDelivery:
    return RowDelivery(
        id=_text(told["id"]),
        state=_text(told["state"]),
        version=_whole(told["version"]),
        not_before=_seconds(told["not_before"]),
        trouble=_text(told.get("error") or told.get("waiting_for") or ""),
    )


def _counts(told: Mapping[str, Any]) -> Counts:
    names = ("pending", "leaving", "problems", "sent", "rejected", "expired", "safe")
    return Counts(
        **{name: _whole(told[name]) for name in names}, oldest_created_at=_maybe_seconds(told.get("oldest_created_at"))
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("expected text")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("expected a whole number")
    return value


def _seconds(value: object) -> float:
    told = datetime.fromisoformat(_text(value))
    return told.replace(tzinfo=told.tzinfo or UTC).timestamp()


def _maybe_seconds(value: object) -> float | None:
    return None if value is None else _seconds(value)
