"""One exception per cause. Each says in a sentence what happened and what to do, and carries what a program needs.

No third-party import: what catches errors must not have to load the client.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cc_api_client.models.outbox.approvals import Approval


class CommandCenterError(Exception):
    """Anything that kept a call from being answered as asked.

    Args:
        what: the sentence.
        status: the HTTP status, when there was an answer.
        code: the problem's stable code, when the server named one.
        request_id: the server's name for the request.
    """

    in_doubt = False
    """Whether an earlier try of the same request got no answer: that one may have taken effect."""

    def __init__(
        self, what: str, *, status: int | None = None, code: str | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(what)
        self.status = status
        self.code = code
        self.request_id = request_id


class Unreachable(CommandCenterError):
    """No answer: name, connection, TLS, time-out, cut. `sent` says whether the request may have arrived."""

    def __init__(self, what: str, *, sent: bool = False) -> None:
        super().__init__(what)
        self.sent = sent


class Unauthorized(CommandCenterError):
    """The key is missing, wrong or revoked (401)."""


class Forbidden(CommandCenterError):
    """The key may not do this (403)."""


class NotFound(CommandCenterError):
    """There is no such thing, or the key may not see it (404)."""


class Conflict(CommandCenterError):
    """The object's state does not allow it (409); `item` is the approval as it is, `raw_item` the object as JSON."""

    item: Approval | None = None
    raw_item: object = None


class VersionConflict(CommandCenterError):
    """It changed since it was read (412); `item` is the approval as it is, `raw_item` the object as JSON."""

    item: Approval | None = None
    raw_item: object = None


class PreconditionRequired(CommandCenterError):
    """The call must say which version it was made for (428)."""


class Unprocessable(CommandCenterError):
    """The request can't be understood (400, 413, 415, 422); `errors` names the fields."""

    errors: Sequence[str] = ()


class RateLimited(CommandCenterError):
    """Too many requests (429)."""

    retry_after_seconds: float | None = None


class Unavailable(CommandCenterError):
    """The server is not ready, restarting, its database is gone (502, 503, 504), or it still does this very request."""

    retry_after_seconds: float | None = None


class ServerFault(CommandCenterError):
    """The server failed (other 5xx); whether the request took effect is not known."""


class BadAnswer(CommandCenterError):
    """The answer is not what the contract says: not JSON, too large, of another shape."""


class Unsupported(CommandCenterError):
    """This backend has no such thing."""


BY_STATUS: dict[int, type[CommandCenterError]] = {
    400: Unprocessable,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: Unsupported,
    409: Conflict,
    412: VersionConflict,
    413: Unprocessable,
    415: Unprocessable,
    422: Unprocessable,
    428: PreconditionRequired,
    429: RateLimited,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


STILL_RUNNING = "idempotency_in_flight"
"""The code that says: the first request under this key has not ended, ask again."""


def error_class(status: int, code: object = None) -> type[CommandCenterError]:
    """The exception for a status of 400 and up, and the problem's code."""
    if code == STILL_RUNNING:
        return Unavailable
    known = BY_STATUS.get(status)
    if known is not None:
        return known
    return ServerFault if status >= 500 else CommandCenterError
