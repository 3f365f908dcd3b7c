"""A finding says what was measured and whether the budget is kept."""

from __future__ import annotations

import pytest

from bench.findings import Finding, Samples, table


def test_with_something_beside_it_the_budget_is_a_ratio_of_medians() -> None:
    ours, beside = Samples("cc-tui", (90.0, 100.0, 500.0)), Samples("minimal app", (200.0, 200.0, 10.0))
    finding = Finding("first paint", "ms", ours, beside, budget=0.5)
    assert finding.ratio == pytest.approx(0.5)
    assert finding.is_kept


def test_alone_the_budget_is_in_its_own_unit() -> None:
    assert Finding("idle", "B/s", Samples("cc-tui", (0.0, 0.0, 3.0)), budget=0).is_kept
    assert Finding("idle", "B/s", Samples("cc-tui", (0.0, 1.0, 3.0)), budget=0).is_kept is False


def test_without_a_budget_nothing_is_kept_or_broken() -> None:
    assert Finding("key", "ms", Samples("cc-tui", (1.0,))).is_kept is None


def test_a_floor_is_the_least_that_keeps_the_budget() -> None:
    ours, beside = Samples("ours", (40.0,)), Samples("bare", (100.0,))
    assert Finding("decisions", "/s", ours, beside, floor=0.4).is_kept
    assert Finding("decisions", "/s", ours, beside, floor=0.5).is_kept is False
    assert Finding("decisions", "/s", ours, beside, floor=0.5).limits == "≥ 0.5×"


def test_a_broken_comparison_never_keeps_a_budget() -> None:
    assert Finding("key", "ms", Samples("cc-tui", (1.0,)), Samples("nothing", (0.0,)), budget=2.0).is_kept is False


def test_percentiles_lie_between_the_nearest_values() -> None:
    samples = Samples("keys", tuple(float(number) for number in range(1, 22)))
    assert samples.percentile(0) == 1
    assert samples.percentile(50) == 11
    assert samples.percentile(95) == pytest.approx(20)
    assert samples.percentile(100) == 21


def test_the_table_shows_both_sides_the_ratio_and_the_verdict() -> None:
    lines = table(
        [
            Finding("first paint", "ms", Samples("cc-tui", (150.0,)), Samples("minimal app", (300.0,)), budget=1.0),
            Finding("idle", "B/s", Samples("cc-tui", (12.0,)), budget=0),
        ]
    ).splitlines()
    assert lines[1].split()[-5:] == ["app", "0.50×", "≤", "1×", "ok"]
    assert "300 (300–300) minimal app" in lines[1]
    assert lines[2].endswith("≤ 0     OVER")
