"""Columns of a table: text left, figures right with their header, which ones are dropped first. Pure drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line, Piece, cut_pieces, field_piece, width_of

GAP, GAP_BEFORE_FIGURES = 1, 2
Cell = Piece | list[Piece]
"""What stands in one column: a piece, or several where a sign has a colour of its own."""


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


def that_fit(columns: Sequence[Column], room: int, gap: int = GAP) -> list[tuple[Column, int]]:
    """The columns that fit into `room` cells with their widths; what is dropped first goes first.

    `gap` are the cells between two columns of text.
    """
    kept = list(columns)
    while _wide(kept, gap) > room and any(column.dropped for column in kept):
        kept.remove(min((column for column in kept if column.dropped), key=lambda column: column.dropped))
    left = room - _wide(kept, gap)
    return [(column, column.width + (left if column.grows else 0)) for column in kept]


def cells_of(columns: Sequence[tuple[Column, int]], gap: int = GAP) -> int:
    """How many cells these columns take with the gaps between them."""
    return sum(width for _column, width in columns) + _gaps([column for column, _width in columns], gap)


def header_line(
    columns: Sequence[tuple[Column, int]], start: int, gap: int = GAP, *, sorted_by: str = "", arrow: str = ""
) -> Line:
    """The titles; the one that is sorted by wears `arrow`: before a figure's, behind a text's, never close to it."""
    line = Line().add(" " * start)
    end = start
    for place, (column, width) in enumerate(columns):
        begin = end + (0 if not place else GAP_BEFORE_FIGURES if column.is_figure else gap)
        end = begin + width
        is_sorted = column.id == sorted_by
        before = columns[place - 1][0] if place else None
        words = _with_arrow(column, width, arrow, before) if is_sorted else column.title
        line.to(end - len(words) if column.is_figure else begin).add(words, Token.TEXT if is_sorted else Token.DIM)
    return line.to(end)


def _with_arrow(column: Column, width: int, arrow: str, before: Column | None) -> str:
    """A figure's title may take the gap before it; close to another figure's it gives up a blank of its own."""
    if not column.is_figure:
        return f"{column.title} {arrow}"
    is_close = len(column.title) >= width and before is not None and before.is_figure
    return f"{arrow} {column.title.replace(' ', '', 1) if is_close else column.title}"


def row_line(columns: Sequence[tuple[Column, int]], values: Mapping[str, Cell], line: Line, gap: int = GAP) -> Line:
    """The cells of one row, put behind what stands in `line`."""
    for place, (column, width) in enumerate(columns):
        if place:
            line.add(" " * (GAP_BEFORE_FIGURES if column.is_figure else gap))
        value = values[column.id]
        if isinstance(value, list):
            shown = cut_pieces(value, width)
            line.extend(shown).add(" " * (width - width_of(shown)))
        else:
            line.extend([field_piece(value[0], width, value[1], right=column.is_figure)])
    return line


def _wide(columns: Sequence[Column], gap: int) -> int:
    return sum(column.width for column in columns) + _gaps(columns, gap)


def _gaps(columns: Sequence[Column], gap: int) -> int:
    return sum(GAP_BEFORE_FIGURES if column.is_figure else gap for column in columns[1:])
