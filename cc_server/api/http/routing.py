"""A route of ours: which role it asks for, and in which order it refuses (contract, section 1, order).

FastAPI reads a body before any dependency runs; the contract puts role and existence before syntax. So the role is
checked ahead of FastAPI's own handler, and where it finds the syntax wrong, whether the object exists is asked first.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Coroutine
from typing import Any, Final, Literal

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic.warnings import UnsupportedFieldAttributeWarning
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from cc_api_client.models.base import Problem
from cc_api_client.models.installation.roles import Role
from cc_server.api.http.gate import Call, call_of
from cc_server.api.http.plain import Plain, plain_of
from cc_server.api.http.problems import RequestProblem
from cc_server.domain.base.actors import Key

DEEPEST_JSON = 32
LARGEST_WHOLE_NUMBER = 2**53 - 1
ROLE_KEY: Final = "x-role"
ANYBODY: Final = "anybody"
ANY_KEY: Final = "any key"

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": description}
    for status, description in {
        400: "The body or a header can't be read.",
        401: "No key, or a wrong one.",
        403: "The key may not do this.",
        404: "No such thing, or beyond the key's clients.",
        422: "Fields that are missing or wrong.",
        429: "The key asks too often.",
        503: "The server stops, or its database does not answer.",
    }.items()
}
_WRITE_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": description}
    for status, description in {
        409: "The object's state does not allow it; `item` is the object.",
        412: "The object changed since; `item` is the object.",
        413: "The body has more than 1 MiB.",
        415: "The body is not declared as JSON.",
        428: "`If-Match` is missing.",
    }.items()
}

_SYNTAX = frozenset(
    {"bad_request", "validation_failed", "malformed_body", "precondition_required", "invalid_idempotency_key"}
)


class ParsedRequest(Request):
    """A request whose JSON was read before FastAPI asks for it."""

    def __init__(self, request: Request, parsed: object) -> None:
        super().__init__(request.scope, request.receive)
        self._parsed = parsed

    async def json(self) -> object:
        """The body as JSON."""
        return self._parsed


def strict_json(body: bytes) -> object:
    """Read JSON that every part of us can store, hash and answer.

    Raises:
        RequestProblem: it can't be read (`malformed_body`), or holds a number or text that nobody could hash
            (RFC 8785) or store (`validation_failed`).
    """
    try:
        found: object = _read_json(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RequestProblem("malformed_body", f"the body is not JSON in UTF-8: {_why(error)}") from None
    _check_values(found)
    return found


def _no_constant(_name: str) -> float:
    raise ValueError("no number")


_read_json = json.JSONDecoder(parse_constant=_no_constant).decode


def _why(error: Exception) -> str:
    """Where JSON is broken, without repeating what was sent."""
    match error:
        case json.JSONDecodeError():
            return f"{error.msg} at line {error.lineno}, column {error.colno}"
        case UnicodeDecodeError():
            return f"byte {error.start} is not UTF-8"
        case RecursionError():
            return "it is nested too deep"
        case _:
            return "it holds a number that JSON does not know"


def _check_values(root: object) -> None:
    """Refuse what can't be stored or hashed, level by level."""
    level: list[object] = [root]
    for _ in range(DEEPEST_JSON):
        below: list[object] = []
        for value in level:
            match value:
                case dict():
                    below += [*value.keys(), *value.values()]
                case list():
                    below += value
                case str() if not _is_text(value):
                    raise RequestProblem("validation_failed", "a text in the body holds half of a surrogate pair")
                case float() if not math.isfinite(value):
                    raise RequestProblem("validation_failed", "a number in the body is too large")
                case int() if abs(value) > LARGEST_WHOLE_NUMBER:
                    raise RequestProblem("validation_failed", "a whole number in the body is past 2^53 - 1")
        if not below:
            return
        level = below
    raise RequestProblem("malformed_body", f"the body is nested deeper than {DEEPEST_JSON} levels")


def _is_text(value: str) -> bool:
    """Whether a text can be written as UTF-8."""
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


