"""Memory that stays, and memory that is given back.

What is made until all is loaded stays: the cyclic collector need not look at it again. What comes and goes afterwards
leaves gaps: Python keeps thousands of spare tuples until it collects all that it knows, which it would do once in some
hours, and the C library keeps what was freed between pieces that are in use.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable

MAPPED_FROM_BYTES = 128 * 1024
"""From this size on memory comes from the system and goes back to it. It is glibc's own at first, until it sees that
such pieces come and go: those are what asyncio reads a socket into, 256 kB each time, cut to the ten that came."""
_M_MMAP_THRESHOLD = -3
LONG_SECONDS = 0.02
"""A collection that takes more CPU than this looks at much that stays: that is put out of its sight, too."""


def settle_start() -> bool:
    """What was made until now stays, and the collector begins; False if it was at work already, as it is in tests."""
    if gc.isenabled():
        return False
    gc.enable()
    gc.freeze()
    return True


class Memory:
    """Keeps the app as small as what it knows; takes 30 ms once all is loaded, and three each time it is tidied."""

    def __init__(self) -> None:
        self._give_back = _c_library_gives_back()

    def settle_loaded(self) -> None:
        """What was loaded stays, too: what is looked at from now on is new and little, and never piles up."""
        gc.collect()
        gc.freeze()
        self._give_back(0)

    def tidy(self) -> None:
        """Collect what is gone, and give back what it took."""
        began = time.thread_time()
        gc.collect()
        if time.thread_time() - began > LONG_SECONDS:
            gc.freeze()
        self._give_back(0)


def _c_library_gives_back() -> Callable[[int], object]:
    """glibc's `malloc_trim`, which takes a tenth of a millisecond; where the C library has none, nothing is done."""
    if sys.platform != "linux":
        return lambda _kept_bytes: None
    import ctypes

    try:
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, MAPPED_FROM_BYTES)
        trim: Callable[[int], object] = library.malloc_trim
    except (OSError, AttributeError):
        return lambda _kept_bytes: None
    return trim
