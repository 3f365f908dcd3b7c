"""A fence proves a frame: only an answer that names it, and never one that a key can send."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cc_tui.decisions.fence import MUTE_AFTER_SECONDS, Fences


def test_an_answer_proves_the_frame_before_its_fence_and_all_before_it() -> None:
    fences: Fences[str] = Fences(80, 24)
    first, second = fences.write("one", 1.0), fences.write("two", 1.1)
    answered = fences.answered(second.row, second.column)
    assert answered is not None
    assert answered.shown == "two"
    assert fences.answered(first.row, first.column) is None


def test_an_answer_proves_nothing_of_the_frames_behind_its_fence() -> None:
    fences: Fences[str] = Fences(80, 24)
    first, second, third = (fences.write(shown, at) for shown, at in (("one", 1.0), ("two", 1.1), ("three", 1.2)))
    assert fences.answered(first.row, first.column) == first
    assert fences.answered(second.row, second.column) == second
    assert fences.answered(third.row, third.column) == third


@given(st.integers(2, 300), st.integers(2, 100), st.integers(1, 5_000))
def test_no_fence_stands_where_shift_f3_answers_from_nor_outside_the_screen(
    columns: int, rows: int, count: int
) -> None:
    fences: Fences[int] = Fences(columns, rows)
    fence = fences.write(0, 0.0)
    for number in range(min(count, 50)):
        fence = fences.write(number, 0.0)
        assert 2 <= fence.row <= rows
        assert 1 <= fence.column <= columns
    assert fence.sequence.startswith("\x1b7")
    assert "\x1b[6n" in fence.sequence


def test_an_answer_that_fits_no_fence_is_none() -> None:
    fences: Fences[str] = Fences(80, 24)
    fences.write("one", 1.0)
    assert fences.answered(1, 2) is None
    assert not fences.has_testified


def test_after_a_resize_pending_fences_prove_nothing() -> None:
    fences: Fences[str] = Fences(80, 24)
    fence = fences.write("one", 1.0)
    fences.resize(120, 40)
    assert fences.answered(fence.row, fence.column) is None


def test_a_terminal_that_ever_answered_is_waited_for_however_long() -> None:
    fences: Fences[str] = Fences(80, 24)
    fence = fences.write("one", 0.0)
    assert not fences.is_mute(MUTE_AFTER_SECONDS - 0.1)
    assert fences.is_mute(MUTE_AFTER_SECONDS)
    fences.answered(fence.row, fence.column)
    assert not fences.is_mute(1_000.0)


def test_on_a_mute_terminal_a_frame_counts_a_second_after_it_was_written() -> None:
    fences: Fences[str] = Fences(80, 24)
    fences.write("one", 0.0)
    fences.write("two", 5.5)
    assert [fence.shown for fence in fences.taken_for_shown(6.0)] == ["one"]
    assert [fence.shown for fence in fences.taken_for_shown(6.6)] == ["two"]


def test_pending_fences_are_bounded() -> None:
    fences: Fences[int] = Fences(200, 60)
    fence = fences.write(0, 0.0)
    for number in range(1, 1_000):
        fences.write(number, 0.0)
    assert fences.answered(fence.row, fence.column) is None
