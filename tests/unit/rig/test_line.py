"""A line delivers in order, no faster than it can, and makes who writes wait when it is full."""

from __future__ import annotations

from rig.line import Line, Traffic


def test_an_immediate_line_delivers_whole_writes_at_once() -> None:
    traffic = Traffic(Line())
    traffic.put(b"x" * 5000, at=10.0)
    assert traffic.arrived(10.0) == [(10.0, b"x" * 5000)]
    assert traffic.is_empty


def test_a_slow_line_takes_its_time_for_every_byte() -> None:
    traffic = Traffic(Line(bytes_per_second=20_000))
    traffic.put(b"x" * 5000, at=0.0)
    assert sum(len(piece) for _, piece in traffic.arrived(0.125)) <= 2500
    last, _ = traffic.arrived(1.0)[-1]
    assert abs(last - 0.25) < 1e-9


def test_what_is_sent_later_queues_behind_what_is_under_way() -> None:
    traffic = Traffic(Line(bytes_per_second=1000, latency_seconds=0.5))
    traffic.put(b"a" * 1000, at=0.0)
    traffic.put(b"b", at=0.1)
    arrived = traffic.arrived(10.0)
    assert b"".join(piece for _, piece in arrived) == b"a" * 1000 + b"b"
    assert abs(arrived[-1][0] - 1.501) < 1e-9


def test_a_line_is_full_until_something_has_arrived() -> None:
    traffic = Traffic(Line(bytes_per_second=1000, buffer_bytes=256))
    traffic.put(b"x" * 256, at=0.0)
    assert traffic.is_full
    traffic.arrived(0.256)
    assert not traffic.is_full
