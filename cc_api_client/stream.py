"""The event stream: resume, order, gaps, heartbeats, reconnecting. A pure reader and a thin shell around the socket.

The only module that imports websockets. A consumer sees each lossless event once and in order, or is told to fetch
everything anew.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from urllib.parse import urlencode, urlsplit

from pydantic import TypeAdapter, ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from cc_api_client.backoff import FIRST_SECONDS, back_off
from cc_api_client.errors import BadAnswer, CommandCenterError, Unauthorized, Unavailable, Unreachable, Unsupported
from cc_api_client.models import events as wire
from cc_api_client.models.events import Event, EventPosition, Frame, GoingAway, Heartbeat, Hello

FRAME_MOST_BYTES = 8 * 1024 * 1024
BACK_OFF_MOST_SECONDS = 15.0
OPEN_SECONDS = 10.0
MISSED_HEARTBEATS = 2.5
_FRAMES: TypeAdapter[list[Frame]] = TypeAdapter(list[Frame])
_KINDS = frozenset({"hello", "event", "heartbeat", "resync_required", "going_away"})


@dataclass(frozen=True, slots=True)
class Connected:
    """The stream is up; `resumed` when it goes on where it was."""

    position: EventPosition
    resumed: bool
    server_time: datetime


@dataclass(frozen=True, slots=True)
class Events:
    """Events in order, none missing since those before."""

    events: list[Event]


@dataclass(frozen=True, slots=True)
class Volatile:
    """Events that are never replayed (heartbeats of agents, logs, counts)."""

    events: list[Event]


@dataclass(frozen=True, slots=True)
class ResyncRequired:
    """Events are lost: fetch the collections again; the stream goes on from `head`."""

    reason: str
    head: EventPosition


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The stream was cut and is tried again in so many seconds."""

    error: CommandCenterError
    retry_in_seconds: float


StreamItem = Connected | Events | Volatile | ResyncRequired | Disconnected


class GapFound(Exception):
    """Events are missing: connect again from the last good position."""


@dataclass(slots=True)
class StreamReader:
    """What the frames mean, without any I/O.

    `position` is the last event that is known to be delivered (or where the stream began); it survives a reconnect.
    """

    position: EventPosition | None = None
    heartbeat_seconds: float = wire.HEARTBEAT_SECONDS
    retry_after_seconds: float | None = None
    _sent: int | None = field(default=None, repr=False)

    def feed(self, frames: Iterable[Frame]) -> list[StreamItem]:
        """The items that frames make, in order.

        Raises:
            GapFound: an event is missing.
            BadAnswer: the stream speaks another protocol.
        """
        before = self.position, self._sent
        items: list[StreamItem] = []
        try:
            for frame in frames:
                self._take(frame, items)
        except (GapFound, BadAnswer):
            # What these frames brought is not handed out, so it must come again.
            self.position, self._sent = before
            raise
        return items

    def _take(self, frame: Frame, items: list[StreamItem]) -> None:
        match frame:
            case Hello():
                items.append(self._hello(frame))
            case Event():
                self._event(frame, items)
            case Heartbeat():
                self._heartbeat(frame)
            case wire.ResyncRequired():
                items.append(self._resync(frame.reason, frame.head_seq))
            case GoingAway():
                self.retry_after_seconds = min(60.0, frame.retry_after_ms / 1_000)

    def _hello(self, frame: Hello) -> StreamItem:
        if frame.protocol != wire.PROTOCOL:
            raise BadAnswer(f"the stream speaks protocol {frame.protocol}, this client {wire.PROTOCOL}")
        self.heartbeat_seconds = max(0.1, frame.heartbeat_seconds)
        self.retry_after_seconds = None
        if not frame.resumed or self.position is None or self.position.epoch != frame.epoch:
            self.position = EventPosition(frame.epoch, frame.head_seq)
        self._sent = self.position.seq
        return Connected(self.position, frame.resumed, frame.server_time)

    def _event(self, event: Event, items: list[StreamItem]) -> None:
        if event.seq is None:
            _append(items, Volatile, event)
            return
        if self.position is None or self._sent is None:
            raise BadAnswer("the stream did not begin with hello")
        if event.seq <= self.position.seq:
            return
        if event.prev_seq is not None and event.prev_seq > self._sent:
            raise GapFound(f"event {event.seq} follows {event.prev_seq}, the last one here was {self._sent}")
        self._sent = event.seq
        self.position = EventPosition(self.position.epoch, event.seq)
        _append(items, Events, event)

    def _heartbeat(self, frame: Heartbeat) -> None:
        if self.position is None or self._sent is None:
            raise BadAnswer("the stream did not begin with hello")
        if frame.last_sent_seq > self._sent and frame.last_sent_seq > self.position.seq:
            raise GapFound(f"the server has sent up to {frame.last_sent_seq}, here arrived {self._sent}")
        if frame.head_seq > self.position.seq:
            self.position = EventPosition(self.position.epoch, frame.head_seq)

    def _resync(self, reason: str, head: int) -> StreamItem:
        epoch = self.position.epoch if self.position is not None else ""
        self.position = EventPosition(epoch, head)
        self._sent = head
        return ResyncRequired(reason, self.position)


def _append(items: list[StreamItem], kind: type[Events | Volatile], event: Event) -> None:
    last = items[-1] if items else None
    if isinstance(last, Events | Volatile) and type(last) is kind:
        last.events.append(event)
    else:
        items.append(kind([event]))


