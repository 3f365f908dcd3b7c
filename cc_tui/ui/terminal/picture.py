"""The cells that a screen has after what was written to it: text, styles and moves, as Textual writes its frames.

Knows nothing of how a picture came or comes onto a real screen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from rich.cells import split_graphemes

from cc_tui.ui.terminal.styles import PLAIN, Styles

UNKNOWN = "\x00"
"""A cell of which nobody knows what it shows."""
BEHIND_WIDE = ""
"""The second cell of a character that takes two."""

ONE_CELL_EACH = re.compile(
    r"[ -~\xa1-\xac\xae-\u02ff\u2010-\u2027\u2190-\u2199\u2500-\u25fc\u2713-\u2717\u2800-\u28ff]*"
)
"""Text of characters that take one cell each and join none: nearly all that is drawn."""

_TOKEN = re.compile(
    r"\x1b\[(?P<style>[0-9;]*)m|\x1b\[(?P<row>[0-9]+);(?P<column>[0-9]+)H|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|(?P<end>\n)|(?P<sync>\x1b\[\?2026[hl])"
)


STYLES_IN_A_BYTE = 256
Identity = tuple[str, bytes]
"""The text of a row whose cells are one character each, and the numbers of their styles."""


@dataclass(slots=True)
class Row:
    """One row: what each cell shows, and the number of its style."""

    shown: list[str]
    styles: list[int]
    _identity: Identity | None = field(default=None, compare=False, repr=False)

    @property
    def identity(self) -> Identity | None:
        """What tells it from other rows, quickly compared; None where a cell holds more or less than one character."""
        if self._identity is None and max(self.styles) < STYLES_IN_A_BYTE:
            text = "".join(self.shown)
            if len(text) == len(self.shown) and BEHIND_WIDE not in self.shown:
                self._identity = text, bytes(self.styles)
        return self._identity

    @classmethod
    def of(cls, cell: str, columns: int) -> Row:
        """A row that is the same in every cell."""
        return cls([cell] * columns, [PLAIN] * columns)

    def copy(self) -> Row:
        """One that changes by itself."""
        return Row(self.shown.copy(), self.styles.copy(), self._identity)

    def put(self, column: int, cells: tuple[str, ...], style: int) -> None:
        """Show `cells` from `column` on; what does not fit is left out, half of a wide character becomes a blank."""
        room = len(self.shown) - column
        if room <= 0:
            return
        self._identity = None
        if len(cells) > room:
            cells = cells[:room]
        if cells and len(cells) == room and _is_wide(cells[-1]):
            cells = (*cells[:-1], " ")
        self._put(column, cells, [style] * len(cells))

    def put_cells(self, column: int, text: str, styles: list[int]) -> None:
        """Show text of one cell a character from `column` on; what does not fit is left out."""
        room = len(self.shown) - column
        if room > 0:
            self._identity = None
            self._put(column, text[:room], styles[:room])

    def _put(self, column: int, cells: Sequence[str], styles: list[int]) -> None:
        end = column + len(cells)
        if column and self.shown[column] == BEHIND_WIDE:
            self.shown[column - 1] = " "
        if end < len(self.shown) and self.shown[end] == BEHIND_WIDE:
            self.shown[end] = " "
        self.shown[column:end] = cells
        self.styles[column:end] = styles

    def join(self, column: int, joined: str) -> None:
        """Add marks to the character in a cell."""
        if 0 <= column < len(self.shown):
            self._identity = None
            place = column - 1 if column and self.shown[column] == BEHIND_WIDE else column
            if self.shown[place] != UNKNOWN:
                self.shown[place] += joined


class Picture:
    """All rows, and where the next text goes."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self.rows: list[Row] = []
        self.columns = 0
        self.row = self.column = 0
        self.is_synchronised = False
        """Whether frames come between the marks of a synchronised update (mode 2026)."""
        self.touched: set[int] = set()
        """The rows that were drawn in; whoever has seen to them clears it."""

    def become(self, columns: int, rows: int) -> None:
        """Have this size, with nothing known in it."""
        self.columns = columns
        self.rows = [Row.of(UNKNOWN, columns) for _ in range(rows)]
        self.touched = set(range(rows))

    def copy(self) -> Picture:
        """One that changes by itself."""
        copied = Picture(self._styles)
        copied.columns, copied.rows = self.columns, [row.copy() for row in self.rows]
        return copied

    def draw(self, sequence: str) -> bool:
        """Draw text, styles and moves; False when `sequence` holds anything else, and is drawn in part at most."""
        style, at = PLAIN, 0
        while at < len(sequence):
            token = _TOKEN.match(sequence, at)
            if token is None:
                return False
            at = token.end()
            match token.lastgroup:
                case "text":
                    self.column = self.put(self.row, self.column, token["text"], style)
                case "style":
                    styled = self._styles.after(style, token["style"])
                    if styled is None:
                        return False
                    style = styled
                case "column":
                    self.row, self.column = max(0, int(token["row"]) - 1), max(0, int(token["column"]) - 1)
                case "end":
                    self.row, self.column = self.row + 1, 0
                case _:
                    self.is_synchronised = True
        return True

    def put_cells(self, row: int, column: int, text: str, styles: list[int]) -> None:
        """Show text of which each character takes one cell (`ONE_CELL_EACH`), each in its own style."""
        if row < len(self.rows):
            self.touched.add(row)
            self.rows[row].put_cells(column, text, styles)

    def put(self, row: int, column: int, text: str, style: int) -> int:
        """Show text from a cell on; returns the column behind it. It holds no control characters."""
        joined, cells = ("", tuple(text)) if text.isascii() else _cells_of(text)
        if row < len(self.rows):
            self.touched.add(row)
            if joined:
                self.rows[row].join(column - 1, joined)
            self.rows[row].put(column, cells, style)
        return column + len(cells)


def _is_wide(cell: str) -> bool:
    return not cell.isascii() and len(_cells_of(cell)[1]) > 1


@lru_cache(512)
def _cells_of(text: str) -> tuple[str, tuple[str, ...]]:
    """What is joined to the character before `text`, and what each of its cells shows.

    A cell shows a character with all that is joined to it, or nothing behind one that takes two.
    """
    joined, cells = "", list[str]()
    for start, end, width in split_graphemes(text)[0]:
        if width:
            cells += [text[start:end], *[BEHIND_WIDE] * (width - 1)]
        elif cells:
            cells[-1 if cells[-1] != BEHIND_WIDE else -2] += text[start:end]
        else:
            joined += text[start:end]
    return joined, tuple(cells)
