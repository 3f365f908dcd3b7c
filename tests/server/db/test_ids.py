"""New ids: no two are the same, in whichever thread or process they are made."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from cc_server.db.ids import RandomIds

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
    assert {UUID(one).version for one in made} == {4} and all(str(UUID(one)) == one for one in made)


def test_a_process_that_was_forked_gives_out_ids_of_its_own() -> None:
    told = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, check=True, timeout=60)
    made = told.stdout.split()
    assert len(made) == 40 and len(set(made)) == 40
