"""What a line to type into asks. Apart from the line itself, which costs 15 ms to import and is seldom needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a label, what stands there, and whom to tell.

    `takes_paste` is False where what is typed confirms something: it must be typed. `decides` says that the enter which
    takes it is a decision, and so must be a finger's.
    """

    label: str
    initial: str
    taken: Callable[[str], None]
    changed: Callable[[str], None] | None = None
    left: Callable[[], None] | None = None
    takes_paste: bool = True
    decides: bool = False
