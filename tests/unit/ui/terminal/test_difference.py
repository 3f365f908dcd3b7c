"""What is sent to the terminal draws what Textual wrote: a second terminal is the judge, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from cc_tui.ui.terminal.difference import ROWS_KNOWN, Pen, difference
from cc_tui.ui.terminal.picture import ONE_CELL_EACH, Picture
from cc_tui.ui.terminal.styles import Styles
from tests.unit.ui.terminal.frames import COLS, ROWS, Frame, filled, full_frames, partial_frames, quick, written


def scrolled(rows: Frame, by: int, first: int) -> Frame:
    """Rows from `first` on as they stand after a scroll; what comes in is what went out."""
    still, moving = [line for _row, _column, line in rows[:first]], [line for _row, _column, line in rows[first:]]
    by %= len(moving)
    return [(row, 1, line) for row, line in enumerate([*still, *moving[by:], *moving[:by]], 1)]


scrolls = st.tuples(full_frames, st.integers(-3, 3), st.integers(0, 3)).map(
    lambda told: [told[0], scrolled(told[0], told[1], told[2])]
)


class Judge:
    """A terminal that shows what it is fed."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(COLS, ROWS)
        self.screen.reset_mode(pyte.modes.DECAWM >> 5, private=True)
        self._stream = pyte.Stream(self.screen)

    def feed(self, sequence: str) -> None:
        self._stream.feed(sequence)

    def cells(self) -> list[list[tuple[object, ...]]]:
        """Every cell: its character, ground and, where one can see it, colour and attributes."""
        buffer = self.screen.buffer
        return [whole([buffer[row][column] for column in range(COLS)]) for row in range(ROWS)]


def whole(row: list[pyte.screens.Char]) -> list[tuple[object, ...]]:
    """A row as terminals show it: of a wide character that lost a half, the other half is a blank (pyte leaves it)."""
    halves = [cell_len(cell.data) == 2 and behind.data == "" for cell, behind in pairwise(row)]
    return [
        seen(cell if (place and halves[place - 1]) or (place < COLS - 1 and halves[place]) or not is_half(cell)
             else cell._replace(data=" "))
        for place, cell in enumerate(row)
    ]  # fmt: skip


def is_half(cell: pyte.screens.Char) -> bool:
    return cell.data == "" or cell_len(cell.data) == 2


def seen(cell: pyte.screens.Char) -> tuple[object, ...]:
    decorated = cell.underscore, cell.reverse, cell.strikethrough
    if cell.data == " " and not any(decorated):
        return (" ", cell.bg)
    if cell.data == "":
        return ("",)
    return (cell.data, cell.bg, cell.fg, cell.bold, cell.italics, *decorated)


@dataclass
class Line:
    """Between Textual and the judge, as the driver stands there."""

    erases: bool = True
    styles: Styles = field(default_factory=Styles)
    pen: Pen = field(default_factory=Pen)
    told: str = ""

    def __post_init__(self) -> None:
        self.wanted, self.sent = Picture(self.styles), Picture(self.styles)
        for picture in (self.wanted, self.sent):
            picture.become(COLS, ROWS)

    def take(self, sequence: str) -> None:
        """Textual wrote this."""
        assert self.wanted.draw(sequence)

    def send(self) -> str:
        """What goes over the line now."""
        touched = self.sent.touched | self.wanted.touched
        self.told = difference(
            self.styles, self.sent.rows, self.wanted.rows, self.pen, erases_in_ground=self.erases, among=touched
        )
        for number in touched:
            self.sent.rows[number] = self.wanted.rows[number].copy()
        self.sent.touched, self.wanted.touched = set(), set()
        return self.told


@quick
@given(full_frames, st.lists(partial_frames | full_frames, max_size=4) | scrolls, st.booleans())
def test_the_same_is_drawn_cell_by_cell(first: Frame, others: list[Frame], erases: bool) -> None:
    line, theirs, ours = Line(erases), Judge(), Judge()
    for frame in [first, *others]:
        theirs.feed(written(frame))
        line.take(written(frame))
        ours.feed(line.send())
        assert ours.cells() == theirs.cells()


@quick
@given(full_frames, st.lists(partial_frames | full_frames, min_size=1, max_size=4) | scrolls)
def test_the_newest_of_several_frames_is_drawn_at_once(first: Frame, others: list[Frame]) -> None:
    line, theirs, ours = Line(), Judge(), Judge()
    line.take(written(first))
    ours.feed(line.send())
    for frame in others:
        line.take(written(frame))
    ours.feed(line.send())
    for frame in [first, *others]:
        theirs.feed(written(frame))
    assert ours.cells() == theirs.cells()


