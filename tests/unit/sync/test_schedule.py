"""When the server is asked for what."""

from __future__ import annotations

from functools import partial
from random import Random

from cc_tui.sync.schedule import BACK_OFF_MOST_SECONDS, Feed, Schedule


async def nothing() -> None:
    """Fetch nothing."""


def schedule_of(**weights: int) -> Schedule:
    schedule = Schedule(Random(1))
    for name, weight in weights.items():
        schedule.add(Feed(name, nothing, live_seconds=30.0, polling_seconds=5.0, weight=weight))
    return schedule


def test_the_weightiest_feed_goes_first_and_never_twice_at_once() -> None:
    schedule = schedule_of(light=1, heavy=2)
    first, second = schedule.take(0.0), schedule.take(0.0)
    assert first is not None
    assert second is not None
    assert (first.name, second.name, schedule.take(0.0)) == ("heavy", "light", None)


def test_the_period_is_longer_while_the_stream_is_live() -> None:
    schedule = schedule_of(one=1)
    feed = schedule.take(0.0)
    assert feed is not None
    schedule.succeeded(feed, 10.0)
    assert feed.due_at == 15.0
    schedule.is_live = True
    assert schedule.take(15.0) is feed
    schedule.succeeded(feed, 15.0)
    assert feed.due_at == 45.0


def test_nothing_is_fetched_while_the_server_cannot_be_reached() -> None:
    schedule = schedule_of(one=1, two=2)
    schedule.hold(5.0, "nobody answers")
    assert schedule.take(4.9) is None
    assert schedule.wait_seconds(1.0) == 4.0
    assert schedule.take(5.0) is not None


def test_what_waits_for_a_server_that_cannot_be_reached_says_why_and_what_nobody_asked_for_does_not() -> None:
    told: list[tuple[str, str]] = []
    schedule = Schedule(Random(1))
    for name, enabled in (("asked", True), ("unasked", False)):
        mark = partial(lambda name, why: told.append((name, why)), name)
        schedule.add(Feed(name, nothing, 30.0, 5.0, enabled=enabled, mark_failed=mark))
    schedule.hold(5.0, "nobody answers")
    assert told == [("asked", "nobody answers")]


def test_asking_makes_a_feed_due_earlier_never_later() -> None:
    schedule = schedule_of(one=1)
    feed = schedule.take(0.0)
    assert feed is not None
    schedule.succeeded(feed, 0.0)
    assert schedule.ask("one", 3.0)
    assert not schedule.ask("one", 4.0)
    assert feed.due_at == 3.0


def test_what_is_asked_for_while_it_is_fetched_is_fetched_once_more() -> None:
    schedule = schedule_of(one=1)
    feed = schedule.take(0.0)
    assert feed is not None
    assert schedule.ask("one", 2.0)
    assert schedule.take(3.0) is None
    schedule.succeeded(feed, 3.0)
    assert schedule.take(3.0) is feed
    schedule.succeeded(feed, 4.0)
    assert schedule.take(4.0) is None


def test_what_the_server_refused_is_left_alone_until_everything_is_asked_for() -> None:
    schedule = schedule_of(one=1)
    feed = schedule.take(0.0)
    assert feed is not None
    schedule.failed(feed, 0.0)
    feed.refused = True
    schedule.ask("one")
    assert schedule.take(1_000.0) is None
    schedule.ask_all()
    assert schedule.take(1_000.0) is feed


def test_what_waits_to_be_asked_for_is_not_fetched_with_everything() -> None:
    schedule = schedule_of(one=1)
    schedule.feed("one").enabled = False
    schedule.ask_all()
    assert schedule.take(0.0) is None
    schedule.ask("one")
    assert schedule.take(0.0) is not None


def test_a_server_that_names_its_wait_is_obeyed() -> None:
    schedule = schedule_of(one=1)
    feed = schedule.take(0.0)
    assert feed is not None
    assert schedule.failed(feed, 1.0, 7.0) == 8.0


def test_a_night_of_failures_still_ends_in_a_bounded_wait() -> None:
    schedule = schedule_of(one=1)
    feed = schedule.feed("one")
    feed.failures = 10_000
    assert 0.0 < schedule.failed(feed, 0.0) <= BACK_OFF_MOST_SECONDS
