"""Notices what another process commits: a key that was revoked by a command must end its streams here.

SQLite wakes nobody; `PRAGMA data_version` (2.7 µs) changes with every commit of another connection.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from pathlib import Path

from cc_server.db.transaction.notices import Woken
from cc_server.db.transaction.units import Committed

LOOK_SECONDS = 0.1
_log = logging.getLogger("cc_server.db")


class Watch:
    """Announces `Woken` after commits, its own process's too: whoever hears it looks what is new."""

    def __init__(self, path: Path, committed: Committed) -> None:
        self._path = path
        self._committed = committed
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="cc-watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _look(self) -> None:
        with sqlite3.connect(self._path, isolation_level=None, check_same_thread=False) as conn:
            seen: int | None = None
            while not self._ended.wait(LOOK_SECONDS):
                try:
                    version = conn.execute("PRAGMA data_version").fetchone()[0]
                except sqlite3.Error as error:
                    _log.warning("what other processes commit can't be seen: %s", error)
                    continue
                if version != seen:
                    seen = version
                    self._committed([Woken()])
        conn.close()
