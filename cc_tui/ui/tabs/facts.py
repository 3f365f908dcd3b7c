"""Facts in two columns (one on a phone), and what stands where nothing is known yet. Pure drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cc_tui.state.load import Load, Phase
from cc_tui.text.fit import cut
from cc_tui.text.safe import SafeText, safe_lines
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line, Piece, width_of
from cc_tui.ui.widgets.shape import NARROW_FROM

LABEL_WIDTH = 14
PROSE_MOST = 60
"""Cells of a line of centred words."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value."""

    label: str
    value: SafeText
    token: Token = Token.TEXT


def fact_lines(facts: Sequence[Fact], width: int, margin: int) -> list[Line]:
    """Two columns of facts, read down; one column below 80 cells."""
    columns = 2 if width >= NARROW_FROM else 1
    rows = -(-len(facts) // columns)
    wide = (width - 2 * margin) // columns
    lines = []
    for row in range(rows):
        line = Line()
        for column in range(columns):
            place = column * rows + row
            if place < len(facts):
                fact = facts[place]
                start = margin + column * wide
                line.to(start).add(fact.label, Token.DIM).to(start + LABEL_WIDTH)
                line.add(cut(fact.value, wide - LABEL_WIDTH - 1), fact.token)
        lines.append(line)
    return lines


def waiting_lines(load: Load, what: str, width: int, height: int, look: Look, *, about: str = "") -> list[Line]:
    """What stands in place of something that is not there: loading, failed, or simply nothing.

    `about` says of nothing where it would come from.
    """
    again: list[list[Piece]] = [[], [(SafeText("^r"), Token.STRONG), (SafeText(" tries again"), Token.DIM)]]
    if load.phase is Phase.FAILED and load.error is not None and not load.has_rows:
        title: list[Piece] = [(SafeText(f"{look.signs.block} {what} could not be fetched"), Token.BAD)]
        return centred([title, *_prose(load.error, width), *again], width, height)
    if not load.has_rows:
        return centred([[(SafeText("loading"), Token.DIM)]], width, height)
    return centred([[(SafeText(f"no {what} yet"), Token.TEXT)], *_prose(about, width), *again], width, height)


def _prose(text: str, width: int) -> list[list[Piece]]:
    return [[(wrapped.text, Token.DIM)] for wrapped in safe_lines(text, max(8, min(PROSE_MOST, width - 4)))]


def centred(words: Sequence[list[Piece]], width: int, height: int) -> list[Line]:
    """Lines in the middle."""
    top = max(0, (height - len(words)) // 2 - 1)
    return [Line() for _ in range(top)] + [
        Line().add(" " * max(0, (width - width_of(pieces)) // 2)).extend(pieces) for pieces in words
    ]
