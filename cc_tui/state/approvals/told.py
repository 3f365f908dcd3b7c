"""Rows read from JSON as the wire has it, without the client's models: those take a tenth of a second to import, and
a row an event brings costs a fifth of what they take. A test holds this to what the models say.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from sys import intern
from typing import Any

from cc_tui.state.approvals.rows import (
    NO_DELIVERY,
    ApprovalRow,
    RowDelivery,
    RowLikeness,
    alike,
    heaviest,
    lives,
    packed_hash,
    word_of,
)


def told_row(told: Mapping[str, Any]) -> ApprovalRow:
    """The row of an approval.

    Raises:
        ValueError: it is not as the contract says.
    """
    try:
        return _row(told)
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"not an approval: {error}") from error


def _row(told: Mapping[str, Any]) -> ApprovalRow:
    risk, delivery = told["risk"], told.get("delivery")
    returned = told.get("returned") or {}
    created_at = seconds_of(told["created_at"])
    likeness = RowLikeness(
        client_id=intern(text_of(told["client_id"])),
        kind=intern(text_of(told["kind"])),
        agent=intern(text_of(told.get("agent_name") or "")),
        status=intern(text_of(told["status"])),
        risk=_score(risk["score"]),
        weight=heaviest(text_of(flag["severity"]) for flag in risk["flags"]),
        flags=tuple([intern(text_of(flag["code"])) for flag in risk["flags"]]),
        safe=told["safe"] is True,
        lives_seconds=lives(created_at, maybe_seconds_of(told.get("expires_at"))),
        word=word_of(
            text_of(told.get("decided_by") or ""),
            maybe_seconds_of(told.get("decided_at")),
            text_of(returned.get("why", "")),
        ),
        delivery=_delivery(delivery) if delivery else NO_DELIVERY,
        version=whole_of(told["version"]),
    )
    return ApprovalRow(
        id=text_of(told["id"]),
        to_email=text_of(told["to_email"]),
        to_name=text_of(told.get("to_name") or ""),
        subject=text_of(told["subject"]),
        created_at=created_at,
        hash=packed_hash(text_of(told["payload_sha256"])),
        alike=alike(likeness),
    )


def _delivery(told: Mapping[str, Any]) -> RowDelivery:
    return RowDelivery(
        id=text_of(told["id"]),
        state=intern(text_of(told["state"])),
        version=whole_of(told["version"]),
        not_before=seconds_of(told["not_before"]),
        trouble=text_of(told.get("error") or told.get("waiting_for") or ""),
    )


def _score(value: object) -> int:
    score = whole_of(value)
    if not 0 <= score <= 100:
        raise ValueError("a score is between 0 and 100")
    return score


def text_of(value: object) -> str:
    """A text."""
    if not isinstance(value, str):
        raise TypeError("expected text")
    return value


def whole_of(value: object) -> int:
    """A whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("expected a whole number")
    return value


def seconds_of(value: object) -> float:
    """A moment in seconds since the epoch."""
    told = datetime.fromisoformat(text_of(value))
    return told.replace(tzinfo=told.tzinfo or UTC).timestamp()


def maybe_seconds_of(value: object) -> float | None:
    """The same, or nothing."""
    return None if value is None else seconds_of(value)
