"""The thread between a pty and a screen: reads with time stamps, delays as the line does, shows, answers, writes.

It owns the master side of the pty. Reading goes before parsing, so that stamps are true.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from rig.line import Line, Traffic
from rig.screen import QUERY, Screen

_READ_BYTES = 1 << 16
_BACKLOG_BYTES = 1 << 18


@dataclass(slots=True)
class Watch:
    """A pattern that is waited for on the screen, and the stamp of the read that made it visible."""

    regex: re.Pattern[str]
    seen_at: float | None = None


class Pump:
    """Moves bytes between the pty `master` and a `Screen` until it is closed.

    Everything public is read with `changed` held; it is notified whenever something happened.

    Args:
        make_screen: Gets the function that takes the answers to terminal queries, makes the screen.
        parse_after: Seconds of silence before output is parsed; queries are parsed at once.
    """

    def __init__(
        self, master: int, make_screen: Callable[[Callable[[bytes], None]], Screen], line: Line, parse_after: float
    ) -> None:
        self.changed = threading.Condition()
        self.screen = make_screen(self._answer)
        self.output = bytearray()
        self.reads: list[tuple[float, int]] = []
        self.last_arrival_at = 0.0
        self.visible_changes: list[float] = []
        self.watches: list[Watch] = []
        self.is_hung_up = False
        self._master = master
        self._outbound, self._inbound = Traffic(line), Traffic(Line(latency_seconds=line.latency_seconds))
        self._unwritten = bytearray()
        self._unparsed: list[tuple[float, bytes]] = []
        self._unparsed_bytes = 0
        self._asked = False
        self._answer_at = 0.0
        self._parse_after = parse_after
        self._wake = os.eventfd(0, os.EFD_NONBLOCK)
        self._closing = False
        self._poll = select.poll()
        self._poll.register(self._wake, select.POLLIN)
        self._unread = select.poll()
        self._unread.register(master, select.POLLIN)
        os.set_blocking(master, False)
        self._thread = threading.Thread(target=self._run, name="pump", daemon=True)

    @property
    def is_line_empty(self) -> bool:
        """Nothing is on its way to the terminal or from it, not even unread."""
        is_unread = any(event & select.POLLIN for _, event in self._unread.poll(0))
        return self._outbound.is_empty and self._inbound.is_empty and not self._unwritten and not is_unread

    @property
    def is_drained(self) -> bool:
        """Nobody writes any more, and all that was written has been shown."""
        return self.is_hung_up and self._outbound.is_empty and not self._unparsed

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    @property
    def is_closed(self) -> bool:
        """Whether it was hung up."""
        return self._closing

    def close(self) -> None:
        """Stop reading and hang up."""
        self._closing = True
        os.eventfd_write(self._wake, 1)
        if self._thread.ident is not None:
            self._thread.join()
        os.close(self._master)
        os.close(self._wake)

    def send(self, keys: bytes) -> float:
        """Type `keys`; the time just before the first byte leaves the keyboard."""
        with self.changed:
            at = time.monotonic()
            self._inbound.put(keys, at)
            self._write_due(at)
        os.eventfd_write(self._wake, 1)
        return at

    def parse(self) -> None:
        """Show what has arrived, at once. `changed` is held."""
        pieces, self._unparsed, self._unparsed_bytes, self._asked = self._unparsed, [], 0, False
        for at, piece in pieces:
            self._answer_at = at
            if self.screen.feed(piece):
                self.visible_changes.append(at)
                self._look_for_watches(at)

    def _look_for_watches(self, at: float) -> None:
        unseen = [watch for watch in self.watches if watch.seen_at is None]
        text = "\n".join(self.screen.rows()) if unseen else ""
        for watch in unseen:
            watch.seen_at = at if watch.regex.search(text) else None

    def _answer(self, answer: bytes) -> None:
        self._inbound.put(answer, max(self._answer_at, time.monotonic()))

    def _run(self) -> None:
        while not self._closing:
            for fd, _ in self._poll.poll(self._milliseconds_to_wait()):
                if fd == self._wake:
                    with contextlib.suppress(BlockingIOError):
                        os.eventfd_read(self._wake)
            with self.changed:
                self._read_all()
                now = time.monotonic()
                self._take_arrived(now)
                if self._unparsed and self._is_time_to_parse(now):
                    self.parse()
                self._write_due(time.monotonic())
                self._listen()
                self.changed.notify_all()

    def _listen(self) -> None:
        """Choose what to wait for: output unless the line is full, room for keys when some could not be written."""
        events = 0 if self._outbound.is_full else select.POLLIN
        events |= select.POLLOUT if self._unwritten else 0
        if events and not self.is_hung_up:
            self._poll.register(self._master, events)
        else:
            with contextlib.suppress(KeyError):
                self._poll.unregister(self._master)

    def _milliseconds_to_wait(self) -> float | None:
        with self.changed:
            self._listen()
            due = [at for at in (self._outbound.next_due(), self._inbound.next_due()) if at is not None]
            if self._unparsed:
                due.append(self._unparsed[-1][0] + self._parse_after)
        return max(0.0, (min(due) - time.monotonic()) * 1000) if due else None

    def _read_all(self) -> None:
        while not self.is_hung_up and not self._outbound.is_full:
            try:
                written = os.read(self._master, _READ_BYTES)
            except BlockingIOError:
                return
            except OSError:
                written = b""  # EIO: nobody has the other side open any more
            if not written:
                self.is_hung_up = True
                return
            at = time.monotonic()
            self.output += written
            self.reads.append((at, len(written)))
            self._outbound.put(written, at)

    def _take_arrived(self, now: float) -> None:
        for at, piece in self._outbound.arrived(now):
            before = self._unparsed[-1][1][-16:] if self._unparsed else b""
            self._asked = self._asked or QUERY.search(before + piece) is not None
            self._unparsed.append((at, piece))
            self._unparsed_bytes += len(piece)
            self.last_arrival_at = at

    def _is_time_to_parse(self, now: float) -> bool:
        silence = now - self._unparsed[-1][0]
        return silence >= self._parse_after or self._asked or self.is_hung_up or self._unparsed_bytes > _BACKLOG_BYTES

    def _write_due(self, now: float) -> None:
        for _, keys in self._inbound.arrived(now):
            self._unwritten += keys
        while self._unwritten:
            try:
                written = os.write(self._master, self._unwritten)
            except BlockingIOError:
                return
            except OSError:
                self._unwritten.clear()  # nobody reads any more
                return
            del self._unwritten[:written]
