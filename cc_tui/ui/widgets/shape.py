"""How much room there is: the three forms every tab has."""

from __future__ import annotations

from enum import StrEnum

WIDE_FROM, NARROW_FROM = 110, 80

TOO_SMALL = (40, 10)
"""Columns and rows below which nothing can be shown."""


class Shape(StrEnum):
    """How much room there is."""

    WIDE = "wide"
    NARROW = "narrow"
    PHONE = "phone"


def shape_of(width: int) -> Shape:
    """The form for a screen of that many cells across."""
    return Shape.WIDE if width >= WIDE_FROM else Shape.NARROW if width >= NARROW_FROM else Shape.PHONE


def margin_of(width: int) -> int:
    """Empty cells at both edges."""
    return 2 if width >= WIDE_FROM else 1
