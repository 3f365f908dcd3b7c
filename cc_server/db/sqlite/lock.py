"""One server a database file: a lock beside it, which the system drops when the process ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from cc_server.db.errors import DatabaseInUse, DatabaseUnavailable
from cc_server.db.sqlite.errors import unavailable


class FileLock:
    """Holds `<file>.lock` from `take` to `drop`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock_path = path.with_name(path.name + ".lock")
        self._descriptor: int | None = None

    def take(self) -> None:
        """Take the lock.

        Raises:
            DatabaseInUse: another server has it.
            DatabaseUnavailable: the lock file can't be made.
        """
        try:
            descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unavailable(self._path, error) or DatabaseUnavailable(str(error)) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise DatabaseInUse(
                f"The database {self._path} is served by another process (pid {holder}); "
                "stop it or name another file with --db."
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor

    def drop(self) -> None:
        """Give the lock back; the file stays, so that nobody locks one that is being removed."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
