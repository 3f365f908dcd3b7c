"""Where the processes behind one port keep their figures, so that `/metrics` is the same whichever of them answers.

prometheus_client sums over files in a folder that a variable names, one a process; it reads that when it is imported.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

FOLDER = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def shared_figures() -> Iterator[Callable[[int], None]]:
    """While this holds, processes that are begun share their figures.

    Yields:
        What is to be told of a process that ended: what it counted stays, how it was is forgotten.
    """
    with tempfile.TemporaryDirectory(prefix="cc-figures-") as folder:
        os.environ[FOLDER] = folder
        try:
            yield partial(_forget, Path(folder))
        finally:
            del os.environ[FOLDER]


def _forget(folder: Path, pid: int) -> None:
    for file in folder.glob(f"gauge_live*_{pid}.db"):
        file.unlink(missing_ok=True)
