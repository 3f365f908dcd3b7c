"""How bytes become requests: uvicorn's parser with limits that it lacks, and with problems instead of plain text.

A head may have 64 KiB and take ten seconds; without that one connection could fill the memory, or hold its place for
ever. What can't be parsed is told like everything else: as a problem, with the security headers.
"""

from __future__ import annotations

import asyncio
from asyncio.events import TimerHandle
from typing import Any
from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from cc_server.api.http.gate import MAX_HEAD_BYTES, SECURITY_HEADERS
from cc_server.api.http.problems import MEDIA_TYPE, problem_document

HEAD_SECONDS = 10.0
"""From its first byte to the end of its head."""
SILENT_SECONDS = 75.0
"""How long a new connection may say nothing."""
LINGER_SECONDS = 0.5
"""How long the rest of a head that is too large is still taken, and forgotten: closed upon it, the connection would be
reset, and its sender might never read why."""
LAST_WORD_SECONDS = 0.3
"""How long one may say nothing when the server stops: its request may be on the way, and is answered."""


class LimitedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_in_head = True
        self._unparsed = 0
        self._is_refused = False
        self._timer: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connected."""
        super().connection_made(transport)
        self._arm(SILENT_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._disarm()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server stops: what has not asked for anything yet is given a moment to, and is told so."""
        if self.cycle is None:
            self.loop.call_later(LAST_WORD_SECONDS, super().shutdown)
        else:
            super().shutdown()

    def data_received(self, data: bytes) -> None:
        """Parse what came; a head that does not end is refused."""
        if self._is_refused:
            return
        self._unparsed += len(data)
        super().data_received(data)
        if self._is_head_too_large and not self._is_refused:
            self._refuse_head()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._is_in_head = True
        self._arm(HEAD_SECONDS)

    def on_headers_complete(self) -> None:
        """A head has ended, and is one."""
        super().on_headers_complete()
        self._is_in_head, self._unparsed = False, 0
        self._disarm()

    def on_message_complete(self) -> None:
        """A request has ended; what follows is the head of the next."""
        super().on_message_complete()
        self._is_in_head, self._unparsed = True, 0

    def send_400_response(self, msg: str) -> None:
        """Say that what came is no request; the parser of addresses takes one that is too long for none."""
        if self._is_head_too_large:
            self._refuse_head()
        else:
            self._refuse("bad_request", "this is no HTTP request that can be read")
            self.transport.close()

    @property
    def _is_head_too_large(self) -> bool:
        return self._is_in_head and self._unparsed > MAX_HEAD_BYTES

    def _refuse_head(self) -> None:
        self._refuse("headers_too_large", f"the head of a request may have {MAX_HEAD_BYTES:,} bytes")
        self._disarm()
        self._timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, self._too_slow)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        if self.transport is None or self.transport.is_closing():
            return
        if self._unparsed:
            self._refuse("request_timeout", f"the head of a request may take {HEAD_SECONDS:.0f} s")
        self.transport.close()

    def _refuse(self, code: str, detail: str) -> None:
        """Answer with a problem, the last word on this connection."""
        self._is_refused = True
        request_id = str(uuid4())
        status, body = problem_document(code, detail, request_id)
        headers = SECURITY_HEADERS | {
            "X-Request-Id": request_id, "Content-Type": MEDIA_TYPE, "Content-Length": str(len(body)),
            "Connection": "close",
        }  # fmt: skip
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.write(STATUS_LINE[status] + head.encode("ascii") + b"\r\n" + body)
