"""The gate around the application: what is settled before any route is looked for (contract, section 1, order).

Request id, key, rate, size and media type, in this order, so that a caller without a key learns nothing: not which
paths there are, nor which methods. Every answer leaves with a request id and the security headers. Plain ASGI; which
role a route asks for is the route's own word.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cc_server.api.http.headers import request_id_or
from cc_server.api.http.limits import RateLimit
from cc_server.api.http.problems import RequestProblem, problem_response
from cc_server.domain.actors import Key
from cc_server.domain.refusals import DatabaseUnavailable

MAX_BODY_BYTES = 1024 * 1024
DISCARDED_BYTES = 8 * MAX_BODY_BYTES
"""How much of a body that is too large is read all the same."""
STREAM_PATH = "/ws/events"
_CALL = "cc.call"
_OPEN_PATHS = frozenset({"/health", "/ready", "/openapi.json", "/dashboard", "/dashboard.js", "/dashboard.css"})
_KEY_OPTIONAL_PATHS = frozenset({"/status"})
_OPEN_PREFIX = "/problems/"
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}

_log = logging.getLogger("cc_server.requests")

Authenticate = Callable[[str], Awaitable[Key | None]]
"""From what `X-API-Key` carries to the key it is, or None."""


@dataclass(frozen=True, slots=True)
class Call:
    """What the gate knows of one request."""

    request_id: str
    key: Key | None
    body: bytes = b""


def call_of(scope: MutableMapping[str, Any]) -> Call:
    """What the gate learned of the request that `scope` belongs to."""
    call = scope[_CALL]
    if not isinstance(call, Call):
        raise TypeError("the gate did not see this request")
    return call


class Gate:
    """Lets in what has a key, or needs none, and is well-formed enough to be routed.

    Args:
        app: what stands behind the gate.
        authenticate: looks a key up.
        rate: how often a key may ask.
        new_id: makes request ids.
        is_closing: whether the server stops.
    """

    def __init__(
        self,
        app: ASGIApp,
        authenticate: Authenticate,
        rate: RateLimit,
        new_id: Callable[[], str],
        is_closing: Callable[[], bool],
    ) -> None:
        self._app = app
        self._authenticate = authenticate
        self._rate = rate
        self._new_id = new_id
        self._is_closing = is_closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's event stream (ASGI 3)."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = request_id_or(headers.get("x-request-id"), self._new_id())
        outward = _with_headers(send, request_id)
        try:
            key = await self._admit(scope, headers)
            body = b"" if scope["type"] == "websocket" else await _whole_body(scope, headers, receive)
        except RequestProblem as problem:
            _log.debug("%s %s: %s", scope.get("method", "WS"), problem.code, request_id)
            answer = problem_response(
                problem.code, problem.detail, request_id, errors=problem.errors, retry_after=problem.retry_after
            )
            await answer(scope, receive, outward)
            return
        scope[_CALL] = Call(request_id, key, body)
        await self._app(scope, receive if scope["type"] == "websocket" else _replay(body, receive), outward)

    async def _admit(self, scope: Scope, headers: Headers) -> Key | None:
        """The caller's key, None where none is needed.

        Raises:
            RequestProblem: closing, no key, a wrong one, or asked too often.
        """
        path = scope["path"]
        reads = scope["type"] == "http" and scope["method"] == "GET"
        if reads and (path in _OPEN_PATHS or path.startswith(_OPEN_PREFIX)):
            return None
        if self._is_closing():
            raise RequestProblem("unavailable", "the server stops; ask again in a moment")
        token = headers.get("x-api-key")
        if token is None and ((reads and path in _KEY_OPTIONAL_PATHS) or _may_say_key_later(scope)):
            return None
        key = await self.key_of(token)
        if wait_seconds := self._rate.take(key.id):
            raise RequestProblem("rate_limited", "this key asks too often; wait", retry_after=wait_seconds)
        if scope["type"] == "websocket" and path != STREAM_PATH:
            raise RequestProblem("not_found", f"no stream here; events are at {STREAM_PATH}")
        return key

    async def key_of(self, token: str | None) -> Key:
        """The key that `token` is.

        Raises:
            RequestProblem: there is none, or it is wrong.
        """
        try:
            key = await self._authenticate(token) if token else None
        except DatabaseUnavailable as error:
            raise RequestProblem("unavailable", str(error)) from error
        if key is None:
            raise RequestProblem("unauthenticated", "X-API-Key is missing or wrong")
        return key


def _may_say_key_later(scope: Scope) -> bool:
    """A browser can't set a header on a WebSocket: its first frame carries the key."""
    return bool(scope["type"] == "websocket" and scope["path"] == STREAM_PATH)


async def _whole_body(scope: Scope, headers: Headers, receive: Receive) -> bytes:
    """Read the body, at most 1 MiB of it.

    Raises:
        RequestProblem: it is larger, or not declared as JSON.
    """
    if scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return b""
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared[:19]) > MAX_BODY_BYTES:
        await _discard(receive)
        raise RequestProblem("payload_too_large", f"the body has {declared[:19]} bytes, and 1 MiB is the most")
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestProblem("bad_request", "the connection ended in the middle of the body")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            await _discard(receive)
            raise RequestProblem("payload_too_large", "the body has more than 1 MiB")
        chunks.append(chunk)
        more = message.get("more_body", False)
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if size and media_type != "application/json" and not media_type.endswith("+json"):
        raise RequestProblem("unsupported_media_type", "the body must be declared as Content-Type: application/json")
    return b"".join(chunks)


async def _discard(receive: Receive) -> None:
    """Read on for a while: who is still sending when the connection closes is told nothing but that it was reset."""
    left = DISCARDED_BYTES
    while left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        if not message.get("more_body", False):
            return


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hand the body on, once; after it, what the connection says."""
    is_told = False

    async def replayed() -> Message:
        nonlocal is_told
        if is_told:
            return await receive()
        is_told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def _with_headers(send: Send, request_id: str) -> Send:
    """Give every answer its request id and the security headers that it does not set itself."""

    async def sent(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = request_id
            for name, value in _SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sent
