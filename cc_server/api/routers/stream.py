"""`/ws/events` and `/api/events`: the same events over a WebSocket and over plain HTTP (contract, section 7)."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, WebSocket, WebSocketDisconnect

from cc_api_client.models.events import EventPage, EventPosition, Topic
from cc_api_client.models.installation.roles import Role
from cc_server.api.calling import calls
from cc_server.api.calling.params import words_of
from cc_server.api.calling.services import Services
from cc_server.api.http.admission import Admission
from cc_server.api.http.gate import STREAM_PATH, address_of, call_of
from cc_server.api.http.headers import parse_client_id
from cc_server.api.http.problems import RequestProblem
from cc_server.api.http.routing import asks, new_router
from cc_server.domain.access import clients, keys
from cc_server.domain.base import actors
from cc_server.domain.base.actors import Actor, Key
from cc_server.domain.base.refusals import DatabaseUnavailable, DomainRefusal, not_found

BAD_REQUEST, UNAUTHENTICATED, FORBIDDEN, RESTARTING, TRY_LATER = 4400, 4401, 4403, 1012, 1013
GONE = 1006
_CLOSES = {"unauthenticated": UNAUTHENTICATED, "rate_limited": TRY_LATER}
FIRST_FRAME_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 25
SHORTEST_WAIT_SECONDS = 0.05

router = new_router()
socket_router = APIRouter()


class Refused(Exception):
    """The stream is not given; `code` closes it."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@socket_router.websocket(STREAM_PATH)
async def stream(socket: WebSocket) -> None:
    """Events as they happen, from `since` on."""
    await socket.accept()
    services: Services = socket.app.state.services
    try:
        since, topics = _asked(socket.query_params.get("since"), socket.query_params.get("topics"))
        actor = await _actor(socket, services)
        frames = services.hub.follow(since, topics, actor.sees, services.db.clock.now)
        with services.hub.keys.hold(actor.key_id) as revoked:
            await _require_valid(services, actor)
            await _serve(socket, frames, revoked)
        await _close(socket, RESTARTING)
    except Refused as refusal:
        await _close(socket, refusal.code, str(refusal)[:120])
    except DatabaseUnavailable:
        await _close(socket, RESTARTING, "the database does not answer")
    except WebSocketDisconnect:
        return


@router.get("/api/events", response_model=EventPage, **asks(Role.VIEWER))
async def poll_events(
    request: Request,
    after: Annotated[str | None, Query(max_length=100, description="`<epoch>.<seq>`: where the reader stands.")] = None,
    wait: Annotated[int, Query(ge=0, le=LONGEST_WAIT_SECONDS, description="How long to wait for one, in seconds.")] = 0,
    topics: Annotated[str | None, Query(max_length=200, description="Topics by comma.")] = None,
) -> Response:
    """Events after a position; waits for the first when there is none."""
    services = calls.services_of(request)
    actor = await calls.require_known_client(request)
    try:
        since, wanted = _asked(after, topics)
    except Refused as refusal:
        raise RequestProblem.of_field("query", "after or topics", str(refusal)) from None
    followed = services.hub.follow(since, wanted, actor.sees, services.db.clock.now)
    frames: list[str] = []
    with services.hub.keys.hold(actor.key_id) as revoked:
        await services.db.read(keys.require_valid, actor.key_id)
        async with contextlib.aclosing(followed):
            frames += await anext(followed)
            await _read_what_is_there(followed, frames)
            seconds = max(wait, SHORTEST_WAIT_SECONDS)
            await until_first(_read_until_told(followed, frames), revoked.wait(), seconds=seconds)
        if revoked.is_set():
            raise RequestProblem("unauthenticated", "the key was revoked")
    told = [json.loads(frame) for frame in frames]
    body = json.dumps({"frames": told, "next": _next(told)}, separators=(",", ":"))
    return Response(body, media_type=calls.JSON)


async def _require_valid(services: Services, actor: Actor) -> None:
    """From here on the hub tells when the key is revoked; until here it may have been."""
    try:
        await services.db.read(keys.require_valid, actor.key_id)
    except DomainRefusal as refusal:
        raise Refused(UNAUTHENTICATED, refusal.detail) from None


async def _read_what_is_there(followed: AsyncIterator[list[str]], frames: list[str]) -> None:
    """Gather what was missed, up to the first that tells something, however long the database takes."""
    if '"resumed":true' in frames[0]:
        while not _tells_something(frames) and (some := await anext(followed)):
            frames += some


