"""Figures as the look writes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cc_tui.text import formats
from cc_tui.text.fit import cells, cut, cut_address, pad_left
from cc_tui.text.safe import SafeText, safe_line

AT = datetime(2026, 11, 17, 13, 23, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (formats.money, Decimal("1239.5"), "$1,240"),
        (formats.spend, Decimal("41.2"), "$41.20"),
        (formats.run_cost, Decimal("0.0305"), "$0.031"),
        (formats.axis_money, Decimal(410_000), "$410k"),
        (formats.axis_money, Decimal(9_500), "$9.5k"),
        (formats.change, Decimal(600), "+$600"),
        (formats.change, Decimal(-150), "–$150"),
        (formats.count, 31_870, "31,870"),
        (formats.count_change, -2, "–2"),
        (formats.ratio, 0.942, "94.2 %"),
        (formats.share, 0.824, "82 %"),
        (formats.ratio_change, 0.123, "+12.3 %"),
        (formats.took, 4_200, "4.2s"),
        (formats.took, 163_000, "2m 43s"),
        (formats.age, 8.9, "8s"),
        (formats.age, 59.0, "50s"),
        (formats.age, 240.0, "4m"),
        (formats.age, 10_800.0, "3h"),
        (formats.age, 200_000.0, "2d"),
        (formats.age_sentence, 240.0, "4 min"),
        (formats.seconds_left, 7.2, "8 s"),
        (formats.seconds_left, -3.0, "0 s"),
        (formats.seconds_left, 240.0, "4 min"),
    ],
)
def test_a_figure_is_written_as_the_look_has_it(form: Callable[[Any], str], value: object, text: str) -> None:
    assert form(value) == text


@pytest.mark.parametrize(
    "form",
    [formats.money, formats.spend, formats.run_cost, formats.ratio, formats.share, formats.count, formats.age,
     formats.took, formats.change, formats.day, formats.clock],
)  # fmt: skip
def test_no_source_is_a_dash(form: Callable[[Any], str]) -> None:
    assert form(None) == "–"


def test_clocks_and_days() -> None:
    assert (formats.clock(AT, UTC), formats.clock_seconds(AT, UTC)) == ("13:23", "13:23:07")
    assert (formats.day(AT, UTC), formats.month(AT, UTC)) == ("17 Nov", "Nov 2026")


@given(st.text(max_size=60), st.integers(0, 40))
def test_cut_and_padded_text_has_its_width(text: str, width: int) -> None:
    safe = safe_line(text)
    assert cells(cut(safe, width)) <= width
    assert cells(pad_left(safe, width)) == width
    assert cells(cut_address(safe, width)) <= width


def test_an_address_is_cut_before_its_at_last() -> None:
    assert cut_address(SafeText("dana@brightsmiles.com"), 21) == "dana@brightsmiles.com"
    assert cut_address(SafeText("dana@brightsmiles.com"), 12) == "dana@bright…"
    assert cut_address(SafeText("a.very.long.local.part@brightsmiles.com"), 22).endswith("@brightsmil…")
