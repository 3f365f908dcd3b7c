"""Where a database's file lies: SQLite itself goes on writing to one that nobody finds any more."""

from __future__ import annotations

import errno
from pathlib import Path


class Place:
    """A path, and the file that lay there when it was opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _file_at(path)

    def require(self) -> None:
        """Make sure that it lies there still.

        Raises:
            OSError: it was removed, moved away, or replaced.
        """
        if _file_at(self._path) != self._file:
            raise OSError(errno.ESTALE, "another file was put in its place; stop the server before you replace it")


def _file_at(path: Path) -> tuple[int, int]:
    """Which file lies there."""
    found = path.stat()
    return found.st_dev, found.st_ino
