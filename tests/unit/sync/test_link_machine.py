"""What stream and polls tell becomes one word about the link."""

from __future__ import annotations

from cc_tui.state.link import Link, LinkStore
from cc_tui.sync.link_machine import LinkMachine


def test_a_key_that_stream_and_polls_find_refused_is_told_once_until_it_is_taken_again() -> None:
    store, told = LinkStore(), list[Link]()
    store.changed.subscribe(told.append)
    machine = LinkMachine(store, 5.0)
    machine.refused(1.0, "the stream's words", is_key_refused=True)
    machine.refused(2.0, "a poll's words", is_key_refused=True)
    assert [link.sentence for link in told] == ["the stream's words"]
    machine.poll_succeeded(3.0)
    machine.refused(4.0, "a poll's words", is_key_refused=True)
    assert [link.sentence for link in told if link.is_key_refused] == ["the stream's words", "a poll's words"]
