"""The line between an application and the terminal of a person: how fast it is and how much of it is on its way.

A queue of bytes with due times. Knows neither pty nor screen; the time is handed in.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

_PIECE_BYTES = 256
"""What a slow line delivers at once: 13 ms at 20 kB/s, so that answers are as late as they are on a real one."""


@dataclass(frozen=True, slots=True)
class Line:
    """How a connection treats what goes through it.

    Attributes:
        bytes_per_second: Of the application's output; None: as fast as it comes.
        latency_seconds: Each way, of output, keys and answers alike.
        buffer_bytes: What sshd and the network take from the application ahead of the terminal, before it has to wait.
    """

    bytes_per_second: float | None = None
    latency_seconds: float = 0.0
    buffer_bytes: int = 1 << 18


SLOW = Line(bytes_per_second=20_000, latency_seconds=0.02, buffer_bytes=1 << 15)
"""The slow line of the budgets: 20 kB/s, with six frames of 5 kB under way."""


class Traffic:
    """Bytes on their way through a `Line`, in order."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._pieces: deque[tuple[float, bytes]] = deque()
        self._free_at = 0.0
        self._on_the_way = 0

    @property
    def is_full(self) -> bool:
        """The line takes nothing more now: who writes has to wait."""
        return self._on_the_way >= self._line.buffer_bytes

    @property
    def is_empty(self) -> bool:
        return not self._pieces

    def put(self, sent: bytes, at: float) -> None:
        """Send `sent` at the time `at` (seconds, monotonic)."""
        speed = self._line.bytes_per_second
        size = _PIECE_BYTES if speed is not None else max(1, len(sent))
        for start in range(0, len(sent), size):
            piece = sent[start : start + size]
            if speed is not None:
                self._free_at = max(self._free_at, at) + len(piece) / speed
            self._pieces.append((max(self._free_at, at) + self._line.latency_seconds, piece))
            self._on_the_way += len(piece)

    def next_due(self) -> float | None:
        """When the next piece arrives, or None."""
        return self._pieces[0][0] if self._pieces else None

    def arrived(self, now: float) -> list[tuple[float, bytes]]:
        """Take what has arrived by `now`: (when it arrived, what), oldest first."""
        arrived = []
        while self._pieces and self._pieces[0][0] <= now:
            due, piece = self._pieces.popleft()
            self._on_the_way -= len(piece)
            arrived.append((due, piece))
        return arrived
