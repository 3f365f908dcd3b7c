"""What a body may be, and how a mistake in it is named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.server.api.asking import MIB, path_of, problem_of
from tests.server.serving import Api


async def chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 1024):
        yield b"x" * 1024


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_body_of_more_than_one_mebibyte_is_refused(api: Api, is_chunked: bool) -> None:
    content: Any = chunks(MIB + 1024) if is_chunked else b"x" * (MIB + 1)
    headers = {"Content-Type": "application/json"}
    answer = await api.post(path_of(api.house.draft(), "approve"), content=content, headers=headers)
    problem_of(answer, 413, "payload_too_large")


async def test_a_body_of_one_mebibyte_is_read(api: Api) -> None:
    note = b'{"note": "' + b"x" * (MIB - 12) + b'"}'
    assert len(note) == MIB
    headers = {"Content-Type": "application/json"}
    answer = await api.post(path_of(api.house.draft(), "approve"), content=note, headers=headers)
    problem_of(answer, 422, "validation_failed")


async def test_a_body_that_is_not_declared_as_json_is_refused(api: Api) -> None:
    for media_type in [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"]:
        headers = {"Content-Type": media_type} if media_type else {}
        answer = await api.post(path_of(api.house.draft(), "approve"), content=b"{}", headers=headers)
        problem_of(answer, 415, "unsupported_media_type")


async def test_json_may_be_declared_in_several_ways(api: Api) -> None:
    for media_type in ["application/json; charset=utf-8", "Application/JSON", "application/x+json"]:
        headers = {"Content-Type": media_type}
        answer = await api.post(path_of(api.house.draft(), "approve"), content=b"{}", headers=headers)
        assert answer.status_code == 200


async def test_what_is_no_json_is_refused(api: Api) -> None:
    for content in [
        b"{",
        b"{}{}",
        b"\xff",
        b'{"note": NaN}',
        b'{"note": Infinity}',
        b"[" * 100 + b"]" * 100,
        b"[" * 100_000,
        b"nul",
        '{"note": "é"}'.encode("utf-16"),
    ]:
        draft = api.house.draft()
        headers = {"Content-Type": "application/json"}
        problem_of(await api.post(path_of(draft, "approve"), content=content, headers=headers), 400, "malformed_body")
        assert api.house.now(draft) == draft


@pytest.mark.parametrize(
    ("verb", "body", "loc"),
    [
        ("approve", {"nonsense": 1}, ["body", "nonsense"]),
        ("approve", {"note": 1}, ["body", "note"]),
        ("approve", {"note": "x" * 2001}, ["body", "note"]),
        ("approve", {"payload_sha256": "x"}, ["body", "payload_sha256"]),
        ("reject", {}, ["body", "reason_code"]),
        ("reject", {"reason_code": "nope"}, ["body", "reason_code"]),
        ("reject", {"reason_code": "tone", "by": "me"}, ["body", "by"]),
        ("reject", {"reason_code": "other"}, ["body", "reason"]),
        ("reject", {"reason_code": "other", "reason": "  "}, ["body", "reason"]),
        ("reject", {"reason_code": "tone", "reason": ""}, ["body", "reason"]),
    ],
    ids=str,
)
async def test_a_field_that_is_wrong_or_unknown_is_named(
    api: Api, verb: str, body: dict[str, Any], loc: list[str]
) -> None:
    draft = api.house.draft()
    document = problem_of(await api.post(path_of(draft, verb), json=body), 422, "validation_failed")
    assert loc in [error["loc"] for error in document["errors"]]
    assert api.house.now(draft) == draft


async def test_an_edit_changes_only_what_may_be_edited(api: Api) -> None:
    edits: list[dict[str, Any]] = [
        {"status": "approved"},
        {"version": 9},
        {"to_email": "eve@x.example"},
        {"subject": None},
        {"body": None},
        {"subject": "x" * 1001},
        {"payload": [1]},
    ]
    for body in edits:
        draft = api.house.draft()
        answer = await api.patch(path_of(draft), json=body, headers={"If-Match": '"1"'})
        problem_of(answer, 422, "validation_failed")
        assert api.house.now(draft) == draft


@pytest.mark.parametrize("value", [b'"\\ud800"', b"9007199254740993", b"1e999"])
async def test_what_can_not_be_stored_or_hashed_is_refused(api: Api, value: bytes) -> None:
    draft = api.house.draft(kind="proposal")
    headers = {"Content-Type": "application/json", "If-Match": '"1"'}
    answer = await api.patch(path_of(draft), content=b'{"payload": {"x": ' + value + b"}}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) in ((422, "validation_failed"), (400, "malformed_body"))
    assert api.house.now(draft) == draft
