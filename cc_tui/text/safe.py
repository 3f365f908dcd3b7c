"""Untrusted text made safe to show: no escape sequence, no markup, no bidirectional trick reaches the terminal.

What would be invisible or act on the terminal is shown as a visible mark. `SafeText` is made here and nowhere else
(literals of our own excepted); widgets take nothing else. Widths are the terminal's cells, by Rich's tables.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NewType

from rich.cells import cell_len

SafeText = NewType("SafeText", str)

MARKS_MOST = 2
"""More combining marks than this on one letter are shown as marks of their own (`zalgo`)."""

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5")
"""Letters by category that show nothing."""
_WIDE_BLANKS = frozenset(
    "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)


@lru_cache(maxsize=1024)
def is_hidden(char: str) -> bool:
    """Whether a code point shows nothing or acts on the terminal; newline and tab are layout, not hidden."""
    if char in "\n\t":
        return False
    code = ord(char)
    if char in _BLANK_LETTERS or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
        return True
    return unicodedata.category(char) in _HIDDEN_CATEGORIES


@lru_cache(maxsize=1024)
def shown(char: str, ascii_only: bool = False) -> str:
    """How one code point is shown: itself, a blank, or a visible mark such as `‹U+202E›`."""
    if char in "\n\t" or char in _WIDE_BLANKS:
        return " "
    if is_hidden(char):
        return f"<U+{ord(char):04X}>" if ascii_only else f"‹U+{ord(char):04X}›"
    if cell_len(char) == 0 and not unicodedata.combining(char) and unicodedata.category(char) not in ("Mn", "Me"):
        return f"<U+{ord(char):04X}>" if ascii_only else f"‹U+{ord(char):04X}›"
    return char


@dataclass(frozen=True, slots=True)
class WrappedLine:
    """One line of wrapped text: what is shown, and the code points of the original it stands for (end exclusive).

    `shown[i]` is how the code point `start + i` is shown; empty for a blank that the line's end took.
    """

    text: SafeText
    start: int
    end: int
    shown: tuple[str, ...]

    def part(self, first: int, last: int) -> SafeText:
        """How the original's code points `first` to `last` are shown on this line."""
        return SafeText("".join(self.shown[max(0, first - self.start) : max(0, last - self.start)]))


def safe_line(text: str, ascii_only: bool = False) -> SafeText:
    """`text` as one line that is safe to show; line breaks and tabs become blanks."""
    if text.isascii() and text.isprintable():
        return SafeText(text)
    return SafeText("".join(piece for _index, piece in _pieces(text.replace("\r\n", "\n"), ascii_only)))


def safe_lines(text: str, width: int, ascii_only: bool = False) -> list[WrappedLine]:
    """Wrap `text` at words to lines of at most `width` cells, safe to show.

    A newline (also CRLF) ends a line; a word longer than a line is cut where it must. An empty text is no line.
    """
    lines: list[WrappedLine] = []
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        stop = end - 1 if end > start and end < len(text) and text[end - 1] == "\r" else end
        lines.extend(_wrap(text, start, stop, max(1, width), ascii_only))
        start = end + 1
    return lines


def without_hidden(text: str) -> tuple[str, int]:
    """`text` without hidden code points, for the clipboard, and how many were left out."""
    kept = [char for char in text if not is_hidden(char) or char == "\r"]
    return "".join(kept), len(text) - len(kept)


def typeable_words(text: str) -> SafeText:
    """What of a text can be typed, with single blanks: nothing hidden, and no heap of combining marks."""
    kept: list[str] = []
    marks = 0
    for char in without_hidden(text)[0]:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks <= MARKS_MOST:
            kept.append(char)
    return SafeText(" ".join("".join(kept).split()))


def _pieces(text: str, ascii_only: bool) -> Iterator[tuple[int, str]]:
    """Each code point's index and how it is shown, with combining marks limited."""
    marks = 0
    for index, char in enumerate(text):
        if unicodedata.category(char) in ("Mn", "Me"):
            marks += 1
            # A mark with no letter before it, or one too many, would climb over its neighbours.
            if marks > MARKS_MOST or index == 0:
                yield index, f"<U+{ord(char):04X}>" if ascii_only else f"‹U+{ord(char):04X}›"
                continue
        else:
            marks = 0
        yield index, shown(char, ascii_only)


@dataclass(slots=True)
class _Cell:
    """One code point of a paragraph: its index in the original, how it is shown, and how wide that is."""

    index: int
    text: str
    width: int
    is_blank: bool


def _wrap(text: str, start: int, end: int, width: int, ascii_only: bool) -> Iterator[WrappedLine]:
    paragraph = text[start:end]
    cells = [
        _Cell(start + index, piece, cell_len(piece), paragraph[index] in " \t")
        for index, piece in _pieces(paragraph, ascii_only)
    ]
    if not cells:
        yield WrappedLine(SafeText(""), start, start, ())
        return
    at = 0
    while at < len(cells):
        stop, following = _break(cells, at, width)
        yield _line(cells[at:stop], cells[following - 1].index + 1)
        at = following


def _break(cells: list[_Cell], at: int, width: int) -> tuple[int, int]:
    """Where a line that begins at `at` ends, and where the next begins."""
    used = 0
    last_blank = -1
    for place in range(at, len(cells)):
        cell = cells[place]
        if used + cell.width > width:
            if cell.is_blank:
                return place, _past_blank(cells, place)
            if last_blank > at:
                return last_blank, _past_blank(cells, last_blank)
            return max(place, at + 1), max(place, at + 1)
        if cell.is_blank:
            last_blank = place
        used += cell.width
    return len(cells), len(cells)


def _past_blank(cells: list[_Cell], place: int) -> int:
    """The next line begins after one blank; further blanks are kept, so that an indent stays visible."""
    return min(len(cells), place + 1)


def _line(cells: list[_Cell], end: int) -> WrappedLine:
    shown = [cell.text for cell in cells]
    first = cells[0].index if cells else end
    # A blank that the break swallowed still belongs to this line, and shows nothing.
    shown.extend([""] * (end - first - len(cells)))
    return WrappedLine(SafeText("".join(shown)), first, end, tuple(shown))
