"""A server looks for garbage in what is new, and still finds it."""

from __future__ import annotations

import gc
import weakref

from cc_server.cli.serving.garbage import NEW_OBJECTS, spare_what_is_there


class Ring:
    """Holds itself: only a look for garbage ends it."""

    def __init__(self) -> None:
        self.itself = self


def test_what_is_there_is_left_out_and_what_is_new_is_still_found() -> None:
    thresholds = gc.get_threshold()
    try:
        spare_what_is_there()
        assert gc.get_freeze_count() > NEW_OBJECTS and gc.get_threshold()[0] == NEW_OBJECTS
        gone = weakref.ref(Ring())
        kept = [[number] for number in range(3 * NEW_OBJECTS)]
        assert gone() is None and len(kept) == 3 * NEW_OBJECTS
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