def parse_frames(message: str | bytes) -> list[Frame]:
    """One message: a frame, or an array of up to 64; frames and fields that are not known are left aside.

    Raises:
        BadAnswer: it is none.
    """
    try:
        told = json.loads(message)
        frames = told if isinstance(told, list) else [told]
        known = [frame for frame in frames if not (isinstance(frame, dict) and _is_unknown(frame))]
        return _FRAMES.validate_python(known)
    except (ValidationError, ValueError, RecursionError) as error:
        raise BadAnswer("the stream sent what is no frame") from error


def _is_unknown(frame: dict[str, object]) -> bool:
    """A kind of frame that newer servers may send."""
    kind = frame.get("frame")
    return isinstance(kind, str) and kind not in _KINDS


class EventStream:
    """An async iterator of `StreamItem` that reconnects for ever, with full jitter, until it is closed.

    Raises (while iterating):
        Unauthorized: the key is not accepted.
        Unsupported: there is no stream here, or not for this key: poll.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        *,
        topics: Iterable[str] | None,
        since: EventPosition | None,
        rng: Random,
    ) -> None:
        self._base_url = base_url
        self._headers = {name: value for name, value in headers.items() if name not in ("Accept", "User-Agent")}
        self._topics = ",".join(topics) if topics is not None else None
        self._rng = rng
        self._reader = StreamReader(since)
        self._closed = False
        self._failures = 0

    def __repr__(self) -> str:
        return f"EventStream({self._base_url!r})"

    async def __aiter__(self) -> AsyncIterator[StreamItem]:
        while not self._closed:
            try:
                async with self._connection() as socket:
                    async for item in self._items(socket):
                        yield item
                error: CommandCenterError = Unreachable(f"{self._base_url} closed the stream")
            except GapFound as gap:
                error = Unreachable(f"events are missing: {gap}")
            except (Unreachable, Unavailable, BadAnswer) as failure:
                error = failure
            if self._closed:
                return
            wait = self._wait_seconds()
            yield Disconnected(error, wait)
            await asyncio.sleep(wait)

    async def aclose(self) -> None:
        """No more reconnecting; the connection is closed as the iteration is left."""
        self._closed = True

    def _wait_seconds(self) -> float:
        self._failures += 1
        named = self._reader.retry_after_seconds
        if named is not None:
            self._reader.retry_after_seconds = None
            return named + self._rng.uniform(0.0, 0.5)
        return back_off(self._failures, FIRST_SECONDS, BACK_OFF_MOST_SECONDS, self._rng)

    def _connection(self) -> _Connection:
        params = {}
        if self._reader.position is not None and self._reader.position.epoch:
            params["since"] = str(self._reader.position)
        if self._topics is not None:
            params["topics"] = self._topics
        parts = urlsplit(self._base_url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        query = f"?{urlencode(params)}" if params else ""
        return _Connection(f"{scheme}://{parts.netloc}{parts.path}/ws/events{query}", self._headers, self._base_url)

    async def _items(self, socket: ClientConnection) -> AsyncIterator[StreamItem]:
        """Read until the socket ends, or nothing came for two heartbeats."""
        while True:
            patience = self._reader.heartbeat_seconds * MISSED_HEARTBEATS
            try:
                async with asyncio.timeout(patience):
                    message = await socket.recv()
            except TimeoutError as error:
                raise Unreachable(f"{self._base_url} was silent for {patience:.0f} s") from error
            except ConnectionClosed as closed:
                raise _ended(closed, self._base_url) from closed
            for item in self._reader.feed(parse_frames(message)):
                self._failures = 0
                yield item


def _ended(closed: ConnectionClosed, base_url: str) -> CommandCenterError:
    """Why the server closed the stream, as our error."""
    code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd is not None else (None, "")
    match code:
        case 4401:
            return Unauthorized("the key is not accepted any more", status=401)
        case 4400 | 4403:
            return Unsupported(f"{base_url} has no stream for this key: {reason or code}")
        case _:
            return Unreachable(f"{base_url} closed the stream: {reason or 'cut'}")


class _Connection:
    """One connection, with the handshake's failures as our errors."""

    def __init__(self, uri: str, headers: Mapping[str, str], base_url: str) -> None:
        self._uri = uri
        self._headers = headers
        self._base_url = base_url
        self._socket: ClientConnection | None = None

    async def __aenter__(self) -> ClientConnection:
        host = urlsplit(self._uri).hostname or ""
        is_local = host in ("localhost", "::1") or host.startswith("127.")
        try:
            self._socket = await connect(
                self._uri,
                additional_headers=self._headers,
                open_timeout=OPEN_SECONDS,
                ping_interval=10,
                ping_timeout=5,
                close_timeout=1,
                max_queue=16,
                max_size=FRAME_MOST_BYTES,
                proxy=None if is_local else True,
            )
        except InvalidStatus as refused:
            raise _refusal(refused.response.status_code, self._base_url) from refused
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as error:
            raise Unreachable(f"the stream of {self._base_url} can't be opened: {error}") from error
        return self._socket

    async def __aexit__(self, *_: object) -> None:
        if self._socket is not None:
            await self._socket.close()


def _refusal(status: int, base_url: str) -> CommandCenterError:
    if status == 401:
        return Unauthorized("the key is not accepted", status=401)
    if status in (403, 404):
        return Unsupported(f"{base_url} has no stream for this key", status=status)
    return Unavailable(f"{base_url} refuses the stream for now ({status})", status=status)
