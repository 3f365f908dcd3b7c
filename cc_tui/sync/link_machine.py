"""The link as a small machine: what the stream and the polls tell becomes one honest word."""

from __future__ import annotations

from dataclasses import replace

from cc_tui.state.link import Link, LinkPhase, LinkStore


class LinkMachine:
    """Writes the link store; times are local seconds since the epoch."""

    def __init__(self, store: LinkStore, poll_seconds: float) -> None:
        self._store = store
        self._poll_seconds = poll_seconds
        self._stream_is_up = False

    def heard(self, at: float, server_time: float | None) -> None:
        """The server answered or sent something; `server_time` (seconds) sets the clock's offset."""
        self._store.heard_at = at
        if server_time is not None:
            self._store.clock_offset = server_time - at

    def stream_is_up(self, at: float) -> None:
        """The stream is connected."""
        self._stream_is_up = True
        self._go(LinkPhase.LIVE, at)

    def stream_is_down(self, at: float) -> None:
        """The stream was cut; whether the server can be reached at all, the next poll tells."""
        self._stream_is_up = False
        if self._store.link.phase is LinkPhase.LIVE:
            self._go(LinkPhase.POLLING, at)

    def poll_succeeded(self, at: float) -> None:
        """An answer came."""
        self._go(LinkPhase.LIVE if self._stream_is_up else LinkPhase.POLLING, at)

    def unreachable(self, at: float, retry_at: float, sentence: str) -> None:
        """Nothing came; the next try is at `retry_at`."""
        link = self._store.link
        since = link.since if link.phase is LinkPhase.OFFLINE else at
        self._store.set(
            Link(LinkPhase.OFFLINE, since, retry_at=retry_at, poll_seconds=self._poll_seconds, sentence=sentence)
        )

    def refused(self, at: float, sentence: str, *, is_key_refused: bool) -> None:
        """The server is there, and tells nothing: it does not take the key, or does not say who it is.

        Stream and polls each hear of it, in words of their own: the first to do so tells.
        """
        link = self._store.link
        if link.phase is LinkPhase.REFUSED and link.is_key_refused is is_key_refused:
            return
        since = link.since if link.phase is LinkPhase.REFUSED else at
        period = self._poll_seconds
        self._store.set(
            Link(LinkPhase.REFUSED, since, poll_seconds=period, sentence=sentence, is_key_refused=is_key_refused)
        )

    def _go(self, phase: LinkPhase, at: float) -> None:
        link = self._store.link
        since = link.since if link.phase is phase else at
        self._store.set(replace(Link(phase, since), poll_seconds=self._poll_seconds))
