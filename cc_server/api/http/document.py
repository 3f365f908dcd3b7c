"""The API's own description (OpenAPI), with what FastAPI can't know: keys, our headers, problems by their media type.

What stands here is said once for all routes; what is of one route stands at that route.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.warnings import UnsupportedFieldAttributeWarning
from starlette.routing import compile_path

from cc_server.api.http.problems import MEDIA_TYPE
from cc_server.api.http.routing import ANY_KEY, ANYBODY, ROLE_KEY

_JSON: Final = "application/json"
_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}
_CONFLICT: Final = "409"
"""What every write may be answered with."""
_STALE: Final = "412"
"""What a write that heeds `If-Match` may be answered with."""
_SECURITY: Final = {
    "ApiKey": {
        "type": "apiKey", "in": "header", "name": "X-API-Key",
        "description": "A key of this installation; `cc-server keys create` makes one.",
    }
}  # fmt: skip
_PARAMETERS: Final = {
    "ClientId": {
        "name": "X-Client-Id", "in": "header", "required": False,
        "description": "Narrows reads and writes to one client (its id); `all`: whatever the key may see.",
        "schema": {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "string", "enum": ["all"]}]},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key", "in": "header", "required": False,
        "description": "The same key and the same request: the first answer again, for 48 hours.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    },
    "IfMatch": {
        "name": "If-Match", "in": "header", "required": False,
        "description": "The ETag of what the caller saw; what has changed since is not touched (412).",
        "schema": {"type": "string", "pattern": '^(\\*|(W/)?"[!#-~]{0,64}")$'},
    },
}  # fmt: skip


def describe(app: FastAPI) -> None:
    """Let the application describe itself as it is."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def allowed_methods(app: FastAPI, path: str) -> str | None:
    """The methods of a path, for `Allow`; None for one that the description does not name."""
    for template, item in app.openapi()["paths"].items():
        if _pattern(template).match(path):
            return ", ".join(sorted(method.upper() for method in item))
    return None


def _pattern(template: str) -> re.Pattern[str]:
    return compile_path(template)[0]


def _document(app: FastAPI) -> dict[str, Any]:
    with warnings.catch_warnings():
        # FastAPI gives each body an alias, and pydantic says that it has no effect: nobody who reads this can mend it.
        warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)
        found = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes,
            separate_input_output_schemas=app.separate_input_output_schemas,
        )  # fmt: skip
    found["components"] |= {"securitySchemes": _SECURITY, "parameters": _PARAMETERS}
    for operation in _operations(found):
        _name_problems(operation)
        role = operation.get(ROLE_KEY)
        if role != ANYBODY:
            operation["security"] = [{"ApiKey": []}]
        if role not in (ANYBODY, ANY_KEY):
            operation["parameters"] = [*operation.get("parameters", []), *_headers(operation)]
    return found


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in document["paths"].values():
        yield from item.values()


def _headers(operation: dict[str, Any]) -> list[dict[str, str]]:
    answers = operation["responses"]
    names = [
        "ClientId",
        *(["IdempotencyKey"] if _CONFLICT in answers else []),
        *(["IfMatch"] if _STALE in answers else []),
    ]
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _name_problems(operation: dict[str, Any]) -> None:
    for answer in operation["responses"].values():
        content = answer.get("content", {})
        if content.get(_JSON, {}).get("schema") == _PROBLEM:
            answer["content"] = {MEDIA_TYPE: content[_JSON]}
