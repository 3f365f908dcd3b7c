"""What the app does not use any more it gives back; measured in a process of its own, by what the system counts."""

from __future__ import annotations

import gc
import platform
import subprocess
import sys
import weakref
from collections.abc import Iterator

import pytest

from cc_tui.ui import memory
from cc_tui.ui.memory import Memory
from tests.support.patience import PATIENCE_SECONDS

ONLY_GLIBC = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to give back")
GAPS = """
import re
from pathlib import Path
from cc_tui.ui.memory import Memory

def taken() -> int:
    return int(re.search(r"Anonymous:\\s+(\\d+)", Path("/proc/self/smaps_rollup").read_text())[1])

memory = Memory()
pieces = [b"x" * 60_000 for _ in range(400)]
kept = pieces[::4]
pieces.clear()
before = taken()
memory.tidy()
print(before - taken())
"""
"""Leaves gaps of 180 kB between pieces that stay, 18 MB together; prints how many kB of them were given back."""

LARGE = """
import ctypes
from cc_tui.ui.memory import Memory

def mapped() -> int:
    Told = ctypes.c_size_t * 10
    told = ctypes.CDLL(None).mallinfo2
    told.restype = type("Told", (ctypes.Structure,), {"_fields_": [("all", Told)]})
    return told().all[3]

memory = Memory()
for _ in range(3):
    before, piece = mapped(), b"x" * 256_000
    print(mapped() - before)
    del piece
"""
"""Has a large piece come and go three times; prints how many more pieces stand by themselves while it is there."""


class Node:
    """Something that holds on to itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector() -> Iterator[None]:
    """The collector as it was, afterwards."""
    was_on = gc.isenabled()
    yield
    gc.unfreeze()
    (gc.enable if was_on else gc.disable)()


def printed_by(source: str) -> list[str]:
    """The words that a process of its own prints."""
    argv = [sys.executable, "-c", source]
    told = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS)
    return told.stdout.split()


@ONLY_GLIBC
def test_what_was_freed_between_pieces_that_stay_is_given_back() -> None:
    (given_back,) = printed_by(GAPS)
    assert int(given_back) > 12_000


@ONLY_GLIBC
def test_large_pieces_stand_by_themselves_however_often_they_come_and_go() -> None:
    assert printed_by(LARGE) == ["1", "1", "1"]


@pytest.mark.usefixtures("collector")
def test_what_holds_on_to_itself_is_gone_once_it_is_tidied_however_old_it_is() -> None:
    gc.disable()
    node = Node()
    seen = weakref.ref(node)
    gc.collect()
    del node
    gc.collect(1)
    assert seen() is not None
    Memory().tidy()
    assert seen() is None


@pytest.mark.usefixtures("collector")
def test_much_that_stays_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "LONG_SECONDS", 0.0)
    rows = [[number] for number in range(1_000)]
    assert gc.get_freeze_count() == 0
    Memory().tidy()
    assert gc.get_freeze_count() >= len(rows)


@pytest.mark.usefixtures("collector")
def test_little_that_stays_is_looked_at_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "LONG_SECONDS", 3_600.0)
    Memory().tidy()
    assert gc.get_freeze_count() == 0
