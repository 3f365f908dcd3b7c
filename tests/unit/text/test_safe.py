"""Whatever a model writes, nothing of it acts on the terminal, and nothing of it is hidden."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cc_tui.text.safe import is_hidden, safe_line, safe_lines, without_hidden

ANY_TEXT = st.text(alphabet=st.characters(codec=None), max_size=200)
NASTY = st.text(
    alphabet="ab \n\r\t\x1b[31m\u202e\u200b\u0301\u200d\ufeff\U0001f468\u4e2d\x9b\x07\u2028\U000e0041", max_size=80
)


def acts_on_the_terminal(text: str) -> bool:
    return any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for char in text)


@given(ANY_TEXT | NASTY)
def test_no_line_acts_on_the_terminal(text: str) -> None:
    assert not acts_on_the_terminal(safe_line(text))
    assert not any(acts_on_the_terminal(line.text) for line in safe_lines(text, 20))


@given(ANY_TEXT | NASTY, st.integers(1, 70))
def test_wrapped_lines_fit_and_cover_every_code_point_in_order(text: str, width: int) -> None:
    lines = safe_lines(text, width)
    at = 0
    for line in lines:
        assert text[at : line.start].strip("\r\n") == ""
        at = line.end
        assert len(line.shown) == line.end - line.start
        assert "".join(line.shown) == line.text
        assert cell_len(line.text) <= width or line.end - line.start == 1 or width < 12
    assert text[at:].strip("\r\n") == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jb", "‹U+001B›[2Jb"),
        ("a\u202eb", "a‹U+202E›b"),
        ("zero\u200bwidth", "zero‹U+200B›width"),
        ("\ufeffx", "‹U+FEFF›x"),
        ("soft\u00adhyphen", "soft‹U+00AD›hyphen"),
        ("tag\U000e0041", "tag‹U+E0041›"),
        ("\x9b31m", "‹U+009B›31m"),
        ("blank\u3164", "blank‹U+3164›"),
        ("café 中文 ß", "café 中文 ß"),
        ("cafe\u0301", "cafe\u0301"),
        ("tab\tnew\nline", "tab new line"),
        ("[bold]not markup[/bold]", "[bold]not markup[/bold]"),
        ("\ud800", "‹U+D800›"),
    ],
)
def test_hidden_characters_are_shown_as_marks(text: str, shown: str) -> None:
    assert safe_line(text) == shown


def test_a_letter_carries_two_marks_at_most() -> None:
    assert safe_line("a" + "\u0301" * 3) == "a\u0301\u0301‹U+0301›"


def test_a_mark_with_no_letter_before_it_is_named_at_the_start_of_every_line() -> None:
    assert safe_line("\u0301a") == "‹U+0301›a"
    assert [line.text for line in safe_lines("one\n\u0301two", 20)] == ["one", "‹U+0301›two"]


def test_marks_are_ascii_where_the_terminal_is() -> None:
    assert safe_line("a\u202e", ascii_only=True) == "a<U+202E>"


def test_words_wrap_and_blank_lines_stay() -> None:
    lines = safe_lines("Hi Sarah,\n\nI noticed BigCo\r\nopened", 10)
    assert [line.text for line in lines] == ["Hi Sarah,", "", "I noticed", "BigCo", "opened"]


def test_a_span_of_the_original_is_found_as_it_is_shown() -> None:
    lines = safe_lines("Hi \u200b{{first_name}}, there", 40)
    assert lines[0].part(3, 18) == "‹U+200B›{{first_name}}"
    assert lines[0].part(90, 95) == ""


@given(ANY_TEXT | NASTY)
def test_copying_leaves_the_hidden_out_and_counts_them(text: str) -> None:
    kept, removed = without_hidden(text)
    assert removed == len(text) - len(kept)
    assert not any(is_hidden(char) for char in kept if char != "\r")
