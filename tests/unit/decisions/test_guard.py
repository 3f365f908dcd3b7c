"""Every hole that the guard closes: a key counts only if a person saw this draft and pressed the key because of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cc_tui.decisions.guard import Guard, GuardSettings, Selected, Shown, Swallowed, Why

LINES = frozenset(range(10))


@dataclass
class Desk:
    """An operator before a screen: time passes only as the test says."""

    guard: Guard = field(default_factory=lambda: Guard(GuardSettings()))
    now: float = 100.0
    selection: int = 1
    item: str = "one"
    version: int = 1
    line: str | None = None
    risk: int = 10
    flagged: frozenset[int] = frozenset()
    body: frozenset[int] = LINES
    in_view: frozenset[int] = LINES
    is_warned: bool = False

    @property
    def selected(self) -> Selected:
        return Selected(self.item, self.version, self.selection, self.line)

    def paint(self, wait: float = 0.0, *, written_ago: float = 0.0) -> None:
        """A frame of what is selected is confirmed."""
        self.now += wait
        shown = Shown(self.selected, self.in_view, LINES, self.flagged, self.body, self.risk, self.is_warned)
        self.guard.painted(shown, self.now, self.now - written_ago)

    def look(self, seconds: float = 1.0) -> None:
        """A frame, then so many seconds, then the second fence."""
        self.paint()
        self.paint(seconds)

    def press(self, name: str = "a", wait: float = 0.05, *, repeats: bool | None = None) -> Swallowed | None:
        """A key is read, and judged 12 ms later."""
        self.now += wait
        read = self.guard.key(name, self.now, repeats=repeats)
        selected = self.selected
        self.now += 0.012
        return self.guard.judge(read, selected)

    def select(self, item: str) -> None:
        """Another row."""
        self.item = item
        self.selection += 1


def why(swallowed: Swallowed | None) -> Why | None:
    return swallowed.why if swallowed is not None else None


def test_a_draft_that_was_looked_at_is_decided() -> None:
    desk = Desk()
    desk.look()
    assert desk.press() is None


def test_nothing_that_was_not_painted_is_decided() -> None:
    desk = Desk()
    assert why(desk.press()) is Why.NOT_SEEN


def test_a_draft_painted_a_moment_ago_is_not_decided() -> None:
    desk = Desk()
    desk.look(0.2)
    assert why(desk.press()) is Why.TOO_SOON


def test_the_hold_is_never_below_150_ms() -> None:
    desk = Desk(Guard(GuardSettings(hold_ms=0)))
    desk.look(0.1)
    assert why(desk.press(wait=0.01)) is Why.TOO_SOON


def test_a_key_read_before_the_second_fence_answered_does_not_count_however_old_the_frame_is() -> None:
    desk = Desk()
    desk.paint()
    assert why(desk.press(wait=5.0)) is Why.TOO_SOON


def test_an_answer_that_comes_late_opens_nothing_when_its_frame_was_written_too_early() -> None:
    desk = Desk()
    desk.paint()
    desk.paint(1.0, written_ago=0.9)
    assert why(desk.press()) is Why.TOO_SOON


@pytest.mark.parametrize(("risk", "is_warned"), [(40, False), (10, True)])
def test_a_risky_or_warned_draft_asks_for_the_longer_look(risk: int, is_warned: bool) -> None:
    desk = Desk(risk=risk, is_warned=is_warned)
    desk.look(0.4)
    assert why(desk.press(wait=0.01)) is Why.TOO_SOON
    desk.look(1.0)
    assert desk.press(wait=0.7) is None


def test_the_row_below_that_was_on_screen_for_minutes_is_not_decided_by_a_double_key() -> None:
    desk = Desk()
    desk.look(120.0)
    assert desk.press() is None
    desk.select("two")
    desk.paint(0.02)
    assert why(desk.press(wait=0.1)) is not None


def test_lines_scrolled_away_stay_seen_but_the_hold_starts_anew_for_another_selection() -> None:
    desk = Desk()
    desk.look(2.0)
    desk.select("two")
    desk.look(2.0)
    desk.select("one")
    desk.paint(0.01)
    assert why(desk.press(wait=0.1)) is Why.TOO_SOON
    desk.look(0.7)
    assert desk.press(wait=0.6) is None


def test_another_version_of_the_same_item_was_never_seen() -> None:
    desk = Desk()
    desk.look()
    desk.version = 2
    assert why(desk.press()) is Why.NOT_SEEN


def test_a_draft_whose_recipient_or_subject_was_never_on_screen_scrolls_there_instead() -> None:
    desk = Desk(in_view=frozenset(range(3, 10)))
    desk.look()
    swallowed = desk.press()
    assert why(swallowed) is Why.NOT_SEEN
    assert swallowed is not None
    assert swallowed.scroll_to == 0


def test_flags_below_the_fold_are_shown_before_the_key_counts() -> None:
    desk = Desk(flagged=frozenset({20, 25}), is_warned=True)
    desk.look()
    swallowed = desk.press()
    assert why(swallowed) is Why.FLAGS_UNSEEN
    assert swallowed is not None
    assert (swallowed.scroll_to, swallowed.sentence) == (20, "2 flags unseen")
    desk.in_view = frozenset(range(15, 30))
    desk.look(1.0)
    assert desk.press(wait=0.7) is None


def test_from_risk_40_all_of_the_text_must_have_been_on_screen() -> None:
    desk = Desk(risk=40, body=frozenset(range(30)))
    desk.look()
    assert why(desk.press()) is Why.TEXT_UNSEEN


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


def test_a_line_takes_no_key_before_it_was_on_screen_for_400_ms() -> None:
    desk = Desk()
    desk.look()
    desk.press("a")
    desk.line = "risk"
    desk.selection += 1
    desk.look(0.3)
    assert why(desk.press("Y", wait=0.01)) is Why.TOO_SOON
    desk.look(0.5)
    assert desk.press("Y", wait=0.6) is None


def test_after_a_swallowed_key_everything_but_movement_waits_for_half_a_second_of_silence() -> None:
    desk = Desk()
    assert desk.press("r") is not None
    now = desk.now
    assert why(desk.guard.swallows(desk.guard.key("3", now + 0.3))) is Why.SILENCE
    assert desk.guard.swallows(desk.guard.key("j", now + 0.4)) is None
    assert why(desk.guard.swallows(desk.guard.key("1", now + 0.7))) is Why.SILENCE
    assert desk.guard.swallows(desk.guard.key("1", now + 1.3)) is None


def test_a_swallowed_key_starts_the_hold_again() -> None:
    desk = Desk()
    desk.look()
    desk.guard.focused(desk.now)
    desk.press(wait=0.1)
    desk.now += 0.8
    assert why(desk.press("a", wait=0.0)) is Why.TOO_SOON


def test_the_hold_that_a_swallowed_key_starts_again_lasts_as_long_as_the_first() -> None:
    desk = Desk(risk=40)
    desk.look()
    desk.guard.focused(desk.now)
    desk.press(wait=0.1)
    desk.paint(0.55)
    assert why(desk.press(wait=0.01, repeats=False)) is Why.TOO_SOON


def test_of_512_drafts_seen_since_the_one_before_them_is_forgotten() -> None:
    desk = Desk()
    desk.look()
    for number in range(512):
        assert desk.guard.met("one", 1)
        desk.select(f"other-{number}")
        desk.paint()
    assert not desk.guard.met("one", 1)


def test_however_often_a_draft_is_edited_it_counts_as_one_and_only_what_was_seen_of_the_newest_version_counts() -> None:
    desk = Desk()
    desk.look()
    desk.select("edited")
    for version in range(1, 600):
        desk.version = version
        desk.look()
    assert desk.guard.met("one", 1)
    assert [version for version in range(1, 600) if desk.guard.met("edited", version)] == [599]
    desk.version = 598
    assert why(desk.press()) is Why.NOT_SEEN


def test_what_was_seen_under_a_note_that_is_gone_is_told_by_where_it_stands_now() -> None:
    under_a_note, without = frozenset(range(4, 40)), frozenset(range(36))
    desk = Desk(risk=50, body=under_a_note, flagged=frozenset({38}), in_view=frozenset(range(38)))
    desk.look()
    assert why(desk.press(wait=1.0)) is Why.FLAGS_UNSEEN
    desk.body, desk.flagged, desk.in_view = without, frozenset({34}), LINES
    desk.look(2.0)
    assert why(desk.press(wait=2.0)) is Why.FLAGS_UNSEEN
    assert not desk.guard.met("one", 1)
    desk.in_view = frozenset(range(26, 36))
    desk.look(2.0)
    assert why(desk.press(wait=2.0)) is Why.TEXT_UNSEEN
    desk.in_view = frozenset(range(10, 26))
    desk.look(2.0)
    assert desk.press(wait=2.0) is None


def test_what_was_shown_before_a_resize_or_a_suspend_proves_nothing() -> None:
    desk = Desk()
    desk.look()
    desk.guard.forget()
    assert why(desk.press()) is Why.NOT_SEEN
    assert not desk.guard.met("one", 1)


def test_only_items_that_met_the_rule_themselves_may_be_decided_as_marks() -> None:
    desk = Desk()
    desk.paint()
    assert not desk.guard.met("one", 1)
    desk.look()
    assert desk.guard.met("one", 1)
    assert not desk.guard.met("one", 2)
    desk.select("two")
    desk.flagged = frozenset({50})
    desk.look()
    assert not desk.guard.met("two", 1)


def test_on_a_mute_terminal_time_alone_speaks() -> None:
    desk = Desk()
    shown = Shown(desk.selected, LINES, LINES, frozenset(), LINES, 10)
    desk.guard.painted(shown, desk.now, desk.now, is_testimony=False)
    assert why(desk.press(wait=0.1)) is Why.TOO_SOON
    desk.guard.painted(shown, desk.now, desk.now, is_testimony=False)
    assert desk.press(wait=1.5) is None


def test_the_link_behind_a_multiplexer_is_added_to_the_hold() -> None:
    desk = Desk(Guard(GuardSettings(link_ms=400)))
    desk.look(0.5)
    assert why(desk.press(wait=0.01)) is Why.TOO_SOON


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.sampled_from(["key", "paint", "select", "focus", "broken", "scroll"]), st.floats(0.0, 0.9)),
        max_size=40,
    )
)
def test_whatever_happens_nothing_is_decided_that_was_not_in_view_for_the_hold(steps: list[tuple[str, float]]) -> None:
    """A plain recount of the evidence agrees with every key that counts."""
    desk = Desk()
    confirmed: list[tuple[float, Selected, frozenset[int]]] = []
    for step, wait in steps:
        desk.now += wait
        match step:
            case "paint":
                desk.paint()
                confirmed.append((desk.now, desk.selected, desk.in_view))
            case "select":
                desk.select(f"item-{int(wait * 3)}")
            case "focus":
                desk.guard.focused(desk.now)
            case "broken":
                desk.guard.broken(desk.now)
            case "scroll":
                desk.in_view = frozenset(range(int(wait * 10), int(wait * 10) + 10))
            case _:
                if desk.press(wait=0.0) is None:
                    looks = [at for at, selected, _lines in confirmed if selected == desk.selected]
                    item = (desk.item, desk.version)
                    lines = [seen for _at, one, seen in confirmed if (one.item_id, one.version) == item]
                    assert looks
                    assert looks[-1] - looks[0] >= 0.25
                    assert frozenset().union(*lines) >= LINES


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


def test_a_key_whose_draft_is_no_longer_the_selected_one_when_it_is_judged_does_not_count() -> None:
    desk = Desk()
    desk.look()
    read = desk.guard.key("a", desk.now + 0.05)
    assert why(desk.guard.judge(read, desk.selected, is_still_selected=False)) is Why.NOT_SEEN


def test_a_line_over_a_version_that_was_never_seen_whole_decides_nothing() -> None:
    desk = Desk()
    desk.look()
    desk.version, desk.line, desk.in_view = 2, "risk", frozenset(range(4))
    desk.look()
    desk.in_view = frozenset(range(4, 10))
    desk.look()
    assert why(desk.press("Y")) is Why.NOT_SEEN


def test_what_did_not_count_is_called_what_it_is() -> None:
    guard = Guard(GuardSettings())
    question = Selected("question 1", 1, 1, word="question")
    swallowed = guard.judge(guard.key("y", 1.0), question)
    assert swallowed is not None
    assert (swallowed.sentence, swallowed.brief) == (
        "this question was not on your screen yet",
        "the question was not shown yet",
    )
