"""Sorting a list by `s` and a letter: what is asked, and the order that the lists of runs and agents are in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from cc_tui.state.messages import Level

if TYPE_CHECKING:
    from cc_tui.session import Session


Row = TypeVar("Row")


class SortAsk:
    """Waits for the letter after `s`.

    Args:
        session: says what can be chosen, and what was.
        letters: the word that each letter stands for.
        choose: sorts by a letter's word; returns whether the order is turned round.
    """

    def __init__(self, session: Session, letters: Mapping[str, str], choose: Callable[[str], bool]) -> None:
        self._session = session
        self._letters = letters
        self._choose = choose
        self._is_waiting = False

    @property
    def choices(self) -> Sequence[tuple[str, str]]:
        """The letters that are waited for, with their words; none while nothing is asked."""
        return (*self._letters.items(), ("esc", "leave")) if self._is_waiting else ()

    @property
    def _choices(self) -> str:
        return ", ".join(f"{letter} {word}" for letter, word in self._letters.items())

    def ask(self) -> None:
        """`s` was pressed."""
        self._is_waiting = True
        self._session.say(f"sort by: {self._choices}", Level.NOTE, tuple(self._letters), short=self._choices)

    def typed(self, key: str) -> bool:
        """The key after it; False when none was waited for."""
        if not self._is_waiting:
            return False
        self._is_waiting = False
        word = self._letters.get(key)
        if word is None:
            self._session.say(f"not sorted: {self._choices}", Level.NOTE, tuple(self._letters))
        elif self._choose(word):
            self._session.say(f"sorted by {word}, turned round", Level.NOTE, (word,))
        else:
            self._session.say(f"sorted by {word}; s {key} again turns it round", Level.NOTE, (word, f"s {key}"))
        return True


@dataclass(frozen=True, slots=True)
class SortBy(Generic[Row]):
    """One thing to sort by: its word, the column that wears the arrow, and a row's value; None sorts last."""

    word: str
    column: str
    value: Callable[[Row], Any]
    """What rows are compared by; all values of one column compare with one another."""
    is_descending: bool = False
    """Whether the greatest comes first."""


class Sorting(Generic[Row]):
    """The order of a list. Without a choice it is the list's own."""

    def __init__(self, choices: Mapping[str, SortBy[Row]]) -> None:
        self._choices = {choice.word: choice for choice in choices.values()}
        self.letters = {letter: choice.word for letter, choice in choices.items()}
        self._by: SortBy[Row] | None = None
        self._is_turned = False

    def choose(self, word: str) -> bool:
        """Sort by that word; the same again turns the order round. Returns whether it is turned round now."""
        chosen = self._choices[word]
        self._is_turned = chosen is self._by and not self._is_turned
        self._by = chosen
        return self._is_turned

    @property
    def column(self) -> str:
        """The column that is sorted by; empty without a choice."""
        return self._by.column if self._by is not None else ""

    @property
    def is_descending(self) -> bool:
        """Whether the greatest comes first now."""
        return self._by is not None and self._by.is_descending is not self._is_turned

    def of(self, rows: Sequence[Row]) -> list[Row]:
        """The rows in this order; rows alike stay as they were, rows without a value come last."""
        by = self._by
        if by is None:
            return list(rows)
        told = [row for row in rows if by.value(row) is not None]
        untold = [row for row in rows if by.value(row) is None]
        return [*sorted(told, key=by.value, reverse=self.is_descending), *untold]
