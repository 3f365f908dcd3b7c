"""What is written to the terminal in fewer bytes draws the same: a second terminal is the judge."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from cc_tui.ui.terse import terse

COLS, ROWS = 24, 6
COLORS = ["#cfd4da", "#101316", "#8fb4ff", "red", "bright_blue", "color(200)", "default"]
CONSOLE = Console(force_terminal=True, color_system="truecolor", width=COLS)

styles = st.builds(
    Style,
    color=st.sampled_from([None, *COLORS]),
    bgcolor=st.sampled_from([None, *COLORS]),
    bold=st.booleans(),
    dim=st.booleans(),
    italic=st.booleans(),
    underline=st.booleans(),
    reverse=st.booleans(),
    strike=st.booleans(),
)
texts = st.text(st.sampled_from("ab  ▌─é漢字✓m;[0"), min_size=1, max_size=8)
segments = st.tuples(texts, styles).map(lambda told: Segment(*told))
spans = st.tuples(
    st.integers(1, ROWS - 1), st.integers(1, 6), st.lists(segments, min_size=1, max_size=5), st.booleans()
)


def frame(parts: list[tuple[int, int, list[Segment], bool]]) -> str:
    """A partial update as Textual writes it: each span behind a move, with or without a line's end."""
    return "".join(
        f"\x1b[{row};{column}H" + Strip(line).crop(0, COLS - column).render(CONSOLE) + ("\n" if ends else "")
        for row, column, line, ends in parts
    )


def screen_of(*sequences: str) -> list[list[tuple[object, ...]]]:
    """Every cell after some writes: its character, ground and, where one can see it, colour and attributes."""
    screen = pyte.Screen(COLS, ROWS)
    stream = pyte.Stream(screen)
    for sequence in sequences:
        stream.feed(sequence)
    cells = [[screen.buffer[row][column] for column in range(COLS)] for row in range(ROWS)]
    return [[seen(cell) for cell in row] for row in cells]


def seen(cell: pyte.screens.Char) -> tuple[object, ...]:
    decorated = cell.underscore, cell.reverse, cell.strikethrough
    if cell.data == " " and not any(decorated):
        return (" ", cell.bg)
    return (cell.data, cell.bg, cell.fg, cell.bold, cell.italics, *decorated)


@given(st.lists(st.lists(spans, min_size=1, max_size=6), min_size=1, max_size=3))
def test_a_terse_frame_draws_the_same(frames: list[list[tuple[int, int, list[Segment], bool]]]) -> None:
    written = [frame(parts) for parts in frames]
    shortened = [terse(one) for one in written]
    assert screen_of(*shortened) == screen_of(*written)
    assert all(len(short) <= len(long) for short, long in zip(shortened, written, strict=True))


@given(st.lists(spans, min_size=1, max_size=6))
def test_what_is_written_next_begins_in_the_terminals_own_style(
    parts: list[tuple[int, int, list[Segment], bool]],
) -> None:
    screen = pyte.Screen(COLS, ROWS)
    pyte.Stream(screen).feed(terse(frame(parts)))
    assert screen.cursor.attrs == pyte.Screen(COLS, ROWS).cursor.attrs


def test_a_style_that_stays_is_named_once() -> None:
    long = "\x1b[5;1H\x1b[38;2;1;2;3;48;2;4;5;6mone\x1b[0m\n\x1b[6;1H\x1b[38;2;1;2;3;48;2;4;5;6mtwo\x1b[0m"
    assert terse(long) == "\x1b[5H\x1b[38;2;1;2;3;48;2;4;5;6mone\x1b[6Htwo\x1b[m"


def test_only_what_differs_between_two_styles_is_named() -> None:
    long = "\x1b[31;44ma\x1b[0m\x1b[1;31;44mb\x1b[0m\x1b[32;44mc\x1b[0m"
    assert terse(long) == "\x1b[31;44ma\x1b[1mb\x1b[32;22mc\x1b[m"


def test_a_blank_needs_no_colour_of_its_own() -> None:
    assert terse("\x1b[31;44ma\x1b[0m\x1b[32;44m   \x1b[0m\x1b[31;44mb\x1b[0m") == "\x1b[31;44ma   b\x1b[m"


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b[?1049h\x1b[31mx\x1b[0m",
        "\x1b]0;a title\x07\x1b[31mx\x1b[0m",
        "\x1b[2J\x1b[31mx\x1b[0m",
        "\x1b[53mover\x1b[0m",
        "\x1b[38;9mx\x1b[0m",
        "\x1b[31mbell\x07\x1b[0m",
        "plain\n",
    ],
)
def test_what_is_not_known_goes_out_as_it_came(sequence: str) -> None:
    assert terse(sequence) == sequence
