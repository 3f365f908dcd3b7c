"""What the frames of the stream mean, without a socket: order, duplicates, gaps, resync, rubbish."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cc_api_client.errors import BadAnswer
from cc_api_client.models.events import Event, EventPosition, Frame
from cc_api_client.stream import (
    Connected,
    Events,
    GapFound,
    ResyncRequired,
    StreamItem,
    StreamReader,
    Volatile,
    parse_frames,
)

AT = "2026-11-23T12:00:00Z"


def hello(head: int = 10, *, epoch: str = "e1", resumed: bool = False, **more: Any) -> dict[str, Any]:
    return {
        "frame": "hello",
        "protocol": 1,
        "epoch": epoch,
        "head_seq": head,
        "server_time": AT,
        "resumed": resumed,
    } | more


def event(seq: int | None, prev: int | None = None, **more: Any) -> dict[str, Any]:
    return {
        "frame": "event", "seq": seq, "prev_seq": prev, "at": AT, "topic": "agents", "type": "agent.status", "id": "x",
    } | more  # fmt: skip


def heartbeat(last_sent: int, head: int) -> dict[str, Any]:
    return {"frame": "heartbeat", "last_sent_seq": last_sent, "head_seq": head, "at": AT}


def resync(head: int, reason: str = "too_old") -> dict[str, Any]:
    return {"frame": "resync_required", "reason": reason, "head_seq": head}


def frames(*told: dict[str, Any]) -> list[Frame]:
    return parse_frames(json.dumps(told))


def seqs(items: list[StreamItem]) -> list[int | None]:
    return [one.seq for item in items if isinstance(item, Events | Volatile) for one in item.events]


def connected(since: EventPosition | None = None, **told: Any) -> StreamReader:
    reader = StreamReader(since)
    reader.feed(frames(hello(**told)))
    return reader


# Order


def test_a_new_stream_begins_at_the_head() -> None:
    reader = StreamReader()
    (item,) = reader.feed(frames(hello(10, heartbeat_seconds=2.0)))
    assert isinstance(item, Connected)
    assert (item.position, item.resumed) == (EventPosition("e1", 10), False)
    assert reader.heartbeat_seconds == 2.0


def test_a_resumed_stream_goes_on_where_it_was() -> None:
    reader = StreamReader(EventPosition("e1", 4))
    (item,) = reader.feed(frames(hello(10, resumed=True)))
    assert isinstance(item, Connected)
    assert (item.position, item.resumed) == (EventPosition("e1", 4), True)


def test_events_come_in_order_and_those_that_follow_each_other_together() -> None:
    reader = connected()
    items = reader.feed(frames(event(11, 10), event(14, 11), event(None), event(15, 14)))
    assert [type(item) for item in items] == [Events, Volatile, Events]
    assert seqs(items) == [11, 14, None, 15]
    assert reader.position == EventPosition("e1", 15)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.data())
def test_however_events_are_cut_into_messages_each_comes_once(steps: list[int], data: st.DataObject) -> None:
    reader, expected, told, seq = connected(), [], [], 10
    for step in steps:
        told.append(event(seq + step, seq))
        expected.append(seq := seq + step)
    seen: list[int | None] = []
    while told:
        size = data.draw(st.integers(1, len(told)))
        repeated = data.draw(st.booleans())
        for _ in range(1 + repeated):
            seen += seqs(reader.feed(frames(*told[:size])))
        told = told[size:]
    assert seen == expected


def test_what_came_already_is_dropped() -> None:
    reader = connected()
    reader.feed(frames(event(11, 10), event(12, 11)))
    assert reader.feed(frames(event(11, 10), event(12, 11))) == []
    assert seqs(reader.feed(frames(event(13, 12)))) == [13]


def test_after_a_reconnect_what_came_already_is_dropped() -> None:
    reader = connected()
    reader.feed(frames(event(11, 10), event(12, 11)))
    reader.feed(frames(hello(13, resumed=True)))
    assert seqs(reader.feed(frames(event(12, 11), event(13, 12)))) == [13]


# Gaps


def test_a_gap_is_found_by_the_event_before() -> None:
    reader = connected()
    reader.feed(frames(event(11, 10)))
    with pytest.raises(GapFound, match="event 13 follows 12, the last one here was 11"):
        reader.feed(frames(event(13, 12)))
    assert reader.position == EventPosition("e1", 11), "it is resumed from the last good one"


def test_numbers_that_a_filter_left_out_are_no_gap() -> None:
    reader = connected()
    assert seqs(reader.feed(frames(event(11, 10), event(900, 11)))) == [11, 900]


def test_a_gap_followed_by_silence_is_found_by_the_heartbeat() -> None:
    reader = connected()
    reader.feed(frames(event(11, 10)))
    with pytest.raises(GapFound, match="sent up to 12, here arrived 11"):
        reader.feed(frames(heartbeat(12, 12)))
    assert reader.position == EventPosition("e1", 11)


def test_a_heartbeat_moves_the_place_to_resume_from_but_is_no_event() -> None:
    reader = connected()
    assert reader.feed(frames(heartbeat(10, 40))) == []
    assert reader.position == EventPosition("e1", 40)
    assert seqs(reader.feed(frames(event(41, 10)))) == [41], "the first event sent since still follows the last sent"


def test_an_old_heartbeat_moves_nothing_back() -> None:
    reader = connected()
    reader.feed(frames(event(11, 10), heartbeat(10, 10)))
    assert reader.position == EventPosition("e1", 11)


def test_after_a_heartbeat_moved_it_the_stream_resumes_without_a_false_gap() -> None:
    reader = connected()
    reader.feed(frames(event(11, 10), heartbeat(11, 40), hello(41, resumed=True)))
    assert seqs(reader.feed(frames(event(41, 40)))) == [41]


def test_what_came_before_a_gap_in_the_same_message_is_not_lost() -> None:
    reader = connected()
    before = reader.position
    items = []
    try:
        items = reader.feed(frames(event(11, 10), event(14, 13)))
    except GapFound:
        if reader.position == before:
            return  # nothing was told and nothing counted as told: it comes again
        raise
    assert seqs(items) == [11]


# Resync, epochs, going away


def test_a_resync_goes_on_from_the_head() -> None:
    reader = connected()
    (item,) = reader.feed(frames(resync(500)))
    assert item == ResyncRequired("too_old", EventPosition("e1", 500))
    assert seqs(reader.feed(frames(event(501, 500)))) == [501]


def test_what_a_resync_leapt_over_is_dropped() -> None:
    reader = connected()
    reader.feed(frames(resync(500, "slow_consumer")))
    assert reader.feed(frames(event(499, 498), event(500, 499))) == []


def test_another_history_begins_at_its_own_head() -> None:
    reader = StreamReader(EventPosition("e1", 900))
    items = reader.feed(frames(hello(3, epoch="e2"), resync(3, "epoch_changed"), event(4, 3)))
    assert [type(item) for item in items] == [Connected, ResyncRequired, Events]
    assert seqs(items) == [4]
    assert reader.position == EventPosition("e2", 4)


def test_a_history_that_is_called_resumed_and_is_another_is_not_believed() -> None:
    reader = connected(EventPosition("e1", 900), head=3, epoch="e2", resumed=True)
    assert reader.position == EventPosition("e2", 3)


def test_a_server_that_goes_away_is_asked_again_when_it_says_within_a_minute() -> None:
    reader = connected()
    assert reader.feed(frames({"frame": "going_away", "retry_after_ms": 1_500})) == []
    assert reader.retry_after_seconds == 1.5
    reader.feed(frames({"frame": "going_away", "retry_after_ms": 86_400_000}))
    assert reader.retry_after_seconds == 60.0
    reader.feed(frames(hello(resumed=True)))
    assert reader.retry_after_seconds is None


# What is not understood


@pytest.mark.parametrize("first", [event(11, 10), heartbeat(10, 10)])
def test_a_stream_that_does_not_begin_with_hello_is_refused(first: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer, match="did not begin with hello"):
        StreamReader().feed(frames(first))


def test_another_protocol_is_refused() -> None:
    with pytest.raises(BadAnswer, match="speaks protocol 2"):
        StreamReader().feed(frames(hello(protocol=2)))


def test_unknown_topics_types_and_fields_are_taken_as_they_are() -> None:
    reader = connected()
    (item,) = reader.feed(frames(event(11, 10, topic="weather", type="weather.rain", mood="good")))
    assert isinstance(item, Events)
    assert (item.events[0].topic, item.events[0].type) == ("weather", "weather.rain")


def test_one_frame_and_an_array_of_them_are_read_alike() -> None:
    one = json.dumps(event(11, 10))
    assert parse_frames(one) == parse_frames(f" [{one}]") == parse_frames(one.encode())
    assert parse_frames("[]") == []
    assert len(parse_frames(json.dumps([event(number) for number in range(64)]))) == 64


@pytest.mark.parametrize("in_array", [False, True])
def test_frames_of_an_unknown_kind_are_left_aside(in_array: bool) -> None:
    strange = {"frame": "compressed_event", "bytes": "…"}
    told = [event(11, 10), strange, event(12, 11)] if in_array else strange
    expected = [11, 12] if in_array else []
    assert [one.seq for one in parse_frames(json.dumps(told)) if isinstance(one, Event)] == expected


@pytest.mark.parametrize(
    "rubbish", ["", "hello", "7", "null", "{}", '{"frame": "event"}', "[[]]", '[{"frame":', b"\xff\xfe", "[" * 100_000]
)
def test_rubbish_is_a_bad_answer(rubbish: str | bytes) -> None:
    with pytest.raises(BadAnswer, match="no frame"):
        parse_frames(rubbish)


@given(st.text() | st.binary())
def test_no_message_breaks_the_reader_otherwise(message: str | bytes) -> None:
    try:
        parsed = parse_frames(message)
    except BadAnswer:
        return
    assert isinstance(parsed, list)


@pytest.mark.parametrize("told", ["", "7", ".7", "e.", "e.-1", "e.x", "e.²", "e." + "9" * 20])
def test_what_is_no_position_is_refused(told: str) -> None:
    with pytest.raises(ValueError, match="not a position"):
        EventPosition.parse(told)


@given(st.text(min_size=1), st.integers(0, 10**18))
def test_a_position_reads_as_it_is_written(epoch: str, seq: int) -> None:
    assert EventPosition.parse(str(EventPosition(epoch, seq))) == EventPosition(epoch, seq)
