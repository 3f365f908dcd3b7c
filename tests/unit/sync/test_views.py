"""Views that are loaded at the same time."""

from __future__ import annotations

import gc

from cc_tui.sync.views import _fewer_collections


def test_the_collector_is_as_before_once_all_loads_have_ended_in_whatever_order() -> None:
    before = gc.get_threshold()
    _fewer_collections.__enter__()
    _fewer_collections.__enter__()
    assert gc.get_threshold()[0] > before[0]
    _fewer_collections.__exit__()
    assert gc.get_threshold()[0] > before[0], "one load is still under way"
    _fewer_collections.__exit__()
    assert gc.get_threshold() == before


def test_a_threshold_that_was_changed_between_two_loads_is_kept() -> None:
    before = gc.get_threshold()
    with _fewer_collections:
        pass
    gc.set_threshold(before[0] + 100, *before[1:])
    try:
        with _fewer_collections:
            pass
        assert gc.get_threshold()[0] == before[0] + 100
    finally:
        gc.set_threshold(*before)
