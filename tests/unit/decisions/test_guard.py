"""What was on the screen decides: a key counts only if a person saw this draft, all of it that matters, long enough."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cc_tui.decisions.guard import Guard, GuardSettings, Selected, Shown, Why
from tests.unit.decisions.guarded import LINES, Desk, why


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
