"""Charts as lines of safe pieces: sections with a hairline, bars, sparks, a braille line. Pure drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cc_tui.text.fit import cells, pad_left
from cc_tui.text.safe import SafeText
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line, Piece, width_of

BRAILLE = 0x2800
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
DOTS_ACROSS, DOTS_DOWN = 2, 4


def section(title: Sequence[Piece], right: Sequence[Piece], width: int, look: Look, *, margin: int = 2) -> Line:
    """`─ Title ───── key word ─`, exactly `width` cells; the title begins at the margin, where the text below does."""
    rule = look.signs.rule
    edge = rule * (margin - 1)
    line = Line().add(f"{edge} ", Token.RULE).extend(title).add(" ")
    tail: list[Piece] = [(SafeText(" "), Token.TEXT), *right, (SafeText(f" {edge}"), Token.RULE)] if right else []
    room = width - width_of(line.left) - width_of(tail)
    if room < 1 and right:
        return section(title, (), width, look, margin=margin)
    return line.add(rule * max(0, room), Token.RULE).extend(tail)


def beside(blocks: Sequence[Sequence[Line]], widths: Sequence[int], height: int, look: Look, tee: str) -> list[Line]:
    """Blocks next to each other with a divider between them; `tee` joins it to the line above.

    The widths and one cell for each divider make the whole width.
    """
    blank = Line()
    lines = []
    for row in range(height):
        line = Line()
        for place, (block, width) in enumerate(zip(blocks, widths, strict=True)):
            if place:
                line.add(tee if row == 0 else look.signs.divider, Token.RULE)
            line.extend((block[row] if row < len(block) else blank).pieces(width))
        lines.append(line)
    return lines


def thirds(width: int) -> tuple[int, int, int]:
    """The widths of three blocks side by side, with two dividers between them."""
    if width == 120:
        return 38, 38, 42
    side = (width - 2) // 3
    return side, side, width - 2 - 2 * side


def bar(share: float, width: int, look: Look, token: Token = Token.BAR) -> Piece:
    """A bar from zero: `share` of `width` cells, in half cells; something above zero is never nothing."""
    halves = round(max(0.0, min(1.0, share)) * width * 2)
    if share > 0 and halves == 0:
        halves = 1
    text = look.signs.bar * (halves // 2) + (look.signs.half_bar if halves % 2 else "")
    return SafeText(text + " " * (width - len(text))), token


def spark(values: Sequence[float], width: int, look: Look, token: Token) -> Piece:
    """One sign a value, by its own peak; the newest `width` values, or pairs of them where there are more."""
    shown = _squeezed(values, width)
    peak = max(shown, default=0.0)
    sparks = look.signs.sparks
    signs = [sparks[min(len(sparks) - 1, round(value / peak * (len(sparks) - 1)))] if peak else sparks[0]
             for value in shown]  # fmt: skip
    return SafeText("".join(signs)), token


def line_of_dots(values: Sequence[float], width: int, height: int, low: float, high: float, look: Look) -> list[str]:
    """`values` spread over `width` × `height` cells, one dot thick; ASCII has one `*` a cell."""
    if not values or width < 1 or height < 1:
        return [" " * width] * max(0, height)
    across, down = (1, 1) if look.signs.is_ascii else (DOTS_ACROSS, DOTS_DOWN)
    grid = [[0] * width for _ in range(height)]
    columns, rows = width * across, height * down
    before: int | None = None
    for x in range(columns):
        value = _at(values, x / max(1, columns - 1))
        share = (value - low) / (high - low) if high > low else 0.0
        y = rows - 1 - round(max(0.0, min(1.0, share)) * (rows - 1))
        for dot in _between(before, y):
            grid[dot // down][x // across] |= _DOTS[x % across][dot % down]
        before = y
    if look.signs.is_ascii:
        return ["".join("*" if cell else " " for cell in row) for row in grid]
    return ["".join(chr(BRAILLE + cell) if cell else " " for cell in row) for row in grid]


def _between(before: int | None, y: int) -> range:
    """The rows from the last point to this one: a steep line has no holes."""
    if before is None or abs(before - y) <= 1:
        return range(y, y + 1)
    return range(before + 1, y + 1) if before < y else range(y, before)


@dataclass(frozen=True, slots=True)
class Axes:
    """What stands around a chart: the labels of its top, bottom, first and last point."""

    top: SafeText
    bottom: SafeText
    first: SafeText
    last: SafeText


def line_chart(
    values: Sequence[float], low: float, high: float, axes: Axes, room: tuple[int, int], look: Look
) -> list[Line]:
    """A line chart with its labels in `room` (cells across, lines down); the last line names the ends of x."""
    width, height = room
    gutter = max(cells(axes.top), cells(axes.bottom)) + 1
    rows = line_of_dots(values, width - gutter, height - 1, low, high, look)
    lines = []
    for place, row in enumerate(rows):
        label = axes.top if place == 0 else axes.bottom if place == len(rows) - 1 else SafeText("")
        lines.append(Line().add(pad_left(label, gutter - 1), Token.DIM).add(" ").add(row, Token.ACCENT))
    between = width - gutter - cells(axes.first) - cells(axes.last)
    if between >= 1:
        lines.append(Line().add(" " * gutter).add(axes.first, Token.DIM).add(" " * between).add(axes.last, Token.DIM))
    else:
        lines.append(Line().add(" " * gutter).add(axes.first, Token.DIM))
    return lines


def indented(lines: Sequence[Line], by: int) -> list[Line]:
    """The lines with blanks before them."""
    return [Line([(SafeText(" " * by), Token.TEXT), *line.left], line.right, line.ground) for line in lines]


def _at(values: Sequence[float], share: float) -> float:
    """The value at a share of the way, between the two nearest."""
    place = share * (len(values) - 1)
    before = int(place)
    after = min(before + 1, len(values) - 1)
    return values[before] + (values[after] - values[before]) * (place - before)


def _squeezed(values: Sequence[float], width: int) -> list[float]:
    """As many values as there are cells: sums of neighbours where there are too many."""
    if len(values) <= width or width < 1:
        return list(values)[-width:] if width > 0 else []
    each = -(-len(values) // width)
    return [sum(values[start : start + each]) for start in range(0, len(values), each)]
