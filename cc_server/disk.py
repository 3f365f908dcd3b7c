"""What has to survive a power cut: the bytes of a file, and the names in a folder."""

from __future__ import annotations

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Have a file's bytes on disk; of a folder: the names in it, those that were just given too.

    Raises:
        OSError: it can't be done.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
