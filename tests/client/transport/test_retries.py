"""What is tried again, when, and what never is."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email.utils import format_datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cc_api_client import errors
from cc_api_client.errors import (
    BadAnswer,
    CommandCenterError,
    RateLimited,
    ServerFault,
    Unavailable,
    Unreachable,
)
from cc_api_client.transport import (
    ATTEMPTS,
    Request,
    Transport,
    decide_retry,
    retry_after,
)
from tests.client.transport.asking import KEY, NOON, a_get, a_write
from tests.client.wire_server import CutOff, Reply, WireServer, json_reply
from tests.support.no_jitter import NoJitter
from tests.support.patience import PATIENCE_SECONDS


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
    way = Transport(wire.url, KEY, timeout_seconds=20.0, rng=NoJitter())
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


async def test_a_server_that_hangs_up_may_have_taken_what_was_sent(wire: WireServer, way: Transport) -> None:
    wire.reply(CutOff())
    with pytest.raises(Unreachable, match="can't be reached") as caught:
        await way.send(a_write(None))
    assert caught.value.sent


@pytest.mark.parametrize("last", [CutOff(), json_reply({"detail": "revoked"}, 401), json_reply({}, 503)])
@pytest.mark.parametrize("first", [CutOff(), json_reply({}, 503)])
async def test_what_an_earlier_try_may_have_done_is_in_doubt_whatever_the_last_one_met(
    wire: WireServer, way: Transport, first: CutOff | Reply, last: CutOff | Reply
) -> None:
    wire.reply(first, last)
    with pytest.raises(CommandCenterError) as caught:
        await way.send(a_write("k7"))
    assert caught.value.in_doubt


async def test_a_server_that_died_of_the_first_try_may_have_taken_it_though_the_last_was_never_sent() -> None:
    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        server.close()
        writer.close()

    server = await asyncio.start_server(die, "127.0.0.1", 0)
    way = Transport(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", KEY, rng=NoJitter())
    with pytest.raises(Unreachable) as caught:
        await way.send(a_write("k7"))
    assert (caught.value.sent, caught.value.in_doubt) == (False, True)
    await way.aclose()


async def test_what_was_refused_at_once_is_in_no_doubt(wire: WireServer, way: Transport) -> None:
    wire.reply(json_reply({"detail": "revoked"}, 401))
    with pytest.raises(CommandCenterError) as caught:
        await way.send(a_write("k7"))
    assert not caught.value.in_doubt


async def test_a_cancelled_call_ends_without_another_attempt(wire: WireServer, way: Transport) -> None:
    wire.reply(None)
    call = asyncio.create_task(way.send(a_get()))
    async with asyncio.timeout(PATIENCE_SECONDS):
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
