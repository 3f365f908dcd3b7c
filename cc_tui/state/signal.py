"""How a store says that something changed. Synchronous, in order; a listener must not write to the store it hears."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Signal(Generic[T]):
    """A list of listeners that are called with what changed."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[T], None]] = []

    def subscribe(self, listener: Callable[[T], None]) -> Callable[[], None]:
        """Call `listener` at each change from now on; returns what ends it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def emit(self, change: T) -> None:
        """Tell every listener."""
        for listener in tuple(self._listeners):
            listener(change)


Ids = frozenset[str]
"""The ids of the rows that changed; `ALL` when the rows as a whole did."""

ALL: Ids = frozenset({"*"})