@quick
@given(full_frames, full_frames, st.booleans())
def test_there_and_back_is_drawn_as_the_first_time(one: Frame, other: Frame, erases: bool) -> None:
    line, theirs, ours = Line(erases), Judge(), Judge()
    for frame in [one, other] * 3:
        theirs.feed(written(frame))
        line.take(written(frame))
        ours.feed(line.send())
        assert ours.cells() == theirs.cells()


def test_a_row_that_was_written_before_is_not_thought_out_again() -> None:
    line = Line()
    for names in ("abcdefghi", "ABCDEFGHI") * 2:
        line.take(written(page(*names)))
        line.send()
    known = dict(line.styles.rows)
    line.take(written(page(*"abcdefghi")))
    line.send()
    assert line.styles.rows == known
    assert 0 < len(known) <= ROWS_KNOWN


def test_rows_that_change_one_by_one_are_not_remembered_for_they_hardly_come_again() -> None:
    line = Line()
    line.take(written(page(*"abcdefghi")))
    line.send()
    known = dict(line.styles.rows)
    for number in range(20):
        line.take(written(page(f"edit {number}", *"bcdefghi")))
        line.send()
    assert line.styles.rows == known


@quick
@given(full_frames, st.integers(0, ROWS - 1), st.integers(0, COLS - 1), st.text(st.characters(), max_size=COLS))
def test_text_of_one_cell_a_character_is_drawn_as_any_other(before: Frame, row: int, column: int, text: str) -> None:
    simple = "".join(character for character in text if ONE_CELL_EACH.fullmatch(character))
    ours, theirs = Line(), Line()
    for line in (ours, theirs):
        line.take(written(before))
    ours.wanted.put_cells(row, column, simple, [0] * len(simple))
    theirs.wanted.put(row, column, simple, 0)
    assert ours.wanted.rows == theirs.wanted.rows


@quick
@given(full_frames)
def test_what_is_on_the_screen_is_not_sent_again(frame: Frame) -> None:
    line = Line()
    line.take(written(frame))
    line.send()
    line.take(written(frame))
    assert line.send() == ""


@quick
@given(full_frames, full_frames, partial_frames)
def test_a_screen_of_which_nothing_is_known_is_drawn_whole(before: Frame, after: Frame, part: Frame) -> None:
    line, theirs, ours = Line(), Judge(), Judge()
    line.take(written(before))
    line.send()
    ours.feed(written(after))  # somebody else wrote there
    line.sent.become(COLS, ROWS)
    line.pen = Pen()
    line.take(written(part))
    ours.feed("\x1b[m" + line.send())
    theirs.feed(written(before) + written(part))
    assert ours.cells() == theirs.cells()


def page(*names: str) -> Frame:
    style = Style(color="#cfd4da", bgcolor="#101316")
    return [(row, 1, filled([Segment(name, style)])) for row, name in enumerate(names, 1)]


def bytes_from(before: Frame, after: Frame) -> str:
    line = Line()
    line.take(written(before))
    line.send()
    line.take(written(after))
    return line.send()


def test_only_the_cells_that_differ_are_sent() -> None:
    before, after = page(*"abcdefghi"), page(*"abXdefghi")
    assert bytes_from(before, after) == "\x1b[3HX"


def test_only_what_differs_between_two_styles_is_named() -> None:
    strong = Style(color="#cfd4da", bgcolor="#101316", bold=True)
    after = [(1, 1, [Segment("a", strong)])]
    assert bytes_from(page(*"abcdefghi"), after) == "\x1b[H\x1b[1ma"


def test_a_page_that_moves_up_is_scrolled() -> None:
    names = [f"a name of {number}" for number in range(12)]
    told = bytes_from(page(*names[:9]), page(*names[1:10]))
    assert told.startswith("\x1b[m\x1b[1;9r\x1b[1M\x1b[r")
    assert names[9] in told
    assert names[8] not in told


def test_a_row_that_becomes_shorter_is_erased_to_its_end() -> None:
    assert bytes_from(page("a long name", *"bcdefghi"), page("a", *"bcdefghi")) == "\x1b[1;3H\x1b[K"


@pytest.mark.parametrize(
    "sequence",
    ["\x1b[?1049h\x1b[31mx\x1b[0m", "\x1b]0;a title\x07", "\x1b[2Jx", "\x1b[53mover\x1b[0m", "\x1b[38;9mx\x1b[0m",
     "\x07", "\x1b[6n", "a\x1b"],
)  # fmt: skip
def test_what_is_no_frame_is_not_drawn(sequence: str) -> None:
    assert not Line().wanted.draw(sequence)
