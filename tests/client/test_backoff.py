"""What failed is tried again later and later, bounded, however long it fails."""

from __future__ import annotations

from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from cc_api_client.backoff import LEAST_SECONDS, BackOff, back_off


@given(st.integers(1, 20_000), st.floats(0.5, 2.0), st.floats(2.0, 60.0), st.integers())
@example(failures=10_000, first=1.0, most=15.0, seed=1)
def test_a_wait_is_bounded_however_often_it_failed(failures: int, first: float, most: float, seed: int) -> None:
    assert LEAST_SECONDS <= back_off(failures, first, most, Random(seed)) <= most


class Highest(Random):
    """Always draws the most."""

    def uniform(self, a: float, b: float) -> float:
        """The most."""
        del a
        return b


def test_the_ceiling_doubles_up_to_the_most() -> None:
    assert [back_off(failures, 1.0, 15.0, Highest()) for failures in (1, 2, 3, 4, 5, 10_000)] == [1, 2, 4, 8, 15, 15]


def test_ten_thousand_failures_in_a_row_still_end_in_a_wait_and_a_success_begins_anew() -> None:
    pace = BackOff(Highest(), most_seconds=15.0)
    for _ in range(10_000):
        pace.failed(100.0)
    assert pace.left_seconds(100.0) == 15.0
    pace.succeeded()
    pace.failed(200.0)
    assert (pace.left_seconds(200.0), pace.left_seconds(201.5)) == (1.0, 0.0)


def test_the_wait_that_the_server_names_goes_first_and_reason_to_try_ends_it() -> None:
    pace = BackOff(Highest(), most_seconds=15.0)
    pace.failed(0.0, 90.0)
    assert pace.left_seconds(30.0) == 60.0
    pace.forget()
    assert pace.left_seconds(30.0) == 0.0
