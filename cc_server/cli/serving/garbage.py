"""How often a server looks for garbage: by Python's own measure it was a tenth of a decision.

Python looks after every 700 new objects, and now and then through all that the program ever made: its modules, its
models, its routes. Those stay for good, so they are left out, and what is new is looked through less often.
"""

from __future__ import annotations

import gc

NEW_OBJECTS = 10_000
"""New objects between two looks: some ten decisions that run at once."""


def spare_what_is_there() -> None:
    """From now on, look for garbage only in what is made from now on, and not too often."""
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
