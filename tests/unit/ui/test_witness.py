"""The witness asks until the terminal has answered once: an empty queue is no proof that a terminal is mute."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from cc_tui.decisions.fence import MUTE_AFTER_SECONDS
from cc_tui.decisions.guard import Guard, GuardSettings
from cc_tui.ui.terminal.witness import Witness

_ASKED_AT = re.compile(r"\x1b7\x1b\[(\d+);(\d+)H\x1b\[6n\x1b8")


class PlayedTerminal:
    """A terminal of 120x40 whose clock stands, and which answers when it is told to."""

    can_testify = True

    def __init__(self) -> None:
        self.now = 0.0
        self.written: list[str] = []

    def write_behind_frame(self, sequence: str) -> None:
        """Keep what was asked."""
        self.written.append(sequence)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Nothing is due while the clock stands."""

    def monotonic(self) -> float:
        """The clock that stands."""
        return self.now

    def answer(self, witness: Witness) -> None:
        """Answer the newest question."""
        asked = _ASKED_AT.fullmatch(self.written[-1])
        assert asked is not None
        witness.answered(int(asked[2]), int(asked[1]), self.now)


@pytest.fixture
def terminal() -> PlayedTerminal:
    return PlayedTerminal()


@pytest.fixture
def witness(terminal: PlayedTerminal) -> Witness:
    """It has begun on a screen where nothing can be decided; its first question is not answered yet."""
    begun = Witness(terminal, Guard(GuardSettings()), lambda: None)
    begun.begin(120, 40)
    return begun


def _left_and_came_back(witness: Witness) -> None:
    witness.went_away()
    witness.came_back()


@pytest.mark.parametrize(
    "loses_the_question",
    [lambda witness: witness.resized(120, 40), _left_and_came_back, Witness.taken_back],
    ids=["a size that is told", "another program", "a newer frame"],
)
def test_a_terminal_that_answers_is_not_called_mute_because_its_first_question_was_lost(
    loses_the_question: Callable[[Witness], None], terminal: PlayedTerminal, witness: Witness
) -> None:
    loses_the_question(witness)
    terminal.answer(witness)
    terminal.now = MUTE_AFTER_SECONDS + 1
    assert not witness.is_mute


def test_a_terminal_that_answers_nothing_is_called_mute_also_after_another_size(
    terminal: PlayedTerminal, witness: Witness
) -> None:
    terminal.now = 1.0
    witness.resized(80, 24)
    terminal.now = MUTE_AFTER_SECONDS
    assert witness.is_mute


def test_nothing_is_asked_while_another_program_has_the_terminal(terminal: PlayedTerminal, witness: Witness) -> None:
    witness.went_away()
    asked = len(terminal.written)
    witness.resized(80, 24)
    assert len(terminal.written) == asked


def test_once_it_has_answered_another_size_asks_nothing(terminal: PlayedTerminal, witness: Witness) -> None:
    terminal.answer(witness)
    asked = len(terminal.written)
    witness.resized(80, 24)
    assert len(terminal.written) == asked
