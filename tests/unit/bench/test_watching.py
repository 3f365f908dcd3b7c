"""The measurements see what a program with known delays does."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench.machine import Moment, cpu_seconds, pss_mb
from bench.watching import cost_of_keys, rest_of, start_of, wait_calm
from rig.terminal import PATIENCE_SECONDS, NotSeen, Terminal
from tests.support.patience import until

PRELUDE = "import os, sys, time, tty; tty.setraw(0); w = lambda s: os.write(1, s.encode()); r = lambda: os.read(0, 9)\n"


def program(source: str) -> Terminal:
    return Terminal([sys.executable, "-IS", "-c", PRELUDE + source], parse_after=0.004)


def test_a_start_is_stamped_when_each_thing_is_seen() -> None:
    with program("w('bar'); r(); w(' rows'); r()") as terminal, ThreadPoolExecutor(1) as beside:
        started = beside.submit(start_of, terminal, "bar", "rows")
        terminal.wait_for("bar")
        pressed_ms = (terminal.press("a") - terminal.started_at) * 1000
        start = started.result()
    assert 0 < start.first_paint_ms < pressed_ms < start.filled_ms


def test_a_key_costs_its_delay_and_its_bytes() -> None:
    with program("w('ready ')\nwhile r(): time.sleep(0.1); w('abcde')") as terminal:
        terminal.wait_for("ready")
        costs = cost_of_keys(terminal, ("a", "b", "c"), lost=PATIENCE_SECONDS)
    assert [cost.bytes_out for cost in costs] == [5, 5, 5]
    assert all(cost.paint_ms > 95 for cost in costs)


def test_a_key_without_an_effect_is_an_error() -> None:
    with program("w('ready ')\nwhile r(): pass") as terminal:
        terminal.wait_for("ready")
        with pytest.raises(NotSeen, match="an effect of 'a'"):
            cost_of_keys(terminal, ("a",))


def test_bytes_and_cpu_of_a_busy_program_are_counted_and_a_resting_one_is_calm() -> None:
    spin = "  w('x' * 50); t = time.monotonic() + 0.05\n  while time.monotonic() < t: pass\n"
    busy = "import select\nw('ready ')\nwhile not select.select([0], [], [], 0)[0]:\n" + spin
    with program(busy + "r(); r()") as terminal:
        terminal.wait_for("ready")
        before = terminal.bytes_out, cpu_seconds([terminal.pid])

        def worked(_until: float) -> None:
            until(lambda: terminal.bytes_out > before[0] and cpu_seconds([terminal.pid]) > before[1] + 0.02)

        rest = rest_of(terminal, 0.5, worked)
        assert rest.bytes_per_second > 0
        assert rest.cpu_percent > 0
        terminal.press("a")
        wait_calm(terminal)
        assert rest_of(terminal, 0.3).bytes_per_second == 0


def test_memory_and_cpu_are_those_of_the_program() -> None:
    assert 5 < pss_mb([os.getpid()]) < 2000
    assert cpu_seconds([os.getpid()]) > 0
    assert pss_mb([]) == 0


def test_our_own_work_is_no_noise() -> None:
    before = Moment(at=0.0, busy_seconds=0.0, own_seconds=0.0)
    cores = os.cpu_count() or 1
    after = Moment(at=10.0, busy_seconds=5.0 * cores, own_seconds=4.0 * cores)
    assert after.noise_since(before) == pytest.approx(10)
