"""What can be taken back: decisions, or batches, newest last, each with what the server has of it.

One whose request was sent and not answered may have arrived: it is neither dropped nor undone before an answer came.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from cc_api_client.errors import RateLimited, ServerFault, Unauthorized, Unavailable, Unreachable

PASSING = (Unreachable, Unavailable, RateLimited, ServerFault, Unauthorized)
"""What says nothing about a decision: the same request is sent again. A key that is not taken may be taken again."""


class Kept(Protocol):
    """A decision or a batch."""

    @property
    def key(self) -> str:
        """Its idempotency key."""

    @property
    def decided_at(self) -> float:
        """When it was made: local time in seconds."""


K = TypeVar("K", bound=Kept)
H = TypeVar("H")
Kept_contra = TypeVar("Kept_contra", bound=Kept, contravariant=True)
Handle_contra = TypeVar("Handle_contra", contravariant=True)


class Steps(Protocol[Kept_contra, Handle_contra]):
    """How one kind is taken back."""

    def undo_waits(self, kept: Kept_contra) -> None:
        """Say that it is taken back as soon as the server has answered for it."""

    def drop_unsent(self, kept: Kept_contra) -> bool:
        """It never left: forget it, and say so; False when it is not waiting any more."""

    async def undo_delivered(self, kept: Kept_contra, handle: Handle_contra) -> None:
        """Ask the server, and say what came of it; what is in `PASSING` is raised: it can be tried again."""


class Recall(Generic[K, H]):
    """The newest `most` of one kind; a handle is what the server is asked with, once it has answered.

    Args:
        steps: how it is taken back.
        most: how many are remembered.
    """

    def __init__(self, steps: Steps[K, H], most: int) -> None:
        self._steps = steps
        self._most = most
        self._kept: OrderedDict[str, tuple[K, H | None]] = OrderedDict()
        self._under_way: set[str] = set()
        self._in_doubt: set[str] = set()
        self._waited_for: set[str] = set()
        self._answer = asyncio.Event()

    # What the sender tells

    def remember(self, kept: K, handle: H | None = None) -> None:
        """It can be taken back from now on."""
        is_newest = kept.decided_at >= self.newest_at
        self._kept[kept.key] = (kept, handle)
        if not is_newest:
            self._kept = OrderedDict(sorted(self._kept.items(), key=lambda one: one[1][0].decided_at))
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def forget(self, key: str) -> None:
        """It can't be taken back any more."""
        self._kept.pop(key, None)
        self._under_way.discard(key)
        self._in_doubt.discard(key)
        self._wake()

    def forget_all(self, is_meant: Callable[[str], bool]) -> None:
        """All of these can't be taken back any more."""
        for key in [key for key in self._kept if is_meant(key)]:
            self.forget(key)

    def began(self, key: str) -> None:
        """A request is under way."""
        self._under_way.add(key)

    def unanswered(self, key: str, *, may_have_arrived: bool) -> None:
        """The request ended without an answer."""
        self._under_way.discard(key)
        if may_have_arrived:
            self._in_doubt.add(key)
        self._wake()

    def delivered(self, key: str, handle: H) -> None:
        """The server has it."""
        self._under_way.discard(key)
        self._in_doubt.discard(key)
        if key in self._kept:
            self._kept[key] = (self._kept[key][0], handle)
        self._wake()

    def is_unanswered(self, key: str) -> bool:
        """Whether it may be with the server, and no answer came."""
        return key in self._under_way or key in self._in_doubt

    def is_under_way(self, key: str) -> bool:
        """Whether a request is under way."""
        return key in self._under_way

    # Taking back

    @property
    def newest(self) -> K | None:
        """What `u` would take back."""
        return next(reversed(self._kept.values()))[0] if self._kept else None

    @property
    def newest_at(self) -> float:
        """When the newest that can be taken back was decided; long ago when there is none."""
        return next(reversed(self._kept.values()))[0].decided_at if self._kept else float("-inf")

    async def take_back_newest(self) -> bool:
        """Take back the newest that still can be; False when there is none. What came of it is told by the steps.

        One that is waited for already is not joined by the one before it: `u` pressed again says again what it waits
        for.

        Raises:
            CommandCenterError: one of `PASSING`: the server can't be asked now; it can be tried again.
        """
        while self._kept:
            key, (kept, _handle) = next(reversed(self._kept.items()))
            if key in self._waited_for:
                self._steps.undo_waits(kept)
                return True
            if await self._take_back(key, kept):
                return True
        return False

    async def _take_back(self, key: str, kept: K) -> bool:
        if self.is_unanswered(key):
            await self._answered(key, kept)
            if key not in self._kept:
                return True  # what became of it was said: someone was first, or it waits for a word
        kept, handle = self._kept.pop(key)
        if handle is None:
            return self._steps.drop_unsent(kept)
        try:
            await self._steps.undo_delivered(kept, handle)
        except PASSING:
            self.remember(kept, handle)
            raise
        return True

    async def _answered(self, key: str, kept: K) -> None:
        self._waited_for.add(key)
        self._steps.undo_waits(kept)
        try:
            while key in self._kept and self.is_unanswered(key):
                await self._answer.wait()
        finally:
            self._waited_for.discard(key)

    def _wake(self) -> None:
        self._answer.set()
        self._answer = asyncio.Event()
