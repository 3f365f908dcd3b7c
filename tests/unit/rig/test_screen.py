"""The screen shows what a terminal would, and answers as one."""

from __future__ import annotations

import pytest

from rig.screen import Screen


class Answers(list[bytes]):
    """What the screen answered, oldest first."""


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def screen(answers: Answers) -> Screen:
    return Screen(20, 4, answers.append)


def test_text_stands_where_the_cursor_was_sent(screen: Screen) -> None:
    assert screen.feed(b"\x1b[2;3Hhello\r\nthere")
    assert screen.rows() == ["", "  hello", "there", ""]


def test_a_character_split_between_two_reads_is_one_character(screen: Screen) -> None:
    for byte in "→ é".encode():
        screen.feed(bytes([byte]))
    assert screen.rows()[0] == "→ é"


@pytest.mark.parametrize(
    "sequence",
    [
        b"\x1b[>1u",
        b"\x1b[<u",
        b"\x1b[>4;1m",
        b"\x1bP+q544e\x1b\\",
        b"\x1bP=1s\x1b\\",
        b"\x1b_Ga=d\x1b\\",
        b"\x1b]8;;http://example.example\x1b\\",
        b"\x1b]0;title\x07",
        b"\x1b[?u",
        b"\x1b[ q",
        b"\x1b[1;2;3A",
        b"\x1b(B",
        b"\x1b[38;2;1;2;3m",
        b"\x1b[38:2::1:2:3m",
        b"\x1b[4:3m",
    ],
)
def test_a_sequence_leaves_no_trace_in_the_text_however_it_is_split(screen: Screen, sequence: bytes) -> None:
    for at in range(len(sequence)):
        screen.feed(b"\x1b[H\x1b[2Ja" + sequence[:at])
        screen.feed(sequence[at:] + b"b")
        assert screen.rows()[0].replace("b", "", 1) in ("a", ""), sequence[:at]
        assert "b" in screen.rows()[0]


def test_colours_with_colons_are_those_with_semicolons(screen: Screen) -> None:
    screen.feed(b"\x1b[38:2::255:128:0mA\x1b[0m\x1b[38;2;255;128;0mB")
    assert [cell.fg for cell in screen.cells(0)[:2]] == ["ff8000", "ff8000"]


def test_the_cursor_is_told_as_it_was_where_it_was_asked(screen: Screen, answers: Answers) -> None:
    screen.feed(b"\x1b[4;7H\x1b7\x1b[2;9H\x1b[6n\x1b8x\x1b[6n")
    assert answers == [b"\x1b[2;9R", b"\x1b[4;8R"]


def test_a_cursor_behind_the_last_column_is_told_as_on_it(screen: Screen, answers: Answers) -> None:
    screen.feed(b"\x1b[H" + b"x" * 20 + b"\x1b[6n")
    assert answers == [b"\x1b[1;20R"]


def test_queries_are_answered_as_a_terminal_does_without_kitty_keys(screen: Screen, answers: Answers) -> None:
    screen.feed(b"\x1b[c\x1b[5n\x1b[?2026$p\x1b[?2048$p\x1b[?u\x1b]11;?\x1b\\")
    assert answers == [
        b"\x1b[?62;22c",
        b"\x1b[0n",
        b"\x1b[?2026;2$y",
        b"\x1b[?2048;0$y",
        b"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\",
    ]


def test_a_synchronised_update_is_seen_at_its_end(screen: Screen) -> None:
    assert not screen.feed(b"\x1b[?2026hhalf")
    assert screen.rows()[0] == ""
    assert screen.feed(b" whole\x1b[?2026l")
    assert screen.rows()[0] == "half whole"


def test_drawing_the_same_again_changes_nothing(screen: Screen) -> None:
    assert screen.feed(b"\x1b[Hsame")
    assert not screen.feed(b"\x1b[Hsame")
    assert screen.feed(b"\x1b[H\x1b[1msame")


def test_the_alternate_screen_gives_back_what_was_there_before(screen: Screen) -> None:
    screen.feed(b"$ cc-tui\r\n")
    screen.feed(b"\x1b[?1049h\x1b[Happ")
    assert screen.rows()[0] == "app"
    assert screen.modes_left() == ["alternate screen"]
    screen.feed(b"\x1b[?1049l$ ")
    assert screen.rows()[:2] == ["$ cc-tui", "$"]
    assert screen.modes_left() == []


def test_modes_that_were_left_on_are_named(screen: Screen) -> None:
    screen.feed(b"\x1b[?1000h\x1b[?1003h\x1b[?25l\x1b[?2004h\x1b[>1u\x1b[?1004h")
    assert screen.modes_left() == ["bracketed paste", "focus events", "hidden cursor", "kitty keyboard", "mouse"]
    screen.feed(b"\x1b[?1000l\x1b[?1003l\x1b[?25h\x1b[?2004l\x1b[<u\x1b[?1004l")
    assert screen.modes_left() == []


def test_a_smaller_screen_keeps_what_fits(screen: Screen) -> None:
    screen.feed(b"\x1b[?1049h\x1b[Habcdefghij")
    screen.resize(5, 2)
    assert len(screen.rows()) == 2
    screen.feed(b"\x1b[H\x1b[2Jxyz")
    assert screen.rows() == ["xyz", ""]
