"""The one way to the server over HTTP: a pooled client, deadlines, retries of what is safe, ETags, typed errors.

The only module that imports httpx. The API key leaves it in a header and nowhere else.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random
from typing import Any

import httpx

from cc_api_client.errors import (
    BadAnswer,
    CommandCenterError,
    Conflict,
    RateLimited,
    Unavailable,
    Unprocessable,
    Unreachable,
    VersionConflict,
    error_class,
)

ANSWER_MOST_BYTES = 64 * 1024 * 1024
ETAGS_KEPT = 64
BODY_KEPT_MOST_BYTES = 2 * 1024 * 1024
BODIES_KEPT_BYTES = 8 * 1024 * 1024
"""Of all kept answers together; the longest unused go first."""
ATTEMPTS = 3
BACK_OFF_SECONDS = 0.25
KEEP_ALIVE_SECONDS = 30.0
"""Longer than the slow check's period, so that it needs no new connection; what the server closed is not used again."""

_READ = httpx.ByteStream(b"")
"""The stream of a response that was read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the server; `not_modified` when it is the kept one, confirmed by the server."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str]
    not_modified: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `idempotency_key` makes a write safe to repeat; `version` goes out as `If-Match`."""

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    idempotency_key: str | None = None
    version: int | None = None
    timeout_seconds: float | None = None
    """With all its retries; None: as the transport's calls usually."""

    @property
    def is_repeatable(self) -> bool:
        """Whether sending it twice does no more than sending it once."""
        return self.method == "GET" or self.idempotency_key is not None


def decide_retry(
    request: Request, attempt: int, error: CommandCenterError, left_seconds: float, rng: Random
) -> float | None:
    """How long to wait before trying again, in seconds; None: don't.

    Args:
        attempt: how often it was tried, from 1.
        error: what went wrong.
        left_seconds: what is left of the deadline.
        rng: jitter.
    """
    if attempt >= ATTEMPTS or not request.is_repeatable:
        return None
    wait = rng.uniform(0.0, BACK_OFF_SECONDS * 2.0 ** (attempt - 1))
    match error:
        case RateLimited() | Unavailable():
            wait = max(wait, error.retry_after_seconds or 0.0)
        case Unreachable():
            pass
        case _:
            return None
    return wait if wait < left_seconds else None


class Transport:
    """A client for one server and one key; nothing is opened before the first call.

    Args:
        base_url: `http://` or `https://`, with a path in front of the API's if there is one.
        api_key: sent with every request, never shown.
        client_id: narrows everything to one client; None: the key's own scope; `all`: all that it may see.
        timeout_seconds: for one call with all its retries.
        rng: jitter.

    Raises:
        ValueError: the address is none.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        client_id: str | None = None,
        timeout_seconds: float = 10.0,
        rng: Random | None = None,
    ) -> None:
        self.base_url = checked_url(base_url)
        self._api_key = checked_key(api_key)
        self._client_id = client_id
        self._timeout = timeout_seconds
        self._rng = rng or Random()
        self._http: httpx.AsyncClient | None = None
        self._etags: OrderedDict[tuple[str, tuple[tuple[str, str], ...]], tuple[str, Answer]] = OrderedDict()
        self._kept_bytes = 0

    def __repr__(self) -> str:
        return f"Transport({self.base_url!r})"

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries; holds the key."""
        told = {"X-API-Key": self._api_key, "User-Agent": "command-center", "Accept": "application/json"}
        if self._client_id is not None:
            told["X-Client-Id"] = self._client_id
        return told

    async def aclose(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def send(self, request: Request) -> Answer:
        """Send, and send again while that is safe.

        Raises:
            CommandCenterError: the kind that fits; see `cc_api_client.errors`.
        """
        clock = asyncio.get_running_loop().time
        until = clock() + (request.timeout_seconds or self._timeout)
        attempt, in_doubt = 0, False
        while True:
            attempt += 1
            try:
                return await self._once(request, max(0.1, until - clock()))
            except CommandCenterError as error:
                error.in_doubt = in_doubt
                in_doubt = in_doubt or _may_have_arrived(error)
                wait = decide_retry(request, attempt, error, until - clock(), self._rng)
                if wait is None:
                    raise
            await asyncio.sleep(wait)

    async def _once(self, request: Request, seconds: float) -> Answer:
        kept = self._etags.get((request.path, request.params)) if request.method == "GET" else None
        try:
            async with asyncio.timeout(seconds):
                answer = await self._exchange(request, kept[0] if kept else None)
        except TimeoutError as error:
            waited = request.timeout_seconds or self._timeout
            raise Unreachable(f"{self.base_url} did not answer within {waited:.0f} s", sent=True) from error
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        if answer.status == 304 and kept is not None:
            self._keep(request, kept[1])
            return Answer(200, kept[1].body, {**kept[1].headers, **answer.headers}, not_modified=True)
        if answer.status >= 300:
            raise _error_of(answer, self.base_url)
        self._keep(request, answer)
        return answer

    async def _exchange(self, request: Request, etag: str | None) -> Answer:
        headers = {}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        if request.idempotency_key is not None:
            headers["Idempotency-Key"] = request.idempotency_key
        if request.version is not None:
            headers["If-Match"] = f'"{request.version}"'
        if etag is not None:
            headers["If-None-Match"] = etag
        client = self._client()
        async with client.stream(
            request.method, request.path, params=list(request.params), content=request.body, headers=headers
        ) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > ANSWER_MOST_BYTES:
                    raise BadAnswer(f"{request.path}: the answer is larger than {ANSWER_MOST_BYTES} bytes")
        # It holds the response that holds it: only the collector would find the two, with all that made the request.
        response.stream = _READ
        return Answer(response.status_code, bytes(body), dict(response.headers))

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            plain = self.base_url.startswith("http://")
            self._http = httpx.AsyncClient(
                base_url=self.base_url,
                headers=self.headers,
                timeout=None,  # noqa: S113  (one deadline around the whole call instead)
                follow_redirects=False,
                limits=httpx.Limits(max_connections=10, keepalive_expiry=KEEP_ALIVE_SECONDS),
                # A context with certificates costs 30 ms; without TLS it is never used.
                verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True,
            )
        return self._http

    def _keep(self, request: Request, answer: Answer) -> None:
        """Keep an answer that may be asked for again; a page in the middle of a list is passed by once."""
        etag = answer.headers.get("etag")
        is_passed_by = any(name == "cursor" for name, _ in request.params)
        if request.method != "GET":
            return
        kept = self._etags.pop((request.path, request.params), None)
        self._kept_bytes -= len(kept[1].body) if kept is not None else 0
        if not etag or is_passed_by or len(answer.body) >= BODY_KEPT_MOST_BYTES:
            return
        self._etags[request.path, request.params] = (etag, answer)
        self._kept_bytes += len(answer.body)
        while len(self._etags) > ETAGS_KEPT or self._kept_bytes > BODIES_KEPT_BYTES:
            _, (_, oldest) = self._etags.popitem(last=False)
            self._kept_bytes -= len(oldest.body)

    def _unreachable(self, error: httpx.HTTPError) -> Unreachable:
        never_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        why = str(error) or type(error).__name__
        return Unreachable(f"{self.base_url} can't be reached: {why}", sent=not never_sent)


def _may_have_arrived(error: CommandCenterError) -> bool:
    """Whether what got this answer, or none, may have taken effect all the same."""
    return error.sent if isinstance(error, Unreachable) else isinstance(error, Unavailable)


def checked_url(url: str) -> str:
    """`url` without a slash at its end.

    Raises:
        ValueError: it is not an address of a server.
    """
    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL as error:
        raise ValueError(f"{url!r} is not an address: {error}") from error
    if parsed.userinfo:
        raise ValueError("an address holds no user name or password; the key goes into its own setting")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"{url!r} is not an address of a server; expected http://host:port or https://host")
    if parsed.port is not None and not 0 < parsed.port < 65_536:
        raise ValueError(f"{url!r} is not an address of a server: a port is between 1 and 65535")
    return str(parsed).rstrip("/")


