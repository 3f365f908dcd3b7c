"""Routes of ids and one body are read without FastAPI's dependency solving; what does not fit is told by FastAPI."""

from __future__ import annotations

from typing import Annotated

import pytest
from fastapi import Query, Request, Response

from cc_api_client.models.outbox.approvals import ApproveBody, RejectBody
from cc_server.api import routers
from cc_server.api.http.plain import plain_of
from cc_server.api.http.routing import CommandRoute
from tests.server.api.asking import path_of
from tests.server.serving import Api

PATH = "/api/approvals/{approval_id}/approve"


async def optional(request: Request, approval_id: str, body: ApproveBody | None = None) -> Response:
    raise NotImplementedError


async def needed(body: RejectBody) -> Response:
    raise NotImplementedError


async def with_a_query(request: Request, approval_id: str, limit: Annotated[int, Query()] = 1) -> Response:
    raise NotImplementedError


async def with_a_query_that_looks_like_an_id(request: Request, word: str) -> Response:
    raise NotImplementedError


async def with_a_number_in_its_path(approval_id: int) -> Response:
    raise NotImplementedError


async def with_two_bodies(one: ApproveBody, other: RejectBody) -> Response:
    raise NotImplementedError


async def answered_by_the_framework(request: Request) -> ApproveBody:
    raise NotImplementedError


def in_a_thread(request: Request) -> Response:
    raise NotImplementedError


def test_a_plain_route_takes_the_request_ids_and_one_body() -> None:
    found, other = plain_of(optional, PATH), plain_of(needed, PATH)
    assert found is not None and other is not None
    assert (found.ids, found.request) == (("approval_id",), "request")
    assert found.body is not None and (found.body.name, found.body.is_optional) == ("body", True)
    assert other.body is not None and (other.request, other.body.is_optional) == (None, False)


@pytest.mark.parametrize(
    "function",
    [with_a_query, with_a_query_that_looks_like_an_id, with_a_number_in_its_path, with_two_bodies,
     answered_by_the_framework, in_a_thread],
)  # fmt: skip
def test_a_route_that_takes_more_is_left_to_the_framework(function: object) -> None:
    assert callable(function) and plain_of(function, PATH) is None


def test_decisions_are_plain() -> None:
    routes = {route.path: route for route in routers.approvals.router.routes if isinstance(route, CommandRoute)}
    for verb in ("approve", "reject", "undo"):
        path = f"/api/approvals/{{approval_id}}/{verb}"
        assert plain_of(routes[path].endpoint, path) is not None


@pytest.mark.parametrize(
    ("sent", "media_type", "status"),
    [
        (b"", "application/json", 200),
        (b"{}", "application/json", 200),
        (b"null", "application/json", 200),
        (b"{}", "application/json; charset=utf-8", 200),
        (b"{}", "application/merge-patch+json", 200),
        (b"{}", "image/svg+json", 422),
        (b"[]", "application/json", 422),
        (b'{"note": 7}', "application/json", 422),
        (b'{"note": "x", "more": 1}', "application/json", 422),
        (b"{", "application/json", 400),
    ],
)
async def test_a_decision_is_read_alike_on_either_way(api: Api, sent: bytes, media_type: str, status: int) -> None:
    draft = api.house.draft()
    answer = await api.post(
        path_of(draft, "approve"), content=sent, headers={"Content-Type": media_type, "If-Match": '"1"'}
    )
    assert answer.status_code == status, answer.text
