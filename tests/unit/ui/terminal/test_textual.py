"""What we use of Textual from the inside is as we take it to be."""

from __future__ import annotations

from typing import Any

import pytest
from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static

from cc_tui.ui.terminal.parsing import KEYS_REMEMBERED, KeyParser

SENT = ["a", "\r", "\x1b[A", "\x1b[1;5C", "\x1b[15~", "\x1b[97;5u", "\x1b[3;7R", "\x1b[200~pasted\x1b[201~", "\x1b[I"]


class Two(App[None]):
    """Two lines, one under the other."""

    def compose(self) -> ComposeResult:
        yield Static("one", id="one")
        yield Static("two", id="two")


def seen(pilot: Pilot[Any]) -> Any:
    """The compositor's map, from which the painter knows where a line stands."""
    return pilot.app.screen._compositor.visible_widgets


async def test_the_map_of_what_is_seen_is_another_one_as_soon_as_anything_moved() -> None:
    async with Two().run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        one, two = pilot.app.query_one("#one"), pilot.app.query_one("#two")

        async def moved(height: int, *, is_shown: bool) -> None:
            one.styles.height, one.display = height, is_shown
            await pilot.pause()

        for height, is_shown in ((1, False), (1, True), (3, True)):
            before = seen(pilot)
            assert before is seen(pilot)
            await moved(height, is_shown=is_shown)
            assert seen(pilot) is not before
            assert (one in seen(pilot)) is is_shown
            assert seen(pilot)[two][0] == two.region
            assert two.region.y == height * is_shown


async def test_a_message_that_waits_is_in_the_queue_and_a_batch_is_counted() -> None:
    async with Two().run_test() as pilot:
        await pilot.pause()
        assert pilot.app._message_queue.empty()
        pilot.app.post_message(events.AppFocus())
        assert not pilot.app._message_queue.empty()
        assert not pilot.app._batch_count
        with pilot.app.batch_update():
            assert pilot.app._batch_count


@pytest.mark.parametrize("sent", SENT)
def test_keys_and_answers_are_read_as_textual_reads_them(sent: str) -> None:
    assert [repr(one) for one in KeyParser().feed(sent)] == [repr(one) for one in XTermParser().feed(sent)]


def test_what_was_no_key_is_soon_forgotten() -> None:
    parser = KeyParser()
    for number in range(2 * KEYS_REMEMBERED):
        assert list(parser.feed(f"\x1b[{number + 2};7R"))
    assert KeyParser._parse_extended_key.cache_info().currsize <= KEYS_REMEMBERED
