"""Everything that goes wrong, as RFC 9457 has it: one code, one status, one page that explains it.

Knows how a problem is written; what leads to one is told elsewhere. A problem never carries what the caller must not
see: no trace, no secret, no text of an exception that we did not write ourselves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """What one code stands for."""

    status: int
    title: str
    meaning: str


KINDS: dict[str, ProblemKind] = {
    "bad_request": ProblemKind(400, "Bad request", "The request can't be read. Compare it with /openapi.json."),
    "malformed_body": ProblemKind(
        400, "Malformed body", "The body is not JSON in UTF-8, or is nested too deep. Send one JSON object."
    ),
    "invalid_cursor": ProblemKind(
        400,
        "Invalid cursor",
        "A cursor belongs to the route, client, filter and sort that gave it. Begin again without a cursor.",
    ),
    "invalid_idempotency_key": ProblemKind(
        400, "Invalid idempotency key", "Idempotency-Key takes 1 to 255 visible ASCII characters."
    ),
    "client_required": ProblemKind(
        400, "Client required", "This write needs one client. Name it in X-Client-Id, or set default_client."
    ),
    "unauthenticated": ProblemKind(
        401, "No or wrong key", "Send a valid key in X-API-Key. An admin makes one: cc-server keys create."
    ),
    "forbidden": ProblemKind(403, "Not allowed", "The key is right, and its role or its clients do not allow this."),
    "self_approval": ProblemKind(
        403, "Own work", "Four eyes are asked for: who edited a draft may not approve it. Ask somebody else."
    ),
    "not_found": ProblemKind(404, "Not found", "There is no such thing, or the key may not see it."),
    "method_not_allowed": ProblemKind(
        405, "Method not allowed", "The address exists, but not with this method; Allow lists those it has."
    ),
    "already_decided": ProblemKind(
        409, "Already decided", "Somebody decided first; the item says who, when and what. Undo may take it back."
    ),
    "expired": ProblemKind(409, "Expired", "Nobody decided in time. The agent has to draft it again."),
    "cancelled": ProblemKind(409, "Cancelled", "The agent withdrew it, or its recipient must not be written to."),
    "undo_window_closed": ProblemKind(
        409, "Too late to undo", "It has left, or is leaving; the state of its delivery says how far it has come."
    ),
    "not_deliverable": ProblemKind(
        409, "Not deliverable", "Its subject, name or address can't stand in a mail's header. Edit or reject it."
    ),
    "not_safe": ProblemKind(
        409, "Not among many", "A flag or the policy keeps it from being approved in a batch. Look at it by itself."
    ),
    "invalid_state": ProblemKind(409, "Invalid state", "The object is in a state that does not allow this."),
    "request_timeout": ProblemKind(
        408, "Too slow", "A request must arrive within seconds: its head in 10, its body in 30. Send it again."
    ),
    "idempotency_in_flight": ProblemKind(
        409, "Still running", "The first request with this key has not ended. Ask again with the same key."
    ),
    "version_conflict": ProblemKind(
        412, "Changed meanwhile", "It changed since you looked; the item is what it is now. Look, then decide again."
    ),
    "policy_changed": ProblemKind(
        412, "Another policy", "The policy changed since the dry run; nothing was done. Make another dry run."
    ),
    "payload_too_large": ProblemKind(413, "Too large", "A body may have 1 MiB."),
    "unsupported_media_type": ProblemKind(
        415, "Unsupported media type", "A body must be JSON: Content-Type: application/json."
    ),
    "validation_failed": ProblemKind(422, "Not valid", "Some fields are missing or wrong; errors lists each of them."),
    "idempotency_mismatch": ProblemKind(
        422, "Another request under the same key", "An idempotency key stands for one request. Make a new one."
    ),
    "precondition_required": ProblemKind(
        428, "Version required", "Say which version you saw: If-Match, with the ETag of the object."
    ),
    "rate_limited": ProblemKind(
        429, "Too many requests", "This key, or strangers at this address, ask too often. Wait as Retry-After says."
    ),
    "headers_too_large": ProblemKind(431, "Headers too large", "Address and headers may have 64 KiB together."),
    "internal": ProblemKind(
        500, "Our mistake", "Something broke here. The server's log has it under the request id in instance."
    ),
    "unavailable": ProblemKind(
        503, "Not available", "The server stops, or its database does not answer. Wait as Retry-After says."
    ),
}
_BY_STATUS = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "payload_too_large",
    415: "unsupported_media_type",
    422: "validation_failed",
    429: "rate_limited",
    431: "headers_too_large",
    503: "unavailable",
}


class RequestProblem(Exception):
    """A request that is refused before the domain hears of it."""

    def __init__(
        self, code: str, detail: str, *, errors: Sequence[tuple[Sequence[str | int], str]] = (), retry_after: int = 0
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = errors
        self.retry_after = retry_after

    @classmethod
    def of_field(cls, place: str, name: str, message: str) -> RequestProblem:
        """One field that is refused (422)."""
        return cls("validation_failed", f"{place} {name}: {message}", errors=[([place, name], message)])


def code_of_status(status: int) -> str:
    """The code for a status that a framework chose."""
    return _BY_STATUS.get(status, "bad_request" if status < 500 else "internal")


def problem_document(
    code: str,
    detail: str,
    request_id: str,
    *,
    errors: Sequence[tuple[Sequence[str | int], str]] = (),
    item: Mapping[str, Any] | None = None,
) -> tuple[int, bytes]:
    """The status and the body of a problem; the body is ASCII, so that no text a caller sent can break it."""
    kind = KINDS[code]
    document: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "code": code,
        "instance": request_id,
    }
    if errors:
        document["errors"] = [{"loc": list(place), "msg": message} for place, message in errors]
    if item is not None:
        document["item"] = item
    return kind.status, json.dumps(document, separators=(",", ":")).encode("ascii")


def problem_response(
    code: str,
    detail: str,
    request_id: str,
    *,
    errors: Sequence[tuple[Sequence[str | int], str]] = (),
    retry_after: int = 0,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem as an answer, with `Retry-After` where waiting helps."""
    status, body = problem_document(code, detail, request_id, errors=errors)
    extra = dict(headers or {})
    if status in (429, 503) or retry_after:
        extra["Retry-After"] = str(retry_after or RETRY_AFTER_SECONDS)
    return Response(body, status, extra, MEDIA_TYPE)
