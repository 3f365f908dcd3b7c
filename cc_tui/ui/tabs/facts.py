"""Facts in two columns (one on a phone), and what stands where nothing is known yet. Pure drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cc_tui.state.load import Load, Phase
from cc_tui.text.fit import cut
from cc_tui.text.safe import SafeText, safe_line
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line, Piece, width_of
from cc_tui.ui.widgets.shape import NARROW_FROM

LABEL_WIDTH = 14


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


def waiting_lines(load: Load, what: str, width: int, height: int, look: Look) -> list[Line]:
    """What stands in place of something that is not there: loading, failed, or simply nothing."""
    if load.phase is Phase.FAILED and load.error is not None:
        words: list[list[Piece]] = [
            [(SafeText(f"{look.signs.block} {what} could not be fetched"), Token.BAD)],
            [(safe_line(load.error), Token.DIM)],
            [(SafeText("^r"), Token.STRONG), (SafeText(" tries again"), Token.DIM)],
        ]
    elif not load.has_rows:
        words = [[(SafeText("loading"), Token.DIM)]]
    else:
        words = [[(SafeText(f"no {what}"), Token.DIM)]]
    return centred(words, width, height)


def centred(words: Sequence[list[Piece]], width: int, height: int) -> list[Line]:
    """Lines in the middle."""
    top = max(0, (height - len(words)) // 2 - 1)
    return [Line() for _ in range(top)] + [
        Line().add(" " * max(0, (width - width_of(pieces)) // 2)).extend(pieces) for pieces in words
    ]
