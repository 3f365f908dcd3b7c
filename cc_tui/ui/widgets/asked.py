"""What a line to type into asks. Apart from the line itself, which costs 15 ms to import and is seldom needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with what is typed, and where it stands (code points; `end` is one after the last)."""

    sentence: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a label, what stands there, and whom to tell.

    `verb` says what enter does. `changed` is told each change and answers what is wrong with it. `takes_paste` is False
    where what is typed confirms something: it must be typed. `decides` says that the enter which takes it is a
    decision, and so must be a finger's.
    """

    label: str
    initial: str
    taken: Callable[[str], None]
    verb: str = "take it"
    changed: Callable[[str], Mistake | None] | None = None
    left: Callable[[], None] | None = None
    takes_paste: bool = True
    decides: bool = False
