"""What each answer that is none becomes."""

from __future__ import annotations

import pytest

from cc_api_client import transport
from cc_api_client.client import CommandCenterClient
from cc_api_client.errors import (
    BadAnswer,
    CommandCenterError,
    Conflict,
    Forbidden,
    NotFound,
    PreconditionRequired,
    RateLimited,
    ServerFault,
    Unauthorized,
    Unavailable,
    Unprocessable,
    Unreachable,
    Unsupported,
    VersionConflict,
)
from cc_api_client.transport import (
    Transport,
)
from tests.client.transport.asking import a_get, a_write
from tests.client.wire_server import Reply, WireServer, json_reply

BY_STATUS = {
    400: Unprocessable,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: Unsupported,
    409: Conflict,
    412: VersionConflict,
    413: Unprocessable,
    415: Unprocessable,
    418: CommandCenterError,
    422: Unprocessable,
    428: PreconditionRequired,
    429: RateLimited,
    500: ServerFault,
    501: ServerFault,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def in_the_users_words(status: int, sentence: str) -> str:
    """A refused key is told in words that name no header."""
    return "the server does not accept this key" if status == 401 else sentence


@pytest.mark.parametrize(("status", "kind"), BY_STATUS.items())
async def test_a_problem_becomes_its_own_error(
    status: int, kind: type[CommandCenterError], wire: WireServer, way: Transport
) -> None:
    problem = {"type": "/problems/x", "title": "X", "status": status, "detail": "what happened", "code": "x_code"}
    wire.reply(json_reply(problem, status, x_request_id="r-1"))
    with pytest.raises(CommandCenterError) as caught:
        await way.send(a_write(None))
    error = caught.value
    assert type(error) is kind
    assert str(error) == in_the_users_words(status, "what happened")
    assert (error.status, error.code, error.request_id) == (status, "x_code", "r-1")


@pytest.mark.parametrize(("status", "kind"), BY_STATUS.items())
async def test_the_existing_backends_errors_become_the_same_ones(
    status: int, kind: type[CommandCenterError], wire: WireServer, way: Transport
) -> None:
    wire.reply(json_reply({"detail": "Invalid credentials"}, status))
    with pytest.raises(CommandCenterError) as caught:
        await way.send(a_write(None))
    assert str(caught.value) == in_the_users_words(status, "Invalid credentials")
    assert type(caught.value) is kind
    assert caught.value.code is None


@pytest.mark.parametrize("named_as", ["errors", "detail"])
async def test_refused_fields_are_named(named_as: str, wire: WireServer, way: Transport) -> None:
    fields = [{"loc": ["body", "items", 0], "msg": "too long"}, {"msg": "nothing there"}]
    wire.reply(json_reply({named_as: fields}, 422))
    with pytest.raises(Unprocessable) as caught:
        await way.send(a_get())
    assert caught.value.errors == ["body.items.0: too long", ": nothing there"]
    assert "body.items.0: too long" in str(caught.value)


@pytest.mark.parametrize(
    "body", [b"Internal Server Error", b"", b"\xff\xfe\x00", b"[]", b"7", b'{"detail": 7}', b'{"detail": [1, null]}']
)
async def test_an_error_that_says_nothing_usable_is_named_by_its_status(
    body: bytes, wire: WireServer, way: Transport
) -> None:
    wire.reply(Reply(500, body, {"Content-Type": "text/plain"}))
    with pytest.raises(ServerFault, match="the server answered 500"):
        await way.send(a_get())
    assert len(wire.heard) == 1, "whether it took effect is not known: a fault is never repeated"


async def test_an_error_nested_too_deeply_to_read_is_still_an_error(wire: WireServer, way: Transport) -> None:
    wire.reply(Reply(500, b"[" * 100_000))
    with pytest.raises(ServerFault):
        await way.send(a_get())


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed_with_the_key(status: int, wire: WireServer, way: Transport) -> None:
    wire.reply(Reply(status, b"", {"Location": "/elsewhere"}))
    with pytest.raises(BadAnswer, match="redirects"):
        await way.send(a_get())
    assert [heard.target for heard in wire.heard] == ["/api/me"]


async def test_what_is_no_http_is_unreachable(wire: WireServer, way: Transport) -> None:
    class Rubbish(Reply):
        @property
        def octets(self) -> bytes:
            return b"SSH-2.0-OpenSSH_9.9\r\n"

    wire.reply(Rubbish())
    with pytest.raises(Unreachable, match="can't be reached"):
        await way.send(a_get())


async def test_an_answer_that_is_too_large_is_not_read_to_its_end(
    wire: WireServer, way: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ANSWER_MOST_BYTES", 1_000)
    wire.reply(Reply(200, b"x" * 1_000))
    assert len((await way.send(a_get())).body) == 1_000
    wire.reply(Reply(200, b"x" * 1_001))
    with pytest.raises(BadAnswer, match="larger than 1000 bytes"):
        await way.send(a_get())


async def test_a_page_instead_of_json_is_a_bad_answer(wire: WireServer, client: CommandCenterClient) -> None:
    wire.reply(Reply(200, b"<html>Welcome to nginx!</html>", {"Content-Type": "text/html"}))
    with pytest.raises(BadAnswer, match="/api/agents is not JSON"):
        await client.agents.list()
    with pytest.raises(BadAnswer, match="not what the contract says"):
        await client.operations.me()


async def test_a_bad_position_is_a_bad_answer(wire: WireServer, client: CommandCenterClient) -> None:
    wire.reply(json_reply({"items": []}, x_event_seq="seven"))
    with pytest.raises(BadAnswer, match="not a position"):
        await client.agents.list()


async def test_malformed_rows_are_left_out_and_counted(wire: WireServer, client: CommandCenterClient) -> None:
    good = {"id": "caller", "agent_name": "caller", "name": "Caller", "status": "resting", "from_the_future": 1}
    wire.reply(json_reply({"items": [good, {"id": 7}, "rubbish", None], "total": 4}))
    page = await client.agents.list()
    assert [(agent.id, agent.status) for agent in page.value.items] == [("caller", "resting")]
    assert (page.skipped_rows, page.value.total) == (3, 4)
