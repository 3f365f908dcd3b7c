"""From answers to models: whole where they fit the contract, row by row where a row does not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, TypeAdapter, ValidationError

from cc_api_client.errors import BadAnswer
from cc_api_client.models.base import ActionAnswer
from cc_api_client.models.events import EventPosition
from cc_api_client.transport import Answer, Request, Transport

ModelT = TypeVar("ModelT", bound=BaseModel)
_MODELS: set[type[BaseModel]] = set()
"""What answers were read with. Pydantic forgets `Page[Agent]` with its last use, and takes 10 ms to build it anew."""


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[ModelT]):
    """An answer as of a position in the event stream: events up to it are already in it.

    `skipped_rows` counts malformed rows that were left out; `not_modified` says that it is what was known before.
    """

    value: ModelT
    event_seq: EventPosition | None = None
    not_modified: bool = False
    skipped_rows: int = 0


@dataclass(frozen=True, slots=True)
class Acted(Generic[ModelT]):
    """What an action answered; `replayed` when the same key was answered before."""

    status: str
    changed: bool
    item: ModelT
    replayed: bool


def path_of(*parts: str) -> str:
    """A path with every part percent-encoded: ids are opaque text."""
    return "/" + "/".join(quote(part, safe="") if part.strip(".") else part.replace(".", "%2E") for part in parts)


def params_of(told: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Query parameters: None is left out, True is `true`."""
    return tuple(
        (name, str(value).lower() if isinstance(value, bool) else str(value))
        for name, value in told.items()
        if value is not None
    )


def body_of(model: BaseModel) -> bytes:
    """A request's body: only what was set."""
    return model.model_dump_json(exclude_unset=True).encode()


async def fetch(
    transport: Transport, path: str, model: type[ModelT], params: Mapping[str, object] | None = None
) -> Snapshot[ModelT]:
    """GET one object or collection.

    Raises:
        CommandCenterError: the kind that fits.
    """
    _MODELS.add(model)
    answer = await transport.send(Request("GET", path, params_of(params or {})))
    value, skipped = _parsed(answer.body, model, path)
    return Snapshot(value, _position(answer), answer.not_modified, skipped)


async def act(transport: Transport, request: Request, model: type[ModelT]) -> Acted[ModelT]:
    """Send an action and read what it answers.

    Raises:
        CommandCenterError: the kind that fits.
    """
    answer = await transport.send(request)
    read_with: type[ActionAnswer[ModelT]] = ActionAnswer[model]  # type: ignore[valid-type]  # made at run time
    _MODELS.add(read_with)
    try:
        told = read_with.model_validate_json(answer.body)
    except ValidationError as error:
        raise bad_answer(request.path, error) from error
    return Acted(told.status, told.changed, told.item, answer.headers.get("idempotency-replayed") == "true")


def parse(body: bytes, model: type[ModelT], path: str) -> ModelT:
    """One object.

    Raises:
        BadAnswer: it is not what the contract says.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise bad_answer(path, error) from error


def bad_answer(path: str, error: ValidationError) -> BadAnswer:
    """What is wrong with an answer, without showing what stood in it."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the whole"
    return BadAnswer(f"the answer of {path} is not what the contract says: {where}: {first['msg']}")


def _parsed(body: bytes, model: type[ModelT], path: str) -> tuple[ModelT, int]:
    """The whole answer at once; when a row is malformed, without that row."""
    try:
        return model.model_validate_json(body), 0
    except ValidationError as error:
        if "items" not in model.model_fields:
            raise bad_answer(path, error) from error
        return _without_bad_rows(body, model, path)


def _without_bad_rows(body: bytes, model: type[ModelT], path: str) -> tuple[ModelT, int]:
    try:
        told: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"the answer of {path} is not JSON") from error
    rows = told.get("items") if isinstance(told, dict) else None
    if not isinstance(rows, list):
        raise BadAnswer(f"the answer of {path} is no collection")
    annotation: Any = model.model_fields["items"].annotation
    adapter: TypeAdapter[object] = TypeAdapter(annotation)
    good = [row for row in rows if _is_good(adapter, row)]
    try:
        return model.model_validate({**told, "items": good}), len(rows) - len(good)
    except ValidationError as error:
        raise bad_answer(path, error) from error


def _is_good(rows: TypeAdapter[object], row: object) -> bool:
    try:
        rows.validate_python([row])
    except ValidationError:
        return False
    return True


def _position(answer: Answer) -> EventPosition | None:
    told = answer.headers.get("x-event-seq")
    if told is None:
        return None
    try:
        return EventPosition.parse(told)
    except ValueError as error:
        raise BadAnswer(str(error)) from error
