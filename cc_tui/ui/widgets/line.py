"""The line every screen is drawn with: safe pieces from the left, safe pieces from the right, one exact width.

Drawing functions return lines; in `strips` they become what Textual paints. Knows no Textual: the first frame is drawn
before that is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cc_tui.text.fit import cells, cut
from cc_tui.text.safe import SafeText
from cc_tui.ui.themes.tokens import Ground, Token

Piece = tuple[SafeText, Token]
BLANK = SafeText(" ")


def wrapped(pieces: Sequence[Piece], width: int) -> list[list[Piece]]:
    """Pieces in as many lines of at most `width` cells as it takes, broken between words; none is cut."""
    lines: list[list[Piece]] = [[]]
    room = width
    for text, token in pieces:
        for word in re.findall(r" *[^ ]+| +$", text):
            if cells(word) > room and lines[-1]:
                lines.append([])
                room, word = width, word.lstrip(" ")  # noqa: PLW2901
            lines[-1].append((SafeText(word), token))
            room -= cells(word)
    return lines


def width_of(pieces: Iterable[Piece]) -> int:
    """How many cells `pieces` take."""
    return sum(cells(text) for text, _token in pieces)


@dataclass(slots=True)
class Line:
    """One line: pieces from the left, and pieces that end at the right edge.

    When both do not fit, the left is cut. `ground` is what it is drawn on.
    """

    left: list[Piece] = field(default_factory=list)
    right: list[Piece] = field(default_factory=list)
    ground: Ground = Ground.BG

    def add(self, text: SafeText | str, token: Token = Token.TEXT) -> Line:
        """Put text after what stands on the left; returns itself."""
        if text:
            self.left.append((SafeText(text), token))
        return self

    def extend(self, pieces: Iterable[Piece]) -> Line:
        """Put pieces after what stands on the left; returns itself."""
        self.left.extend(pieces)
        return self

    def to(self, column: int) -> Line:
        """Fill with blanks up to `column` (cells from the left edge); cut what stands beyond it. Returns itself."""
        here = width_of(self.left)
        if here > column:
            self.left = cut_pieces(self.left, column)
            here = width_of(self.left)
        if here < column:
            self.left.append((SafeText(BLANK * (column - here)), Token.TEXT))
        return self

    def end(self, text: SafeText | str, token: Token = Token.TEXT) -> Line:
        """Put text at the right edge, after what stands there; returns itself."""
        if text:
            self.right.append((SafeText(text), token))
        return self

    def pieces(self, width: int) -> list[Piece]:
        """Its pieces, exactly `width` cells in all."""
        right = cut_pieces(self.right, width)
        room = width - width_of(right)
        left = cut_pieces(self.left, room - 1 if right and room > 0 else room)
        gap = width - width_of(left) - width_of(right)
        return [*left, (SafeText(BLANK * gap), Token.TEXT), *right] if gap else [*left, *right]

    def text(self, width: int) -> str:
        """What it says, exactly `width` cells."""
        return "".join(text for text, _token in self.pieces(width))


def with_mark(lines: Sequence[Line], sign: str, token: Token) -> Sequence[Line]:
    """Lines with a mark in the cell before them; returns the same."""
    for line in lines:
        line.left.insert(0, (SafeText(sign), token))
    return lines


def cut_pieces(pieces: Sequence[Piece], width: int) -> list[Piece]:
    """The first `width` cells of `pieces`; an ellipsis ends what was cut."""
    if width <= 0:
        return []
    if width_of(pieces) <= width:
        return list(pieces)
    kept: list[Piece] = []
    room = width
    for text, token in pieces:
        wide = cells(text)
        if wide >= room:
            kept.append((cut(SafeText(text + " "), room) if wide == room else cut(text, room), token))
            break
        kept.append((text, token))
        room -= wide
    return kept


def field_piece(text: SafeText, width: int, token: Token, *, right: bool = False) -> Piece:
    """A column's cell: exactly `width` cells, padded behind it or, with `right`, before it."""
    shown = cut(text, width)
    blanks = BLANK * (width - cells(shown))
    return SafeText(blanks + shown if right else shown + blanks), token
