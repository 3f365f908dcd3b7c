"""What a draft commits to: the amount that it names."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from cc_api_client.models.outbox.approvals import Flag, Severity
from cc_api_client.models.outbox.policy import FlagCode
from cc_server.domain.risk.draft import Draft, flag_whole

HIGH_USD = Decimal(10_000)


def amount_high(draft: Draft) -> Iterator[Flag]:
    """It commits to much money, or to an amount that can't be read."""
    if not names_an_amount(draft):
        return
    amount = amount_of(draft)
    if amount is None:
        yield flag_whole(FlagCode.AMOUNT_HIGH, Severity.WARN, "its amount can't be read as one")
    elif abs(amount) >= HIGH_USD:
        yield flag_whole(FlagCode.AMOUNT_HIGH, Severity.WARN, f"it commits to ${amount:,.2f}")


def names_an_amount(draft: Draft) -> bool:
    """Whether it names an amount at all."""
    return (draft.payload or {}).get("amount_usd") is not None


def amount_of(draft: Draft) -> Decimal | None:
    """The amount in US dollars; None where there is none, or nobody can read it."""
    told = (draft.payload or {}).get("amount_usd")
    if isinstance(told, bool) or not isinstance(told, str | int | float):
        return None
    try:
        amount = Decimal(str(told))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < Decimal("1e15") else None
