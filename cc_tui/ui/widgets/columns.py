"""Columns of a table: text left, figures right with their header, which ones are dropped first. Pure drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cc_tui.text.safe import SafeText
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line, Piece, field_piece

GAP, GAP_BEFORE_FIGURES = 1, 2


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, its width in cells, whether it holds figures, and how late it is dropped (0: never)."""

    id: str
    title: str
    width: int
    is_figure: bool = False
    dropped: int = 0
    """The order of dropping where there is no room: 1 first."""
    grows: bool = False
    """Whether it takes the room that is left."""


def that_fit(columns: Sequence[Column], room: int) -> list[tuple[Column, int]]:
    """The columns that fit into `room` cells with their widths; what is dropped first goes first."""
    kept = list(columns)
    while _wide(kept) > room and any(column.dropped for column in kept):
        kept.remove(min((column for column in kept if column.dropped), key=lambda column: column.dropped))
    left = room - _wide(kept)
    return [(column, column.width + (left if column.grows else 0)) for column in kept]


def header_line(columns: Sequence[tuple[Column, int]], start: int) -> Line:
    """The titles."""
    titles = {column.id: (SafeText(column.title), Token.DIM) for column, _width in columns}
    return row_line(columns, titles, Line().add(" " * start))


def row_line(columns: Sequence[tuple[Column, int]], values: Mapping[str, Piece], line: Line) -> Line:
    """The cells of one row, put behind what stands in `line`."""
    for place, (column, width) in enumerate(columns):
        if place:
            line.add(" " * (GAP_BEFORE_FIGURES if column.is_figure else GAP))
        text, token = values[column.id]
        line.extend([field_piece(text, width, token, right=column.is_figure)])
    return line


def _wide(columns: Sequence[Column]) -> int:
    gaps = sum(GAP_BEFORE_FIGURES if column.is_figure else GAP for column in columns[1:])
    return sum(column.width for column in columns) + gaps
