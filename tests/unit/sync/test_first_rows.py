"""The first rows are read without the client's models, and say exactly what those say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cc_api_client.models.outbox.approvals import Approval
from cc_tui.state.approvals.rows import View, row_of
from cc_tui.state.known import Known
from cc_tui.sync.first_rows import read_first_rows
from tests.support.rows import NOON, approval, flag, wire_delivery

SUMMARY = {"pending": 3, "leaving": 1, "problems": 0, "sent": 9, "rejected": 2, "expired": 0, "safe": 1}


def page(*items: Approval, **summary: Any) -> bytes:
    told = {"items": [item.model_dump(mode="json") for item in items], "summary": SUMMARY | summary}
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"to_name": None, "agent_name": None, "expires_at": None},
        {"risk": {"score": 71, "parts": [], "flags": [flag(severity="warn"), flag(severity="catastrophic")]}},
        {"returned": {"why": "undone", "reasons": [], "at": NOON.isoformat()}, "delivery": wire_delivery(1)},
        {"returned": {"why": "blocked", "reasons": ["stale"], "at": NOON.isoformat()}},
        {"safe": True, "version": 7, "subject": "\x1b[2J \u202e"},
    ],
)  # fmt: skip
def test_a_row_says_what_the_model_says(changes: dict[str, Any]) -> None:
    item = approval(1, **changes)
    assert read_first_rows(page(item)).rows == [row_of(item)]


def test_they_stand_in_the_view_that_is_being_filled_with_the_counts_of_all() -> None:
    known = Known()
    read_first_rows(page(approval(1), approval(2))).show(known)
    assert len(known.approvals.rows) == 2
    assert known.approvals.counts.sent == 9
    assert not known.approvals.loads[View.PENDING].has_rows


def test_they_come_too_late_where_the_view_is_filled() -> None:
    known = Known()
    known.approvals.set_load(View.PENDING, known.approvals.loads[View.PENDING].answered(1.0))
    read_first_rows(page(approval(1))).show(known)
    assert not known.approvals.rows


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"items": [], "summary": null}', b'{"items": [3], "summary": {}}',
     page(approval(1)).replace(b'"version": 1', b'"version": "1"'), page(approval(1)).replace(b"T10:01", b" noon"),
     page(approval(1), pending=True)],
)  # fmt: skip
def test_a_page_that_is_not_as_the_contract_says_is_dropped(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_first_rows(body)
