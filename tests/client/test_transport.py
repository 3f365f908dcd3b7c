"""The way to the server: what is retried, what each status becomes, what is kept, and that the key stays inside."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cc_api_client import errors, transport
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
from cc_api_client.models.installation.keys import ApiKey, CreatedApiKey
from cc_api_client.resources.answers import path_of
from cc_api_client.transport import (
    ATTEMPTS,
    BODIES_KEPT_BYTES,
    BODY_KEPT_MOST_BYTES,
    ETAGS_KEPT,
    Request,
    Transport,
    checked_key,
    checked_url,
    decide_retry,
    retry_after,
)
from tests.client.wire_server import CutOff, Reply, WireServer, json_reply, wire_server

KEY = "cc_live_0123456789abcdef"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class NoJitter(Random):
    """Draws the least there is: a retry comes at once."""

    def uniform(self, a: float, b: float) -> float:
        return min(a, b)


@pytest.fixture
async def wire() -> AsyncIterator[WireServer]:
    async with wire_server() as server:
        yield server


@pytest.fixture
async def way(wire: WireServer) -> AsyncIterator[Transport]:
    made = Transport(wire.url, KEY, rng=NoJitter())
    yield made
    await made.aclose()


@pytest.fixture
async def client(wire: WireServer) -> AsyncIterator[CommandCenterClient]:
    made = CommandCenterClient(wire.url, KEY, rng=NoJitter())
    yield made
    await made.aclose()


def a_get(path: str = "/api/me") -> Request:
    return Request("GET", path)


def a_write(key: str | None = "k1") -> Request:
    return Request("POST", "/api/agents/caller/pause", body=b"{}", idempotency_key=key)


# What is retried


def named(error: RateLimited | Unavailable, seconds: float | None) -> CommandCenterError:
    error.retry_after_seconds = seconds
    return error


passing_errors = st.one_of(
    st.builds(Unreachable, st.just("cut"), sent=st.booleans()),
    st.builds(named, st.builds(RateLimited, st.just("slow")), st.none() | st.floats(0, 3_600)),
    st.builds(named, st.builds(Unavailable, st.just("later")), st.none() | st.floats(0, 3_600)),
)
other_errors = st.sampled_from(
    [
        kind("no")
        for kind in (*errors.BY_STATUS.values(), ServerFault, BadAnswer)
        if kind not in (RateLimited, Unavailable)
    ]
)
any_errors = passing_errors | other_errors
requests = st.builds(
    Request,
    st.sampled_from(["GET", "POST", "PATCH", "DELETE"]),
    st.just("/api/x"),
    idempotency_key=st.none() | st.just("k"),
)
randoms = st.integers(0, 2**32).map(Random)


@given(method=st.sampled_from(["POST", "PATCH", "DELETE", "PUT"]), error=any_errors, rng=randoms)
def test_a_write_without_a_key_is_never_sent_twice(method: str, error: CommandCenterError, rng: Random) -> None:
    assert decide_retry(Request(method, "/api/x"), 1, error, 60.0, rng) is None


@given(request=requests, attempt=st.integers(1, 10), error=any_errors, left=st.floats(-10, 60), rng=randoms)
def test_a_retry_ends_before_the_deadline_and_after_three_attempts(
    request: Request, attempt: int, error: CommandCenterError, left: float, rng: Random
) -> None:
    wait = decide_retry(request, attempt, error, left, rng)
    assert wait is None or (0 <= wait < left and attempt < 3)


@given(error=passing_errors, attempt=st.integers(1, 2), rng=randoms)
def test_what_passes_is_retried_not_before_the_server_wants_it(
    error: CommandCenterError, attempt: int, rng: Random
) -> None:
    wait = decide_retry(a_get(), attempt, error, 10_000.0, rng)
    assert wait is not None
    assert wait >= (getattr(error, "retry_after_seconds", None) or 0.0)


@given(error=other_errors, rng=randoms)
def test_what_will_not_pass_is_not_retried(error: CommandCenterError, rng: Random) -> None:
    assert decide_retry(a_get(), 1, error, 60.0, rng) is None


@given(seed=st.integers(0, 2**32))
def test_waits_spread_over_an_interval_that_doubles(seed: int) -> None:
    error = Unreachable("cut")
    first, second = (decide_retry(a_get(), attempt, error, 60.0, Random(seed)) for attempt in (1, 2))
    assert first is not None and second is not None
    assert first <= 0.25
    assert second == pytest.approx(2 * first)


async def test_a_get_that_was_refused_twice_is_answered_the_third_time(wire: WireServer, way: Transport) -> None:
    busy = json_reply({"detail": "restarting"}, 503, retry_after="0")
    wire.reply(busy, CutOff(), json_reply({"name": "ana"}))
    assert (await way.send(a_get())).body == b'{"name": "ana"}'
    assert len(wire.heard) == 3


async def test_a_server_that_stays_down_is_asked_three_times_and_no_more(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply({"detail": "restarting"}, 503))
    with pytest.raises(Unavailable, match="restarting"):
        await way.send(a_get())
    assert len(wire.heard) == ATTEMPTS == 3


async def test_a_write_is_repeated_under_the_same_key_or_not_at_all(wire: WireServer, way: Transport) -> None:
    wire.reply(CutOff(), json_reply({}))
    await way.send(a_write("k7"))
    assert [heard.headers["idempotency-key"] for heard in wire.heard] == ["k7", "k7"]
    wire.reply(CutOff())
    with pytest.raises(Unreachable):
        await way.send(a_write(None))
    assert len(wire.heard) == 3


async def test_a_retry_that_would_come_after_the_deadline_is_not_waited_for(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply({"detail": "slow down"}, 429, retry_after="3600"))
    with pytest.raises(RateLimited) as caught:
        await way.send(a_get())
    assert caught.value.retry_after_seconds == 3600
    assert len(wire.heard) == 1


async def test_a_server_that_says_nothing_is_given_up_at_the_deadline(wire: WireServer) -> None:
    way = Transport(wire.url, KEY, timeout_seconds=0.15, rng=NoJitter())
    wire.reply(None)
    with pytest.raises(Unreachable, match="did not answer") as caught:
        await way.send(a_get())
    assert caught.value.sent
    await way.aclose()


async def test_a_port_where_nobody_listens_was_sent_nothing(unused_tcp_port: int) -> None:
    way = Transport(f"http://127.0.0.1:{unused_tcp_port}", KEY, rng=NoJitter())
    with pytest.raises(Unreachable, match="can't be reached") as caught:
        await way.send(a_get())
    assert not caught.value.sent
    await way.aclose()


async def test_a_cancelled_call_ends_without_another_attempt(wire: WireServer, way: Transport) -> None:
    wire.reply(None)
    call = asyncio.create_task(way.send(a_get()))
    async with asyncio.timeout(5):
        while not wire.heard:
            await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert len(wire.heard) == 1


# Retry-After


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        (" 12 ", 12.0),
        ("99999999", 3_600.0),
        (format_datetime(NOON + timedelta(seconds=30), usegmt=True), 30.0),
        (format_datetime(NOON - timedelta(days=1), usegmt=True), 0.0),
        ("soon", None),
        ("-3", None),
        ("1.5", None),
        ("Mon, 23 Nov 2026 12:00:30", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(told: str | None, seconds: float | None) -> None:
    assert retry_after(told, NOON) == seconds


@pytest.mark.parametrize("told", ["²", "Mon, 23 Nov 2026 12:00:30 +9999999999999999"])
def test_a_retry_after_of_no_known_form_says_nothing(told: str) -> None:
    assert retry_after(told, NOON) is None


@given(told=st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40))
def test_no_retry_after_breaks_the_client(told: str) -> None:
    seconds = retry_after(told, NOON)
    assert seconds is None or 0 <= seconds <= 3_600


# What each status becomes

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


# ETags


async def test_what_did_not_change_is_not_sent_again(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply({"items": [1]}, etag='"a"', x_event_seq="e.1"), Reply(304, b"", {"X-Event-Seq": "e.5"}))
    first, second = await way.send(a_get()), await way.send(a_get())
    assert [heard.headers.get("if-none-match") for heard in wire.heard] == [None, '"a"']
    assert second.body == first.body == b'{"items": [1]}'
    assert (first.not_modified, second.not_modified, second.status) == (False, True, 200)
    assert second.headers["x-event-seq"] == "e.5", "what the confirmation says is newer"


async def test_an_etag_belongs_to_its_path_and_query(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply({}, etag='"a"'))
    await way.send(a_get("/api/approvals"))
    for _ in range(2):
        await way.send(Request("GET", "/api/approvals", (("status", "pending"),)))
    await way.send(a_get("/api/agents"))
    assert [heard.headers.get("if-none-match") for heard in wire.heard] == [None, None, '"a"', None]


async def test_the_answers_asked_for_last_are_kept(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply({}, etag='"a"'))
    for place in range(ETAGS_KEPT):
        await way.send(a_get(f"/api/runs/{place}"))
    for path in ("/api/runs/0", "/api/agents", "/api/runs/0", "/api/runs/1"):
        await way.send(a_get(path))
    assert [heard.headers.get("if-none-match") for heard in wire.heard[ETAGS_KEPT:]] == ['"a"', None, '"a"', None]


async def test_kept_answers_are_bounded_by_their_bytes_together(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply("x" * (BODY_KEPT_MOST_BYTES - 100), etag='"a"'))
    fit = BODIES_KEPT_BYTES // BODY_KEPT_MOST_BYTES
    for place in range(fit + 1):
        await way.send(a_get(f"/api/runs/{place}"))
    for path in ("/api/runs/1", "/api/runs/1", "/api/runs/0"):
        await way.send(a_get(path))
    assert [heard.headers.get("if-none-match") for heard in wire.heard[fit + 1 :]] == ['"a"', '"a"', None]
    assert way._kept_bytes == sum(len(answer.body) for _, answer in way._etags.values()) <= BODIES_KEPT_BYTES


async def test_a_kept_answer_that_was_let_go_while_it_was_confirmed_is_answered_all_the_same(
    wire: WireServer, way: Transport
) -> None:
    wire.reply(json_reply([1], etag='"a"'), Reply(304, b""))
    first = await way.send(a_get())
    asking = asyncio.create_task(way.send(a_get()))
    while len(wire.heard) < 2:
        await asyncio.sleep(0)
    way._etags.clear()
    way._kept_bytes = 0
    assert (await asking).body == first.body


async def test_an_answer_shows_no_body_in_tracebacks_and_logs(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply({"token": "the-secret"}))
    assert "the-secret" not in repr(await way.send(a_get()))


def test_a_key_that_was_made_shows_no_token_in_tracebacks_and_logs() -> None:
    key = ApiKey(id="k", name="ana", role="viewer", prefix="cc_1", created_at=datetime.now(UTC))
    made = CreatedApiKey(key=key, token="the-secret")
    assert "the-secret" not in f"{made!r} {made}"
    assert "the-secret" in made.model_dump_json()


async def test_a_page_in_the_middle_of_a_list_is_not_kept(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply({}, etag='"a"'))
    for _ in range(2):
        await way.send(Request("GET", "/api/approvals", (("cursor", "c1"),)))
    assert [heard.headers.get("if-none-match") for heard in wire.heard] == [None, None]


async def test_a_changed_answer_takes_the_kept_ones_place(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply(1, etag='"a"'), json_reply(2, etag='"b"'), Reply(304, b""))
    bodies = [(await way.send(a_get())).body for _ in range(3)]
    assert bodies == [b"1", b"2", b"2"]
    assert wire.heard[2].headers["if-none-match"] == '"b"'


async def test_a_write_neither_keeps_nor_sends_an_etag(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply({}, etag='"a"'))
    for _ in range(2):
        await way.send(a_write())
    assert all("if-none-match" not in heard.headers for heard in wire.heard)


async def test_only_so_many_answers_are_kept(wire: WireServer, way: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "ETAGS_KEPT", 2)
    wire.reply(json_reply({}, etag='"a"'))
    for path in ("/1", "/2", "/3", "/1", "/3"):
        await way.send(a_get(path))
    assert [heard.headers.get("if-none-match") for heard in wire.heard[3:]] == [None, '"a"']


async def test_a_304_that_nobody_asked_for_is_a_bad_answer(wire: WireServer, way: Transport) -> None:
    wire.reply(Reply(304, b""))
    with pytest.raises(BadAnswer):
        await way.send(a_get())


# The key


def test_the_key_is_in_no_repr() -> None:
    client = CommandCenterClient("http://127.0.0.1:1", KEY)
    way = Transport("http://127.0.0.1:1", KEY)
    shown = [repr(client), str(client), repr(way), str(way), repr(client.events()), str(client.events())]
    assert all(KEY not in text and "127.0.0.1" in text for text in shown)


@pytest.mark.parametrize(
    "reply", [None, CutOff(), Reply(302), json_reply({"detail": "no"}, 401), Reply(500, b"x"), Reply(200, b"x")]
)
async def test_the_key_is_in_no_error_and_no_traceback(reply: Reply | CutOff | None, wire: WireServer) -> None:
    client = CommandCenterClient(wire.url, KEY, timeout_seconds=0.15, rng=NoJitter())
    wire.reply(reply)
    with pytest.raises(CommandCenterError) as caught:
        await client.operations.me()
    assert wire.heard[0].headers["x-api-key"] == KEY
    told = [repr(caught.value), str(caught.value), "".join(traceback.format_exception(caught.value))]
    assert not any(KEY in text for text in told)
    await client.aclose()


@pytest.mark.parametrize("key", ["", "  ", "two words", "line\nbreak", "schlüssel", "tab\there"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ValueError, match="the API key") as caught:
        checked_key(key)
    assert not key.strip() or key not in str(caught.value)


def test_blanks_around_a_key_are_left_aside() -> None:
    assert checked_key(f"  {KEY}\n") == KEY


async def test_every_request_says_who_asks_and_for_which_client(wire: WireServer) -> None:
    way = Transport(wire.url, KEY, client_id="all")
    await way.send(a_write("k1"))
    headers = wire.heard[0].headers
    assert (headers["x-api-key"], headers["x-client-id"]) == (KEY, "all")
    assert (headers["content-type"], headers["accept"]) == ("application/json", "application/json")
    await way.aclose()


async def test_a_version_goes_out_as_if_match(wire: WireServer, way: Transport) -> None:
    await way.send(Request("PATCH", "/api/approvals/1", body=b"{}", idempotency_key="k", version=3))
    assert wire.heard[0].headers["if-match"] == '"3"'


# Addresses


@pytest.mark.parametrize(
    ("told", "url"),
    [
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        (" https://cc.example/api-root/ ", "https://cc.example/api-root"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_address_is_taken_without_its_last_slash(told: str, url: str) -> None:
    assert checked_url(told) == url


@pytest.mark.parametrize("told", ["", "cc.example", "localhost:8000", "ftp://cc.example", "http://", "http://a:b:c/"])
def test_what_is_no_address_is_refused_in_a_sentence(told: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        checked_url(told)


@pytest.mark.parametrize(
    "told",
    [
        "https://ana:s3cret@cc.example",
        pytest.param(
            "ftp://ana:s3cret@cc.example",
        ),
    ],
)
def test_a_password_in_an_address_is_refused_and_not_shown(told: str) -> None:
    with pytest.raises(ValueError) as caught:
        checked_url(told)
    assert "s3cret" not in str(caught.value)


async def test_a_path_in_front_of_the_api_stays_in_front(wire: WireServer) -> None:
    way = Transport(f"{wire.url}/agency/", KEY)
    await way.send(Request("GET", "/api/agents", (("limit", "5"),)))
    assert wire.heard[0].target == "/agency/api/agents?limit=5"
    await way.aclose()


# Ids


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_an_id_is_one_part_of_the_path_whatever_is_in_it(opaque: str) -> None:
    path = path_of("api", "agents", opaque)
    assert path.isascii()
    parts = path.split("/")
    assert parts[:3] == ["", "api", "agents"]
    assert [unquote(part) for part in parts[3:]] == [opaque]
    assert not set("?# ") & set(path)


@pytest.mark.parametrize(
    "opaque",
    [
        "a/b",
        "a b?c#d",
        "100%",
        "%2F",
        "é中",
        "a+b&c=d",
        "a;b",
        ".",
        "..",
    ],
)
async def test_an_id_arrives_as_it_is(opaque: str, wire: WireServer, client: CommandCenterClient) -> None:
    wire.reply(json_reply({"id": opaque, "agent_name": "x", "name": "x", "status": "active"}))
    await client.agents.get(opaque)
    parts = wire.heard[0].target.split("/")
    assert [unquote(part) for part in parts] == ["", "api", "agents", opaque]


async def test_parameters_arrive_as_they_are(wire: WireServer, client: CommandCenterClient) -> None:
    wire.reply(json_reply({"items": []}))
    await client.approvals.list(q="a&b=c +%", safe=True, limit=5)
    assert wire.heard[0].target == "/api/approvals?q=a%26b%3Dc+%2B%25&safe=true&limit=5"