def checked_key(api_key: str) -> str:
    """The key, without blanks around it.

    Raises:
        ValueError: it can't be sent in a header; the key itself is not shown.
    """
    key = api_key.strip()
    if not key:
        raise ValueError("the API key is empty")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ValueError("the API key has characters that no key has (blanks, line breaks, letters outside ASCII)")
    return key


def _error_of(answer: Answer, base_url: str) -> CommandCenterError:
    """The exception for an answer of 300 and up; understands RFC 9457 and `{"detail": ...}`."""
    if answer.status < 400:
        return BadAnswer(f"{base_url} redirects elsewhere; use the address it names", status=answer.status)
    problem = _json_object(answer.body)
    detail = problem.get("detail")
    sentence = detail if isinstance(detail, str) and detail else _title(problem, answer.status)
    errors = _field_errors(problem)
    if errors and not isinstance(detail, str):
        sentence = "; ".join(errors)
    if answer.status == 401:
        sentence = "the server does not accept this key"
    code = problem.get("code")
    error = error_class(answer.status, code)(
        sentence,
        status=answer.status,
        code=code if isinstance(code, str) else None,
        request_id=answer.headers.get("x-request-id"),
    )
    if isinstance(error, Unavailable | RateLimited):
        error.retry_after_seconds = retry_after(answer.headers.get("retry-after"), datetime.now(UTC))
    if isinstance(error, Conflict | VersionConflict):
        error.raw_item = problem.get("item")
    if isinstance(error, Unprocessable):
        error.errors = errors
    return error


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` asks for (RFC 9110: seconds or a date); None when it says nothing usable."""
    if value is None:
        return None
    if value.isascii() and value.strip().isdigit():
        return min(float(value), 3_600.0)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return min(3_600.0, max(0.0, (at - now).total_seconds())) if at.tzinfo is not None else None


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _title(problem: Mapping[str, Any], status: int) -> str:
    title = problem.get("title")
    return title if isinstance(title, str) and title else f"the server answered {status}"


def _field_errors(problem: Mapping[str, Any]) -> list[str]:
    told = problem.get("errors") or problem.get("detail")
    if not isinstance(told, list):
        return []
    return [
        f"{'.'.join(str(part) for part in one.get('loc', []))}: {one.get('msg')}"
        for one in told
        if isinstance(one, dict) and isinstance(one.get("loc", []), list)
    ]
