"""Column types that mean the same on SQLite and PostgreSQL: moments in UTC and exact money, and how JSON is stored."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from sqlalchemy import BigInteger, DateTime
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_MICRO = 1_000_000
_CENT = Decimal("0.01")
_SMALLEST = Decimal("0.000001")


def as_json(value: object) -> str:
    """JSON as it is stored, on both databases."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite forgets zones: it is stored naive there and given its zone back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store in UTC; refuse a moment that does not say its zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a zone can't be stored: {value.isoformat()}")
        moment = value if value.tzinfo is UTC else value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Usd(TypeDecorator[Decimal]):
    """US dollars, stored as whole micro-dollars: exact, and sums stay exact."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Store micro-dollars; anything finer is rounded half to even."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Read as dollars with at least two places."""
        return None if value is None else from_micros(int(value))


def to_micros(amount: Decimal) -> int:
    """`amount` in whole micro-dollars, rounded half to even.

    Raises:
        ValueError: it is not a finite number.
    """
    if not amount.is_finite():
        raise ValueError(f"not an amount of money: {amount}")
    return int(amount.quantize(_SMALLEST, rounding=ROUND_HALF_EVEN) * _MICRO)


def from_micros(micros: int) -> Decimal:
    """Dollars with two places, or as many more (six at most) as the amount needs."""
    amount = Decimal(micros) / _MICRO
    if micros % 10_000 == 0:
        return amount.quantize(_CENT)
    return amount.quantize(_SMALLEST).normalize()
