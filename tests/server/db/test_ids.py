"""New ids: no two are the same, in whichever thread or process they are made."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

import pytest

from cc_server.db.ids import Ids, RandomIds, SeededIds
from tests.support.patience import PATIENCE_SECONDS

FORKED = """
import os
from cc_server.db.ids import RandomIds
ids = RandomIds()
ids.new()
child = os.fork()
if child:
    os.waitpid(child, 0)
print(*(ids.new() for _ in range(20)), sep="\\n", flush=True)
"""


def test_threads_are_given_different_ids() -> None:
    ids = RandomIds()
    with ThreadPoolExecutor(8) as threads:
        made = [one for some in threads.map(lambda _: [ids.new() for _ in range(500)], range(8)) for one in some]
    assert len(set(made)) == len(made) == 4_000
    assert {UUID(one).version for one in made} == {7} and all(str(UUID(one)) == one for one in made)


@pytest.mark.parametrize("ids", [RandomIds(), SeededIds("a seed")], ids=["random", "seeded"])
def test_an_id_sorts_behind_every_one_that_was_made_before(ids: Ids) -> None:
    made = [ids.new() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert {UUID(one).version for one in made} == {7} and {UUID(one).variant for one in made} == {RFC_4122}


def test_ids_go_on_in_order_while_the_clock_was_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = RandomIds()
    before = ids.new()
    monkeypatch.setattr("time.time_ns", lambda: 0)
    assert before < ids.new() < ids.new()


def test_an_id_tells_the_millisecond_it_was_made_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000_123_456_789)
    assert RandomIds().new().startswith("018bcfe5-687b-7000-")


def test_a_process_that_was_forked_gives_out_ids_of_its_own() -> None:
    told = subprocess.run(
        [sys.executable, "-c", FORKED], capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS
    )
    made = told.stdout.split()
    assert len(made) == 40 and len(set(made)) == 40
