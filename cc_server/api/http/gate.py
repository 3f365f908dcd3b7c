"""The gate around the application: what is settled before any route is looked for (contract, section 1, order).

Request id, key, rate, size and media type, in this order, so that a caller without a key learns nothing: not which
paths there are, nor which methods. Every answer leaves with a request id and the security headers. Plain ASGI; which
role a route asks for is the route's own word.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cc_server import logs
from cc_server.api.http.admission import Admission
from cc_server.api.http.headers import request_id_or
from cc_server.api.http.problems import RequestProblem, problem_response
from cc_server.domain.base.actors import Key

MAX_BODY_BYTES = 1024 * 1024
DISCARDED_BYTES = 8 * MAX_BODY_BYTES
"""How much of a body that is too large is read all the same."""
MAX_HEAD_BYTES = 64 * 1024
BODY_SECONDS = 30.0
"""How long a body may take to arrive."""
STREAM_PATH = "/ws/events"
CUT_OFF = "the server stopped before this was done; whether it was kept is not known, ask again with the same key"
_CALL = "cc.call"
_OPEN_PATHS = frozenset({"/health", "/ready", "/openapi.json", "/dashboard", "/dashboard.js", "/dashboard.css"})
_KEY_OPTIONAL_PATHS = frozenset({"/status"})
_OPEN_PREFIX = "/problems/"
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}

SECURE_SECONDS = 365 * 86_400
"""For how long a browser that came over TLS comes over TLS only."""
_REQUEST_ID = b"x-request-id"
_ALWAYS = tuple((name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items())
_OVER_TLS = ((b"strict-transport-security", f"max-age={SECURE_SECONDS}".encode()), *_ALWAYS)
_FIRST_FAILURE = 400
_PATH_LOGGED = 200

_log = logging.getLogger("cc_server.requests")

Headers = Mapping[str, str]
"""What a request's headers say, by their names in lower case; of one that is repeated, the first."""
Answered = Callable[[str, str | None, int, float], None]
"""Is told of an answer: method, template of the route (None for none), status, seconds."""


@dataclass(frozen=True, slots=True)
class Call:
    """What the gate knows of one request."""

    request_id: str
    key: Key | None
    headers: Headers
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
        admission: looks keys up.
        new_id: makes request ids.
        is_closing: whether the server stops.
        answered: is told of every answer: method, route, status, seconds.
        also_open: paths that need no key, besides those that never do.
    """

    def __init__(
        self,
        app: ASGIApp,
        admission: Admission,
        new_id: Callable[[], str],
        is_closing: Callable[[], bool],
        answered: Answered | None = None,
        also_open: frozenset[str] = frozenset(),
    ) -> None:
        self._app = app
        self._admission = admission
        self._new_id = new_id
        self._is_closing = is_closing
        self._answered = answered
        self._open_paths = _OPEN_PATHS | also_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's event stream (ASGI 3)."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = _headers_of(scope)
        request_id = request_id_or(headers.get("x-request-id"), self._new_id)
        logs.request_id.set(request_id)
        watch = _Watch(scope, self._answered)
        outward = _with_headers(send, request_id, watch, is_secure=scope.get("scheme") in ("https", "wss"))
        try:
            await self._serve(scope, headers, receive, outward, request_id, watch)
        except RequestProblem as problem:
            answer = problem_response(
                problem.code, problem.detail, request_id, errors=problem.errors, retry_after=problem.retry_after
            )
            await answer(scope, receive, outward)
        except asyncio.CancelledError:
            if not self._is_closing():
                raise
            if not watch.is_answered:
                await problem_response("unavailable", CUT_OFF, request_id)(scope, receive, outward)

    async def _serve(
        self, scope: Scope, headers: Headers, receive: Receive, send: Send, request_id: str, watch: _Watch
    ) -> None:
        """Look at a request, and hand it on.

        Raises:
            RequestProblem: it is not let in.
        """
        _require_small_head(scope)
        key = watch.key = await self._admit(scope, headers)
        if scope["type"] == "websocket":
            scope[_CALL] = Call(request_id, key, headers)
            await self._app(scope, receive, send)
            return
        body = await _whole_body(scope, headers, receive)
        scope[_CALL] = Call(request_id, key, headers, body)
        await self._app(scope, _replay(body, receive), send)

    async def _admit(self, scope: Scope, headers: Headers) -> Key | None:
        """The caller's key, None where none is needed.

        Raises:
            RequestProblem: closing, no key, a wrong one, or asked too often.
        """
        path = scope["path"]
        reads = scope["type"] == "http" and scope["method"] == "GET"
        if reads and (path in self._open_paths or path.startswith(_OPEN_PREFIX)):
            return None
        if self._is_closing():
            raise RequestProblem("unavailable", "the server stops; ask again in a moment")
        token, address = headers.get("x-api-key"), address_of(scope)
        if token is None and reads and path in _KEY_OPTIONAL_PATHS:
            return None
        if token is None and _may_say_key_later(scope):
            self._admission.count_stranger(address)
            return None
        key = await self._admission.key_of(token, address)
        if scope["type"] == "websocket" and path != STREAM_PATH:
            raise RequestProblem("not_found", f"no stream here; events are at {STREAM_PATH}")
        return key


def _headers_of(scope: Scope) -> Headers:
    return {str(name, "latin-1"): str(value, "latin-1") for name, value in reversed(scope["headers"])}


def address_of(scope: MutableMapping[str, Any]) -> str | None:
    """Where a connection comes from."""
    client = scope.get("client")
    return str(client[0]) if client else None


def _may_say_key_later(scope: Scope) -> bool:
    """A browser can't set a header on a WebSocket: its first frame carries the key."""
    return bool(scope["type"] == "websocket" and scope["path"] == STREAM_PATH)


