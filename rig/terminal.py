"""Drives any command in a real pty, as a person at a terminal does; for tests and for the benchmarks (Linux).

A thread reads, stamps and shows what the application writes and answers its queries, so that the application never
waits for the test. Who uses this never sleeps: everything waits for a condition with a deadline.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from rig.keys import encode_key
from rig.line import Line
from rig.offspring import MARK, end_offspring, fresh_mark, is_at_work, offspring
from rig.pump import Pump, Watch
from rig.screen import Screen

PATIENCE_SECONDS: Final = 60.0
"""Until something must have come; far above what it takes, because the machine may be busy or stand still."""
FINGER_SECONDS: Final = 0.04
"""Between two keys of a person who types fast; the guard takes anything below 12 ms for a paste."""
_LOOK_AGAIN_SECONDS: Final = 0.05
"""How often a condition that is not about the screen (a file, a server) is looked at."""
_LEFT_OUT: Final = re.compile(
    r"TMUX|STY$|COLUMNS$|LINES$|NO_COLOR$|FORCE_COLOR$|TERM_PROGRAM|SSH_|TEXTUAL|CC_|PYTHONDONTWRITEBYTECODE"
)
_MODERN: Final = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}

Found = TypeVar("Found")


class NotSeen(AssertionError):
    """What was waited for did not come; the message holds the screen."""


def terminal_env(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a shell in a modern terminal: ours without what would change how an application looks."""
    inherited = {name: setting for name, setting in os.environ.items() if not _LEFT_OUT.match(name)}
    return inherited | _MODERN | dict(changes or {})


