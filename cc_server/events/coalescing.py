"""What is never replayed is told at most four times a second for each object: the newest word, or all new lines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from cc_server.events.log import AGENT_LOG, Volatile

PAUSE_SECONDS = 0.25
LINES_MOST = 200
"""Lines of a log in one event; who sees `truncated` fetches the others."""

_Object = tuple[str, str, str | None]


@dataclass(slots=True)
class _Paused:
    """One object of which something was told a moment ago."""

    waiting: Volatile | None = None


class Coalescer:
    """Passes events on, the first at once, later ones together after a pause.

    Args:
        deliver: where they go; called in the running loop.
    """

    def __init__(self, deliver: Callable[[Volatile], None]) -> None:
        self._deliver = deliver
        self._paused: dict[_Object, _Paused] = {}

    def offer(self, event: Volatile) -> None:
        """Tell `event` now or with others of its object."""
        name = (event.type, event.object_id, event.client_id)
        paused = self._paused.get(name)
        if paused is None:
            self._tell(name, event)
        else:
            paused.waiting = event if paused.waiting is None else _together(paused.waiting, event)

    def _tell(self, name: _Object, event: Volatile) -> None:
        self._paused[name] = _Paused()
        asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._go_on, name)
        self._deliver(_at_most(event))

    def _go_on(self, name: _Object) -> None:
        paused = self._paused.pop(name)
        if paused.waiting is not None:
            self._tell(name, paused.waiting)


def _together(earlier: Volatile, later: Volatile) -> Volatile:
    """Two events of one object as one."""
    if later.type != AGENT_LOG:
        return later
    is_cut = earlier.data.get("truncated") or later.data.get("truncated")
    lines = [*earlier.data["lines"], *later.data["lines"]]
    return _at_most(replace(later, data={"lines": lines} | ({"truncated": True} if is_cut else {})))


def _at_most(event: Volatile) -> Volatile:
    """A log's event with the newest 200 lines at most."""
    if event.type != AGENT_LOG or len(event.data["lines"]) <= LINES_MOST:
        return event
    return replace(event, data={"lines": event.data["lines"][-LINES_MOST:], "truncated": True})
