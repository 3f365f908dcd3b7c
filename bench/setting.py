"""What every scenario starts from: servers that run already, fresh homes, our app and the minimal one in terminals."""

from __future__ import annotations

import contextlib
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.watching import PARSE_AFTER, wait_calm
from rig.direct_api import DirectApi
from rig.pty_app import Backend, app_terminal, simulated_backend
from rig.terminal import NotSeen, Terminal

FEW, PAGEFUL, FULL = 12, 100, 100_000
FIRST_PAINT = r"Approvals"
"""Our tabs: a splash line before them does not count as a first paint."""
LIST_ONLY_COLUMNS = 79
"""Below 80 columns the preview is a screen of its own."""
_ROOT = Path(__file__).parent.parent
_LOADED_SECONDS = 240.0


@dataclass(slots=True)
class Setting:
    """One run of the benchmarks.

    Attributes:
        runs: How often each start is repeated.
        many: How many items a long queue has.
        seconds: How long something is watched.
        requests: How often a server is asked for the same.
    """

    runs: int
    many: int
    seconds: float
    requests: int = 1_000
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _backends: dict[int, Backend] = field(default_factory=dict)
    _folder: Path | None = None
    _watched: list[int] = field(default_factory=list)

    @classmethod
    @contextlib.contextmanager
    def opened(cls, *, runs: int, many: int, seconds: float, requests: int) -> Iterator[Setting]:
        """A setting whose servers and folders are gone when the block is left."""
        setting = cls(runs, many, seconds, requests)
        with setting._stack:
            yield setting

    def backend(self, approvals: int) -> Backend:
        """The server with `approvals` pending items where nothing happens; started when it is asked for first."""
        if approvals not in self._backends:
            db = self.folder() / f"bench-{approvals}.db"
            self._backends[approvals] = self._stack.enter_context(simulated_backend(db, approvals=approvals))
        return self._backends[approvals]

    @property
    def is_full(self) -> bool:
        """Whether this is no quick run."""
        return self.many >= FULL

    def pids(self) -> list[int]:
        """The servers that run."""
        return [backend.pid for backend in self._backends.values()] + self._watched

    def watch(self, *pids: int) -> None:
        """Programs that a scenario started itself: what they use is no noise."""
        self._watched += pids

    def folder(self) -> Path:
        """A folder of this run."""
        if self._folder is None:
            self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="cc-bench-")))
        return self._folder

    def ours(self, approvals: int, cols: int = 120, backend: Backend | None = None) -> Terminal:
        """Our app on its queue of `approvals` items, just started, in a home that was never used.

        Args:
            backend: Another way to the server with that queue.
        """
        home = Path(tempfile.mkdtemp(dir=self.folder()))
        backend = backend or self.backend(approvals)
        return app_terminal(home, "--tab", "approvals", backend=backend, cols=cols, parse_after=PARSE_AFTER)

    @contextlib.contextmanager
    def ours_at_rest(self, approvals: int, cols: int = 120, backend: Backend | None = None) -> Iterator[Terminal]:
        """Our app with all loaded; `backend` as `ours` takes it."""
        with self.ours(approvals, cols, backend) as terminal:
            terminal.wait_for(self.filled(approvals), within=30.0)
            if approvals > PAGEFUL:
                self._wait_for_the_last(terminal, approvals)
            wait_calm(terminal)
            yield terminal

    def _wait_for_the_last(self, terminal: Terminal, approvals: int) -> None:
        """Look at the end of the list until the newest item is there, then go back."""
        with DirectApi(self.backend(approvals)) as api:
            last = re.compile(_escaped_start(api.approvals(limit=1, sort="-created")[0]["to_email"]))
        deadline = time.monotonic() + _LOADED_SECONDS
        terminal.press("G")
        while not any(last.search(row) for row in terminal.screen()[-4:]):
            if time.monotonic() > deadline:
                raise NotSeen(f"the last of {approvals:,} items:\n{terminal.text()}")
            wait_calm(terminal, within=_LOADED_SECONDS)
            terminal.press("G")
            terminal.wait_silent(0.5)
        terminal.press("g")

    def minimal(self, cols: int = 120) -> Terminal:
        """The minimal app, just started."""
        return Terminal([sys.executable, "-m", "bench.minimal_app"], cwd=_ROOT, cols=cols, parse_after=PARSE_AFTER)

    def filled(self, approvals: int) -> str:
        """A pattern that is visible once rows of the queue are: the start of the address of any of the first ones."""
        with DirectApi(self.backend(approvals)) as api:
            items = api.approvals(limit=min(approvals, PAGEFUL))
        return "|".join(sorted({_escaped_start(item["to_email"]) for item in items}))


def _escaped_start(address: str) -> str:
    return "".join(character if character.isalnum() else "." for character in address[:8])
