"""Whose key it was decides: what no finger pressed, or pressed for something else, does not count."""

from __future__ import annotations

import pytest

from cc_tui.decisions.guard import Why
from tests.unit.decisions.guarded import Desk, why


@pytest.mark.parametrize("gap", [0.0, 0.0005, 0.011])
def test_keys_closer_than_a_finger_can_never_decide_neither_first_nor_last(gap: float) -> None:
    desk = Desk()
    desk.look()
    first = desk.guard.key("a", desk.now)
    second = desk.guard.key("b", desk.now + gap)
    assert why(desk.guard.judge(first, desk.selected)) is Why.BURST
    assert desk.guard.judge(second, desk.selected) is not None


def test_a_bracketed_paste_next_to_a_key_is_a_paste() -> None:
    desk = Desk()
    desk.look()
    read = desk.guard.key("a", desk.now)
    desk.guard.pasted(desk.now + 0.005)
    assert why(desk.guard.judge(read, desk.selected)) is Why.BURST


def test_a_key_right_after_the_window_got_the_focus_does_not_count() -> None:
    desk = Desk()
    desk.look()
    desk.guard.focused(desk.now)
    assert why(desk.press(wait=0.1)) is Why.FOCUS


def test_a_key_after_a_torn_escape_sequence_does_not_count() -> None:
    desk = Desk()
    desk.look()
    desk.guard.broken(desk.now)
    assert why(desk.press("A", wait=0.4)) is Why.BROKEN


@pytest.mark.parametrize("delay", [0.25, 0.5, 0.66])
def test_a_held_key_decides_once_whatever_the_keyboard_waits_before_it_repeats(delay: float) -> None:
    desk = Desk()
    desk.look()
    assert desk.press() is None
    desk.select("two")
    desk.paint(0.01)
    decided = 0
    repeat_in = delay
    for _ in range(40):
        desk.paint(0.0)
        decided += desk.press(wait=repeat_in) is None
        repeat_in = 0.033
    assert decided == 0


def test_where_the_terminal_reports_repeats_its_word_decides() -> None:
    desk = Desk()
    desk.look()
    assert why(desk.press(repeats=True)) is Why.HELD


def test_the_key_that_opened_a_line_counts_in_it_only_after_a_second_without_it() -> None:
    desk = Desk()
    desk.look()
    desk.press("r")
    desk.guard.line_opened("r")
    desk.line = "reason"
    desk.selection += 1
    desk.look(0.5)
    assert why(desk.press("r", wait=0.3)) is Why.HELD
    desk.look(1.2)
    assert desk.press("r", wait=0.1) is None


def test_after_a_swallowed_key_everything_but_movement_waits_for_half_a_second_of_silence() -> None:
    desk = Desk()
    assert desk.press("r") is not None
    now = desk.now
    assert why(desk.guard.swallows(desk.guard.key("3", now + 0.3))) is Why.SILENCE
    assert desk.guard.swallows(desk.guard.key("j", now + 0.4)) is None
    assert why(desk.guard.swallows(desk.guard.key("1", now + 0.7))) is Why.SILENCE
    assert desk.guard.swallows(desk.guard.key("1", now + 1.3)) is None


@pytest.mark.parametrize("name", ["1", "3", "e", "q", "enter"])
def test_an_answer_of_the_terminal_taken_for_keys_switches_no_tab_and_opens_nothing(name: str) -> None:
    desk = Desk()
    desk.guard.key("]", 200.0)
    assert why(desk.guard.swallows(desk.guard.key(name, 200.001))) is Why.BURST
    desk = Desk()
    desk.guard.broken(200.0)
    assert why(desk.guard.swallows(desk.guard.key(name, 200.3))) is Why.BROKEN


def test_movement_is_never_swallowed_however_fast() -> None:
    desk = Desk()
    assert [desk.guard.swallows(desk.guard.key("j", 200.0 + number / 1_000)) for number in range(20)] == [None] * 20
