"""How figures are written: money, ages, clocks, ratios, counts. One way for each, everywhere.

A figure without a source is written `–`. Ages know when their text changes next, so that nothing is redrawn in between.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal

from cc_tui.text.safe import SafeText

NONE = SafeText("–")
_STEPS = ((86_400, "d"), (3_600, "h"), (60, "m"))
_WORDS = {"s": "s", "m": "min", "h": "h", "d": "d"}


def money(amount: Decimal | None) -> SafeText:
    """Whole dollars: `$1,240`."""
    return NONE if amount is None else SafeText(f"${_rounded(amount, 0):,}")


def spend(amount: Decimal | None) -> SafeText:
    """Dollars and cents: `$41.20`."""
    return NONE if amount is None else SafeText(f"${_rounded(amount, 2):,.2f}")


def run_cost(amount: Decimal | None) -> SafeText:
    """What one run cost, in tenths of a cent: `$0.031`."""
    return NONE if amount is None else SafeText(f"${_rounded(amount, 3):,.3f}")


def axis_money(amount: Decimal | None) -> SafeText:
    """For axes and narrow columns: `$410k`, `$9.5k`, `$420`."""
    if amount is None:
        return NONE
    if amount >= 1_000_000:
        return SafeText(f"${_short(amount / 1_000_000)}m")
    if amount >= 1_000:
        return SafeText(f"${_short(amount / 1_000)}k")
    return SafeText(f"${_rounded(amount, 0)}")


def change(amount: Decimal | int | None) -> SafeText:
    """A difference in dollars, signed, with an en dash: `+$600`, `–$150`."""
    if amount is None:
        return NONE
    sign = "–" if amount < 0 else "+"
    return SafeText(f"{sign}${_rounded(abs(Decimal(amount)), 0):,}")


def count_change(count: int | None) -> SafeText:
    """A difference of counts: `+6`, `–2`, `±0`."""
    if count is None:
        return NONE
    return SafeText(f"–{-count:,}" if count < 0 else f"+{count:,}" if count else "±0")


def count(number: int | None) -> SafeText:
    """`31,870`."""
    return NONE if number is None else SafeText(f"{number:,}")


def ratio(share: float | None) -> SafeText:
    """`94.2 %`."""
    return NONE if share is None else SafeText(f"{share * 100:.1f} %")


def share(part: float | None) -> SafeText:
    """A share, whole: `82 %`."""
    return NONE if part is None else SafeText(f"{part * 100:.0f} %")


def ratio_change(share_of: float | None) -> SafeText:
    """A signed ratio: `+12.3 %`."""
    if share_of is None:
        return NONE
    return SafeText(f"{'–' if share_of < 0 else '+'}{abs(share_of) * 100:.1f} %")


def age(seconds: float | None) -> SafeText:
    """An age in a table: `8s`, `4m`, `3h`, `2d`."""
    if seconds is None:
        return NONE
    whole = max(0, int(seconds))
    for size, unit in _STEPS:
        if whole >= size:
            return SafeText(f"{whole // size}{unit}")
    return SafeText(f"{_quiet(whole)}s")


def age_sentence(seconds: float | None) -> SafeText:
    """An age in a sentence: `8 s`, `4 min`, `3 h`, `2 d`."""
    if seconds is None:
        return NONE
    short = age(seconds)
    return SafeText(f"{short[:-1]} {_WORDS[short[-1]]}")


def took(milliseconds: int | None) -> SafeText:
    """How long something took: `4.2s`, `1m 3s`."""
    if milliseconds is None:
        return NONE
    seconds = milliseconds / 1_000
    return SafeText(f"{seconds:.1f}s" if seconds < 100 else f"{int(seconds) // 60}m {int(seconds) % 60}s")


def seconds_left(seconds: float) -> SafeText:
    """A countdown: whole seconds, rounded up, never below zero: `8 s`."""
    whole = max(0, -int(-seconds // 1))
    return SafeText(f"{whole} s" if whole < 120 else age_sentence(whole))


def clock(at: datetime | None, zone: tzinfo | None = None) -> SafeText:
    """`13:23` in the operator's own time zone (`zone`: another)."""
    return NONE if at is None else SafeText(at.astimezone(zone).strftime("%H:%M"))


def clock_seconds(at: datetime | None, zone: tzinfo | None = None) -> SafeText:
    """`13:23:07`, for logs."""
    return NONE if at is None else SafeText(at.astimezone(zone).strftime("%H:%M:%S"))


def day(at: datetime | None, zone: tzinfo | None = None) -> SafeText:
    """`17 Nov`."""
    return NONE if at is None else SafeText(f"{at.astimezone(zone).day} {at.astimezone(zone):%b}")


def month(at: datetime | None, zone: tzinfo | None = None) -> SafeText:
    """`Mar 2025`."""
    return NONE if at is None else SafeText(at.astimezone(zone).strftime("%b %Y"))


def moment(seconds: float) -> datetime:
    """Seconds since the epoch as a time in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def _quiet(seconds: int) -> int:
    """Ages below ten seconds are told as they are, then in tens: nothing ticks."""
    return seconds if seconds < 10 else seconds // 10 * 10


def _rounded(amount: Decimal, places: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _short(amount: Decimal) -> str:
    return (
        f"{_rounded(amount, 0)}" if amount >= 10 or amount == amount.to_integral_value() else f"{_rounded(amount, 1)}"
    )
