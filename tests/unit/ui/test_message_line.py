"""The message line: what matters stays in sight at every width."""

from __future__ import annotations

import pytest

from cc_tui.state.messages import Level, Message
from cc_tui.ui.frame.message_line import message_line
from cc_tui.ui.themes.look import choose_look
from cc_tui.ui.themes.tokens import Token

LOOK = choose_look("dark", False, {})
WHO = "leila.costa@marlow-components-79.example"
APPROVED = Message(
    f"approved {WHO}, leaves in {{left}} · u undo", Level.DONE, 0.0, (WHO, "u"), 108.0,
    short=f"{WHO} leaves in {{left}} · u undo",
)  # fmt: skip


def shown(message: Message, width: int, now: float = 100.0) -> str:
    return message_line(message, now, width, LOOK).text(width)


@pytest.mark.parametrize("width", [120, 80, 45, 40])
def test_the_countdown_and_the_way_back_are_in_sight_at_every_width(width: int) -> None:
    told = shown(APPROVED, width)
    assert "leaves in 8 s · u undo" in told
    assert "leila" in told
    assert len(told) == width


def test_where_it_fits_the_long_form_is_used_and_the_address_is_whole() -> None:
    assert f"approved {WHO}, leaves in 8 s" in shown(APPROVED, 120)


def test_after_the_hold_undo_is_no_longer_offered() -> None:
    assert "undo" not in shown(APPROVED, 120, now=109.0)
    assert "its hold is over" in shown(APPROVED, 45, now=109.0)


def test_a_key_is_set_off_once_and_not_in_every_word_like_it() -> None:
    line = message_line(Message("a did not count: seen too short a time", Level.WARN, strong=("a",)), 0.0, 120, LOOK)
    assert [text for text, token in line.left if token is Token.STRONG] == ["a"]


def test_a_message_without_a_short_form_is_cut_before_the_margin() -> None:
    told = shown(Message("x" * 100, Level.ERROR), 45)
    assert told.endswith("… ")