class Terminal:
    """A terminal with one command running in it; leaving the `with` block ends the command and all it started.

    Args:
        argv: The command; its first word is looked up on the PATH.
        env: Added to `terminal_env`.
        line: How fast output, keys and answers travel.
        mute: Never answer a query, as a few real terminals do.
        parse_after: Seconds of silence before output is parsed (queries excepted). Measuring sets 0.004, so that
            parsing does not compete with the application.
        pass_fds: File descriptors that the command inherits.
        partner: The pid of the server that the command talks to: while it is at work, its silence means nothing.

    Raises:
        FileNotFoundError: there is no such command.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cols: int = 120,
        rows: int = 40,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        line: Line = Line(),  # noqa: B008 - frozen
        mute: bool = False,
        parse_after: float = 0.0,
        pass_fds: Sequence[int] = (),
        partner: int = 0,
    ) -> None:
        self.argv = list(argv)
        self._partner = partner
        self._mark = fresh_mark()
        self._pressed_at = 0.0
        self._master, slave = os.openpty()
        _set_size(slave, cols, rows)
        self._discipline = termios.tcgetattr(slave)
        self._pump = Pump(
            self._master,
            lambda answer: Screen(cols, rows, (lambda _: None) if mute else answer),
            line,
            parse_after,
        )
        try:
            self.started_at = time.monotonic()
            self._command = self._start(slave, env, cwd, pass_fds)
        except BaseException:
            self._pump.close()
            raise
        finally:
            os.close(slave)
        self._pump.start()

    def _start(
        self,
        slave: int,
        env: Mapping[str, str] | None,
        cwd: str | os.PathLike[str] | None,
        pass_fds: Sequence[int],
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env=terminal_env(env) | {MARK: self._mark},
            pass_fds=pass_fds,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - one ioctl, no lock is touched; Popen has no other way
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._command.pid

    @property
    def status(self) -> int | None:
        """Exit status, minus the signal's number if one ended it; None while it runs."""
        return self._command.poll()

    def close(self) -> None:
        """End the command and all it started, and hang up."""
        end_offspring(self._mark)
        self._command.wait()
        if not self._pump.is_closed:
            self._pump.close()

    def hang_up(self) -> None:
        """Be gone, as a window that is closed or a connection that is cut; the command goes on."""
        self._pump.close()

    def offspring(self) -> list[int]:
        """The pids of the command and of all it started that still live, also after it ended."""
        return [member.pid for member in offspring(self._mark)]

    # What a person sees

    def screen(self) -> list[str]:
        """The visible rows, without blanks at their ends."""
        return self.inspect(Screen.rows)

    def text(self) -> str:
        """The visible rows as one string."""
        return "\n".join(self.screen())

    def inspect(self, look: Callable[[Screen], Found]) -> Found:
        """What `look` finds on the screen (cells, cursor, title, bells), which holds still meanwhile."""
        with self._pump.changed:
            return look(self._pump.screen)

    def modes_left(self) -> list[str]:
        """What the command switched on and not off again, in words: `alternate screen`, `mouse`, `raw input` …"""
        left = self.inspect(Screen.modes_left)
        return sorted([*left, "raw input"]) if self._has_raw_input() else left

    # What the wire saw

    @property
    def bytes_out(self) -> int:
        """How many bytes the command has written so far."""
        with self._pump.changed:
            return len(self._pump.output)

    def output(self, since: int = 0) -> bytes:
        """What the command has written, byte by byte, from the offset `since`."""
        with self._pump.changed:
            return bytes(self._pump.output[since:])

    def reads(self) -> list[tuple[float, int]]:
        """When how many bytes were read: (seconds, monotonic; bytes)."""
        with self._pump.changed:
            return list(self._pump.reads)

    def visible_changes(self) -> list[float]:
        """When something visible changed (seconds, monotonic), oldest first."""
        with self._pump.changed:
            self._pump.parse()
            return list(self._pump.visible_changes)

    # Waiting

    def wait_for(self, pattern: str, within: float = PATIENCE_SECONDS) -> re.Match[str]:
        """Wait until `pattern` (multi-line mode) is visible.

        Raises:
            NotSeen: it was not within `within` seconds, or the command ended before.
        """
        regex = re.compile(pattern, re.MULTILINE)
        return self._wait(lambda: regex.search("\n".join(self._pump.screen.rows())), within, repr(pattern))

    def watch(self, pattern: str) -> Watch:
        """Begin to look out for `pattern` (multi-line mode), for `wait_seen`; several may be looked out for at once."""
        with self._pump.changed:
            watch = Watch(re.compile(pattern, re.MULTILINE))
            self._pump.watches.append(watch)
            return watch

    def wait_seen(self, watch: Watch, within: float = PATIENCE_SECONDS) -> float:
        """Wait until what is watched has become visible; the stamp of the read that did it (seconds, monotonic).

        Raises:
            NotSeen: as `wait_for`.
        """
        return self._wait(lambda: watch.seen_at, within, repr(watch.regex.pattern))

    def wait_until(self, sentence: str, holds: Callable[[list[str]], bool], within: float = PATIENCE_SECONDS) -> None:
        """Wait until `holds(screen)`; `sentence` says in the error what was waited for.

        Raises:
            NotSeen: as `wait_for`.
        """
        self._wait(lambda: holds(self._pump.screen.rows()) or None, within, sentence)

    def wait_gone(self, pattern: str, within: float = PATIENCE_SECONDS) -> None:
        """Wait until `pattern` is no longer visible.

        Raises:
            NotSeen: as `wait_for`.
        """
        regex = re.compile(pattern, re.MULTILINE)
        self.wait_until(f"no {pattern!r}", lambda rows: regex.search("\n".join(rows)) is None, within)

    def wait_bytes(self, wanted: bytes, since: int = 0, within: float = PATIENCE_SECONDS) -> None:
        """Wait until the command has written `wanted` after the offset `since`.

        Raises:
            NotSeen: as `wait_for`.
        """
        self._wait(lambda: self._pump.output.find(wanted, since) >= 0 or None, within, repr(wanted))

    def wait_silent(self, silence: float, within: float = PATIENCE_SECONDS) -> float:
        """Wait until nothing has come from the command for `silence` seconds, nothing is on its way, and it is at rest.

        A command that waits for a processor is silent too, and not at rest: then the silence begins anew.

        Returns:
            When the last of it arrived (seconds, monotonic).

        Raises:
            NotSeen: it went on for `within` seconds.
        """
        entry = time.monotonic()
        deadline, pump = entry + within, self._pump
        with pump.changed:
            while True:
                now, due = time.monotonic(), max(pump.last_arrival_at, entry) + silence
                if now >= due and pump.is_line_empty:
                    if not is_at_work(self.pid, self._partner):
                        pump.parse()
                        return pump.last_arrival_at
                    entry = now
                if now >= deadline:
                    raise NotSeen(self._complaint(f"{silence} s of silence", within))
                pump.changed.wait(min(max(due - now, 0.001), deadline - now, _LOOK_AGAIN_SECONDS))

    def wait_exit(self, within: float = PATIENCE_SECONDS) -> int:
        """Wait until the command has ended and its last words are on the screen; its status as `status` tells it.

        Raises:
            NotSeen: it still runs after `within` seconds.
        """
        deadline = time.monotonic() + within
        try:
            status = self._command.wait(within)
        except subprocess.TimeoutExpired:
            with self._pump.changed:
                raise NotSeen(self._complaint("the end of the command", within)) from None
        with self._pump.changed:
            self._pump.changed.wait_for(lambda: self._pump.is_drained, max(0.0, deadline - time.monotonic()))
        return status

    # What a person does

    def press(self, *names: str, apart: float = FINGER_SECONDS) -> float:
        """Press keys (`a`, `down`, `ctrl+q`, `shift+f3`) as a finger does, `apart` seconds from one another.

        Returns:
            When the last one was pressed (seconds, monotonic).
        """
        at = 0.0
        for number, name in enumerate(names):
            _pass(apart if number else self._pressed_at + FINGER_SECONDS - time.monotonic())
            at = self._pressed_at = self.write(
                encode_key(name, self.inspect(lambda screen: screen.has_application_cursor_keys))
            )
        return at

    def type(self, text: str, apart: float = FINGER_SECONDS) -> float:
        """Type `text` key by key, `apart` seconds from one another."""
        names = {"\n": "enter", "\t": "tab", " ": "space"}
        return self.press(*(names.get(character, character) for character in text), apart=apart)

    def hold(self, name: str, seconds: float, delay: float = 0.5, per_second: float = 30.0) -> list[float]:
        """Hold a key down for `seconds`: once, again after `delay`, then `per_second`; when it was sent each time."""
        sent = [self.press(name)]
        due = sent[0] + delay
        while due <= sent[0] + seconds:
            _pass(due - time.monotonic())
            sent.append(self.press(name))
            due += 1 / per_second
        return sent

    def paste(self, text: str, bracketed: bool | None = None) -> float:
        """Paste `text`; `bracketed` None: as the application asked for, as a terminal does."""
        if self.inspect(lambda screen: screen.has_bracketed_paste) if bracketed is None else bracketed:
            text = f"\x1b[200~{text}\x1b[201~"
        return self.write(text.encode())

    def write_torn(self, *pieces: bytes, apart: float) -> list[float]:
        """Send pieces `apart` seconds from one another, as a bad line does; when each was sent."""
        sent: list[float] = []
        for piece in pieces:
            _pass(sent[-1] + apart - time.monotonic() if sent else 0.0)
            sent.append(self.write(piece))
        return sent

    def write(self, raw: bytes) -> float:
        """Send `raw` at once, as it is; when its first byte left (seconds, monotonic)."""
        return self._pump.send(raw)

    def resize(self, cols: int, rows: int) -> None:
        """Become `cols` by `rows`; the command gets SIGWINCH."""
        with self._pump.changed:
            self._pump.screen.resize(cols, rows)
            _set_size(self._master, cols, rows)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the command."""
        self._command.send_signal(number)

    # Within

    def _wait(self, find: Callable[[], Found | None], within: float, sentence: str) -> Found:
        deadline = time.monotonic() + within
        with self._pump.changed:
            while (found := find()) is None:
                left = deadline - time.monotonic()
                if left <= 0 or self._pump.is_drained:
                    raise NotSeen(self._complaint(sentence, within))
                self._pump.changed.wait(min(left, _LOOK_AGAIN_SECONDS))
            return found

    def _complaint(self, sentence: str, within: float) -> str:
        if self._pump.is_drained:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._command.wait(1.0)
        rows = self._pump.screen.rows()
        state = "still running" if self.status is None else f"ended with status {self.status}"
        edge = "─" * max(8, max((len(row) for row in rows), default=0))
        shown = "\n".join([edge, *rows, edge])
        return f"not seen within {within} s: {sentence} (command {state}: {self.argv[0]})\n{shown}"

    def _has_raw_input(self) -> bool:
        return _local_flags(termios.tcgetattr(self._master)) != _local_flags(self._discipline)


def _pass(seconds: float) -> None:
    """Let the time pass that a finger needs: part of what is sent, not a way to wait for an effect."""
    if seconds > 0:
        time.sleep(seconds)


def _local_flags(discipline: list[Any]) -> int:
    """Whether the terminal gathers lines and echoes them."""
    flags: int = discipline[3]
    return flags & (termios.ICANON | termios.ECHO)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _set_size(fd: int, cols: int, rows: int) -> None:
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
