"""What a plain route is given, read without the framework: the request, ids of the path, one JSON body.

FastAPI solves the dependencies of a route anew for each request, which takes longer than all else on a decision's way
in. A route that has none is read here, by the same annotations that describe it. Whatever is not as it should be is
left to FastAPI, which tells what is wrong with it.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

from fastapi import Request, Response
from pydantic import BaseModel, TypeAdapter, ValidationError

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Body:
    """The parameter that a body becomes."""

    name: str
    model: TypeAdapter[Any]
    is_optional: bool


@dataclass(frozen=True, slots=True)
class Plain:
    """The parameters of a plain route."""

    ids: tuple[str, ...]
    request: str | None
    body: Body | None

    def values(self, request: Request, media_type: str | None, sent: object) -> dict[str, Any] | None:
        """What the route's function is called with; None where FastAPI has to look.

        Args:
            request: what was asked.
            media_type: as what its body is declared.
            sent: its body as JSON; None for no body, and for `null`.
        """
        values: dict[str, Any] = {name: request.path_params[name] for name in self.ids}
        if self.request is not None:
            values[self.request] = request
        if self.body is None:
            return values
        if sent is None:
            return values if self.body.is_optional else None
        if media_type != _JSON:
            return None
        try:
            values[self.body.name] = self.body.model.validate_python(sent)
        except ValidationError:
            return None
        return values


def plain_of(function: Callable[..., Any], path: str) -> Plain | None:
    """The parameters of a route's function; None where it takes more than the request, ids and one body,
    or leaves its answer to FastAPI.

    Args:
        function: what answers.
        path: of the route, its ids in braces.
    """
    told = get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters.values()
    requests = [one.name for one in parameters if told[one.name] is Request]
    ids = [one.name for one in parameters if told[one.name] is str and f"{{{one.name}}}" in path]
    bodies = [body for one in parameters if (body := _body_of(one, told[one.name])) is not None]
    is_all = len(requests) + len(ids) + len(bodies) == len(parameters)
    answers = inspect.iscoroutinefunction(function) and told.get("return") is Response
    if not (is_all and answers) or len(requests) > 1 or len(bodies) > 1:
        return None
    return Plain(tuple(ids), next(iter(requests), None), next(iter(bodies), None))


def _body_of(parameter: inspect.Parameter, annotation: Any) -> Body | None:
    """The body that a parameter is: a model, or a model or else None; None for another parameter."""
    is_union = get_origin(annotation) in (Union, types.UnionType)
    kinds = [kind for kind in (get_args(annotation) if is_union else (annotation,)) if kind is not type(None)]
    if len(kinds) != 1 or not (isinstance(kinds[0], type) and issubclass(kinds[0], BaseModel)):
        return None
    return Body(parameter.name, TypeAdapter(kinds[0]), is_optional=parameter.default is None)