async def _read_until_told(followed: AsyncIterator[list[str]], frames: list[str]) -> None:
    """Gather frames until one of them tells something."""
    while not _tells_something(frames):
        try:
            frames += await anext(followed)
        except StopAsyncIteration:
            return


def _tells_something(frames: list[str]) -> bool:
    return any('"frame":"event"' in frame or '"frame":"resync_required"' in frame for frame in frames)


def _next(frames: list[dict[str, object]]) -> str:
    """Where a reader goes on: behind the last event, or as far as the subscription looked."""
    hello = frames[0]
    at = 0
    for frame in frames:
        match frame:
            case {"frame": "event", "seq": int(seq)}:
                at = max(at, seq)
            case {"frame": "heartbeat" | "resync_required", "head_seq": int(seq)}:
                at = max(at, seq)
            case {"frame": "hello", "resumed": False, "head_seq": int(seq)}:
                at = seq
            case {"frame": "event", "prev_seq": int(seq)}:
                at = max(at, seq)
            case _:
                pass
    return f"{hello['epoch']}.{at or hello['head_seq']}"


def _asked(since: str | None, topics: str | None) -> tuple[EventPosition | None, frozenset[str] | None]:
    """Where to begin and what to hear.

    Raises:
        Refused: one of the two means nothing.
    """
    try:
        position = EventPosition.parse(since) if since else None
        wanted = words_of("topics", topics, Topic) if topics else None
    except (ValueError, RequestProblem) as error:
        raise Refused(BAD_REQUEST, str(error)) from None
    return position, wanted


async def _actor(socket: WebSocket, services: Services) -> Actor:
    """Who listens: by the header, or by the first frame where a browser can't set one."""
    key = call_of(socket.scope).key
    client = socket.headers.get("x-client-id")
    if key is None:
        key, client = await _first_frame(socket)
    if not Role(key.role).includes(Role.VIEWER):
        raise Refused(FORBIDDEN, "this key may not read events")
    try:
        asked = parse_client_id(client)
        actor = actors.actor_for(key, asked, services.settings.default_client)
        if asked not in (None, "all") and not await services.db.read(clients.exists, str(asked)):
            raise not_found("client")
        return actor
    except DomainRefusal as refusal:
        raise Refused(FORBIDDEN, refusal.detail) from None
    except ValueError as error:
        raise Refused(BAD_REQUEST, str(error)) from None


async def _first_frame(socket: WebSocket) -> tuple[Key, str | None]:
    """The key that a browser says first."""
    try:
        async with asyncio.timeout(FIRST_FRAME_SECONDS):
            told = json.loads(await socket.receive_text())
        token = str(told["api_key"])
        token.encode()
    except (TimeoutError, ValueError, TypeError, KeyError, RecursionError):
        raise Refused(UNAUTHENTICATED, "the first frame must be an object with api_key") from None
    admission: Admission = socket.app.state.admission
    try:
        key = await admission.key_of(token, address_of(socket.scope))
    except RequestProblem as problem:
        raise Refused(_CLOSES.get(problem.code, RESTARTING), problem.detail) from None
    client = told.get("client_id")
    return key, client if isinstance(client, str) else None


async def _serve(socket: WebSocket, frames: AsyncIterator[list[str]], revoked: asyncio.Event) -> None:
    """Send frames until the reader goes, or the server does.

    Raises:
        Refused: the reader's key was revoked.
    """
    await until_first(_until_closed(socket), _send_all(socket, frames), _until_revoked(revoked))


async def until_first(*works: Coroutine[Any, Any, Any], seconds: float | None = None) -> None:
    """Run all of them until one ends, or the time is over; none outlives this, even where its caller is cancelled."""
    tasks = [asyncio.create_task(one) for one in works]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for one in ended:
        if isinstance(one, Exception):
            raise one


async def _until_revoked(revoked: asyncio.Event) -> None:
    await revoked.wait()
    raise Refused(UNAUTHENTICATED, "the key was revoked")


async def _send_all(socket: WebSocket, frames: AsyncIterator[list[str]]) -> None:
    async for some in frames:
        if not some:
            continue
        text = some[0] if len(some) == 1 else f"[{','.join(some)}]"
        try:
            await socket.send_text(text)
        except RuntimeError as error:  # what the framework raises where the reader went in the meantime
            raise WebSocketDisconnect(GONE) from error


async def _close(socket: WebSocket, code: int, reason: str | None = None) -> None:
    """Close a stream, unless its reader was first."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await socket.close(code, reason)


async def _until_closed(socket: WebSocket) -> None:
    """A reader says nothing; whatever it says, in text or in bytes, is left aside."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
