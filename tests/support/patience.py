"""Waiting for what must come: at once where it is there, and long enough for a machine that is busy or stands still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from rig import terminal

PATIENCE_SECONDS = terminal.PATIENCE_SECONDS
LOOK_AGAIN_SECONDS = 0.02
FoundT = TypeVar("FoundT")


def until(find: Callable[[], FoundT | None], sentence: str = "what is waited for") -> FoundT:
    """What `find` finds, once that is something.

    Raises:
        AssertionError: it found nothing in a minute.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while not (found := find()):
        assert time.monotonic() < end, f"never came: {sentence}"
        time.sleep(LOOK_AGAIN_SECONDS)
    return found


async def until_true(find: Callable[[], FoundT | None], sentence: str = "what is waited for") -> FoundT:
    """The same in a loop, which goes on meanwhile."""
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE_SECONDS
    while not (found := find()):
        assert loop.time() < end, f"never came: {sentence}"
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    return found
