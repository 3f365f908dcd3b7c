"""The link to the server: live, polling, offline, refused. Written by `sync`, read by everyone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cc_tui.state.signal import Signal


class LinkPhase(StrEnum):
    """How the app hears from the server."""

    CONNECTING = "connecting"
    LIVE = "live"
    POLLING = "polling"
    OFFLINE = "offline"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Link:
    """The link now.

    `since` and `retry_at` are local seconds since the epoch; `poll_seconds` is the period while polling; `sentence`
    says why it is offline or refused, and `is_key_refused` that it is because of the key.
    """

    phase: LinkPhase = LinkPhase.CONNECTING
    since: float = 0.0
    retry_at: float | None = None
    poll_seconds: float = 5.0
    sentence: str | None = None
    is_key_refused: bool = False

    @property
    def is_up(self) -> bool:
        """Whether commands can be sent now."""
        return self.phase in (LinkPhase.LIVE, LinkPhase.POLLING)


class LinkStore:
    """The link, and a signal when it changes."""

    def __init__(self) -> None:
        self.link = Link()
        self.changed: Signal[Link] = Signal()
        self.heard_at: float | None = None
        """When the server was last heard, in local seconds; it changes often and is not signalled."""
        self.unread_events = 0
        """Events that told of something in a way nobody understands; they were left out."""
        self.clock_offset = 0.0
        """Server time minus local time in seconds; holds are counted down with it."""

    def set(self, link: Link) -> None:
        """Replace the link; tells only what differs."""
        if link != self.link:
            self.link = link
            self.changed.emit(link)

    def server_time(self, local: float) -> float:
        """The server's time at the local time `local`, both in seconds since the epoch."""
        return local + self.clock_offset