class CommandRoute(APIRoute):
    """A route that knows the role it asks for: `x-role` in the API's description, admin where nothing is said."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **told: Any) -> None:
        super().__init__(path, endpoint, **told)
        self._parts = path.count("/")
        if (plain := plain_of(endpoint, path)) is not None:
            self.app = self._straight(plain, self.app)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this is the route of a request; a path with more or fewer parts is told without a look at them."""
        if scope["type"] != "http" or scope["path"].count("/") != self._parts:
            return Match.NONE, {}
        return super().matches(scope)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler behind the checks that come before syntax."""
        handle = super().get_route_handler()

        async def checked(request: Request) -> Response:
            call = self._admit(request)
            self._get_reader_ready()
            try:
                parsed = strict_json(call.body) if call.body else None
                return await handle(ParsedRequest(request, parsed))
            except RequestValidationError:
                await require_existence(request)
                raise
            except RequestProblem as problem:
                await _require_existence_before(problem, request)
                raise

        return checked

    def _get_reader_ready(self) -> None:
        """Build what reads a body: our models are built when they are first used, which pydantic would warn of here."""
        reader = self.body_field._type_adapter if self.body_field is not None else None
        if reader is not None and not reader.pydantic_complete:
            with warnings.catch_warnings(action="ignore", category=UnsupportedFieldAttributeWarning):
                reader.rebuild()

    def _admit(self, request: Request) -> Call:
        """What the gate knows of a request whose key has the role.

        Raises:
            RequestProblem: the key is missing, or its role is too low.
        """
        call, asked = call_of(request.scope), (self.openapi_extra or {}).get(ROLE_KEY, Role.ADMIN.value)
        if asked == ANY_KEY:
            require_key(call)
        elif asked != ANYBODY:
            require_role(call, Role(asked))
        return call

    def _straight(self, plain: Plain, thorough: ASGIApp) -> ASGIApp:
        """The same checks, and then the route's own function; what does not fit goes the thorough way."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope, receive, send)
            call = self._admit(request)
            try:
                sent = strict_json(call.body) if call.body else None
                values = plain.values(request, call.headers.get("content-type"), sent)
                response: ASGIApp = await self.endpoint(**values) if values is not None else thorough
            except RequestProblem as problem:
                await _require_existence_before(problem, request)
                raise
            await response(scope, receive, send)

        return answer


async def _require_existence_before(problem: RequestProblem, request: Request) -> None:
    """Whether an object exists is told before what is wrong with a request."""
    if problem.code in _SYNTAX:
        await require_existence(request)


def require_key(call: Call) -> Key:
    """Let in whoever has a key.

    Raises:
        RequestProblem: it is missing.
    """
    if call.key is None:
        raise RequestProblem("unauthenticated", "X-API-Key is missing")
    return call.key


def require_role(call: Call, asked: Role) -> None:
    """Let in the roles that include `asked`.

    Raises:
        RequestProblem: the key is missing, or its role is too low.
    """
    key = require_key(call)
    held = Role(key.role)
    if not held.includes(asked):
        raise RequestProblem("forbidden", f"this needs the role {asked.value}; the key {key.name} is {held.value}")


async def require_existence(request: Request) -> None:
    """Ask the application whether the object in the path exists for the caller, where it knows how.

    Raises:
        what the application raises when it does not.
    """
    for name, value in request.path_params.items():
        if exists := request.app.state.exists.get(name):
            await exists(request, value)


def asks(role: Role | Literal["anybody", "any key"], *, writes: bool = False, versioned: bool = True) -> dict[str, Any]:
    """What a route declares beside its path.

    Args:
        role: whom it asks for.
        writes: whether it may answer the problems of writes.
        versioned: whether a write heeds `If-Match`.
    """
    left_out = () if versioned else (412, 428)
    writing = {status: told for status, told in _WRITE_PROBLEMS.items() if status not in left_out}
    return {"openapi_extra": {ROLE_KEY: str(role)}, "responses": _PROBLEMS | writing if writes else _PROBLEMS}


def new_router() -> APIRouter:
    """A router whose routes know their roles."""
    return APIRouter(route_class=CommandRoute)
