"""What stands above the log."""

from __future__ import annotations

from cc_tui.ui.dialogs.pages import log_notes


def test_events_that_could_not_be_read_are_told_with_their_number() -> None:
    assert log_notes(is_mute=False, unread_events=0) == []
    assert log_notes(is_mute=False, unread_events=1)[0].startswith("1 event of the server could not be read")
    assert log_notes(is_mute=False, unread_events=7)[0].startswith("7 events of the server could not be read")


def test_a_terminal_that_testifies_nothing_is_told_first() -> None:
    first, second = log_notes(is_mute=True, unread_events=1)
    assert "can't testify" in first
    assert "could not be read" in second