def _require_small_head(scope: Scope) -> None:
    """Refuse what nobody would send.

    Raises:
        RequestProblem: address and headers have more than 64 KiB together.
    """
    size = len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"")
    for name, value in scope["headers"]:
        size += len(name) + len(value)
    if size > MAX_HEAD_BYTES:
        raise RequestProblem("headers_too_large", f"address and headers have more than {MAX_HEAD_BYTES:,} bytes")


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
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await _received(receive)
    except TimeoutError:
        raise RequestProblem("request_timeout", f"the body may take {BODY_SECONDS:.0f} s to arrive") from None
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media_type != "application/json" and not media_type.endswith("+json"):
        raise RequestProblem("unsupported_media_type", "the body must be declared as Content-Type: application/json")
    return body


async def _received(receive: Receive) -> bytes:
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
    return b"".join(chunks)


async def _discard(receive: Receive) -> None:
    """Read on for a while: who is still sending when the connection closes is told nothing but that it was reset."""
    left = DISCARDED_BYTES
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(BODY_SECONDS):
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


class _Watch:
    """Times one request, and tells of its answer."""

    def __init__(self, scope: Scope, answered: Answered | None) -> None:
        self._scope = scope
        self._answered = answered
        self._started = time.perf_counter()
        self.key: Key | None = None
        self.is_answered = False

    def hear(self, status: int) -> None:
        """It is answered."""
        self.is_answered = True
        scope, seconds = self._scope, time.perf_counter() - self._started
        method = str(scope.get("method", "WEBSOCKET"))
        if self._answered is not None:
            self._answered(method, getattr(scope.get("route"), "path", None), status, seconds)
        level = logging.DEBUG if method in ("GET", "WEBSOCKET") and status < _FIRST_FAILURE else logging.INFO
        if not _log.isEnabledFor(level):
            return
        facts = {
            "method": method, "path": scope["path"][:_PATH_LOGGED], "status": status, "ms": round(seconds * 1000, 1),
            "key": self.key.name if self.key is not None else "nobody", "address": address_of(scope),
        }  # fmt: skip
        _log.log(level, "%(method)s %(path)s %(status)s in %(ms)s ms for %(key)s", facts, extra={logs.FACTS: facts})


def _with_headers(send: Send, request_id: str, watch: _Watch, *, is_secure: bool) -> Send:
    """Give every answer its request id and the security headers that it does not set itself."""

    async def sent(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            watch.hear(message["status"])
            told = [header for header in message["headers"] if header[0] != _REQUEST_ID]
            names = {name for name, _ in told}
            told.append((_REQUEST_ID, request_id.encode("latin-1")))
            more = _OVER_TLS if is_secure else _ALWAYS
            message["headers"] = told + [header for header in more if header[0] not in names]
        watch.is_answered = watch.is_answered or message["type"] == "websocket.accept"
        await send(message)

    return sent
