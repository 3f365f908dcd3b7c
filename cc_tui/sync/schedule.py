"""When to ask the server for what: periods, back-off, what is looked at first. Pure; time is an argument (seconds)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import inf
from random import Random

from cc_api_client.backoff import FIRST_SECONDS, back_off

BACK_OFF_MOST_SECONDS = 30.0


@dataclass(slots=True)
class Feed:
    """One thing that is asked for again and again.

    `live_seconds` and `polling_seconds` are its periods with and without a stream; `weight` orders what is due.
    It waits until it is asked for unless it is `enabled`, and is left alone once the server `refused` it. `mark_failed`
    shows, where there is a place for it, why it could not be fetched.
    """

    name: str
    fetch: Callable[[], Awaitable[None]]
    live_seconds: float
    polling_seconds: float
    weight: int = 0
    due_at: float = 0.0
    failures: int = 0
    in_flight: bool = False
    enabled: bool = True
    refused: bool = False
    mark_failed: Callable[[str], None] = lambda _why: None

    @property
    def is_waiting(self) -> bool:
        """Whether it is to be fetched when its time comes."""
        return self.enabled and not self.refused and not self.in_flight


class Schedule:
    """The feeds, and which of them is next."""

    def __init__(self, rng: Random) -> None:
        self._feeds: dict[str, Feed] = {}
        self._rng = rng
        self._held_until = 0.0
        self.is_live = False

    def add(self, feed: Feed) -> None:
        """Know `feed` from now on; it is due at once."""
        self._feeds[feed.name] = feed

    def feed(self, name: str) -> Feed:
        """The feed of that name."""
        return self._feeds[name]

    def ask(self, name: str, at: float = 0.0) -> bool:
        """Have a feed fetched at `at`; False when it is due then anyway, or earlier."""
        feed = self._feeds[name]
        if feed.enabled and feed.due_at <= at:
            return False
        feed.enabled, feed.due_at = True, min(feed.due_at, at)
        return True

    def ask_all(self) -> None:
        """Have everything fetched now, also what was refused before: a key's role may have changed."""
        self._held_until = 0.0
        for feed in self._feeds.values():
            feed.refused, feed.due_at = False, 0.0

    def hold(self, until: float, why: str) -> None:
        """Fetch nothing before `until`: the server can't be reached, or not with this key; what waits says so too."""
        self._held_until = until
        for feed in self._feeds.values():
            if feed.is_waiting:
                feed.mark_failed(why)

    def release(self) -> None:
        """The server can be reached again."""
        self._held_until = 0.0

    def take(self, now: float) -> Feed | None:
        """The weightiest feed that is due and not in flight; it is in flight from now on.

        Who asks for it meanwhile may want more than what comes: it is due again as soon as it is here.
        """
        if now < self._held_until:
            return None
        due = [feed for feed in self._feeds.values() if feed.is_waiting and feed.due_at <= now]
        if not due:
            return None
        feed = max(due, key=lambda one: one.weight)
        feed.in_flight, feed.due_at = True, inf
        return feed

    def wait_seconds(self, now: float) -> float:
        """How long nothing is due, in seconds; at most a minute."""
        times = [feed.due_at for feed in self._feeds.values() if feed.is_waiting]
        return min(60.0, max(0.0, max(min(times, default=now + 60.0), self._held_until) - now))

    def succeeded(self, feed: Feed, now: float) -> None:
        """`feed` was fetched: its next turn is a period away, or when it was asked for meanwhile."""
        feed.in_flight, feed.failures = False, 0
        feed.due_at = min(feed.due_at, now + (feed.live_seconds if self.is_live else feed.polling_seconds))

    def failed(self, feed: Feed, now: float, wait_seconds: float | None = None) -> float:
        """`feed` could not be fetched; returns when it is tried again (`wait_seconds`: the server's wish)."""
        feed.in_flight = False
        feed.failures += 1
        if wait_seconds is None:
            wait_seconds = back_off(feed.failures, FIRST_SECONDS, BACK_OFF_MOST_SECONDS, self._rng)
        feed.due_at = now + wait_seconds
        return feed.due_at
