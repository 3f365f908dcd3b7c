"""The fewest bytes that make a screen show another picture: only cells that differ, in the shortest form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cc_tui.ui.terminal.picture import BEHIND_WIDE, UNKNOWN, Row
from cc_tui.ui.terminal.styles import PLAIN, Styles

NEAR_CELLS = 4
"""So many cells between two that differ are written again rather than skipped: a move takes as many bytes."""
ERASED_FROM = 6
"""From so many blanks on, erasing to the end of the row is tried."""
SCROLLED_FROM = 4
"""From so many rows on that differ, scrolling is tried."""
ERASE = "\x1b[K"
"""Erases to the end of the row."""


_MOVE = "\x1b[C"
"""The shortest of the moves over cells."""
_GAPS = re.compile(f" {{{len(_MOVE)},}}")
ROWS_KNOWN = 256
"""So many rows are remembered as they were written: there and back between three tabs, each of 40 rows."""
UNSTYLED = -1
"""No style's number."""


@dataclass(slots=True)
class Pen:
    """What the terminal does next: its style, and where (row, column); None: nobody knows where."""

    style: int = PLAIN
    place: tuple[int, int] | None = None


def difference(
    styles: Styles,
    before: Sequence[Row],
    after: Sequence[Row],
    pen: Pen,
    *,
    erases_in_ground: bool = False,
    among: Iterable[int] | None = None,
) -> str:
    """What makes a screen that shows `before` show `after`; what is unknown in `after` is left as it is.

    Args:
        pen: as the terminal stands before; afterwards as it stands then.
        erases_in_ground: Whether what the terminal erases gets the ground that is set (terminfo's `bce`).
        among: The rows that may differ; None: any may.
    """
    numbers = range(len(after)) if among is None else sorted(among)
    differing = [number for number in numbers if before[number] != after[number]]
    chosen = _Writing(styles, pen, erases_in_ground, remembers=2 * len(differing) > len(after))
    chosen.rows(before, after, differing)
    scroll = _scroll_between(before, after, differing)
    if scroll is not None:
        scrolled = _Writing(styles, Pen(), erases_in_ground)
        scrolled.told = [styles.change(pen.style, PLAIN), scroll.sequence]
        shown = scroll.of(before)
        scrolled.rows(shown, after, [number for number, row in enumerate(after) if shown[number] != row])
        chosen = min(chosen, scrolled, key=lambda one: one.length)
    pen.style, pen.place = chosen.pen.style, chosen.pen.place
    return "".join(chosen.told)


class _Writing:
    """Writes rows with a pen of its own, that begins as it is given.

    It remembers how rows were written where most differ, as between two tabs; what changes in few hardly comes again.
    """

    def __init__(self, styles: Styles, pen: Pen, erases_in_ground: bool, *, remembers: bool = False) -> None:
        self._styles = styles
        self._erases = erases_in_ground
        self._remembers = remembers
        self.pen = Pen(pen.style, pen.place)
        self.told: list[str] = []

    @property
    def length(self) -> int:
        """Characters so far: near enough to bytes."""
        return sum(map(len, self.told))

    def rows(self, before: Sequence[Row], after: Sequence[Row], numbers: Iterable[int]) -> None:
        """Write what differs in these rows."""
        for number in numbers:
            self._row(number, before[number], after[number])

    def _row(self, number: int, old: Row, new: Row) -> None:
        """Write a row; one that was written over the same one before, as between two tabs, is known."""
        was, now = old.identity, new.identity
        if was is None or now is None:
            self._row_anew(number, old, new)
            return
        pen, known, key = self.pen, self._styles.rows, (number, self.pen.style, self.pen.place, was, now, self._erases)
        if key not in known:
            first = len(self.told)
            self._row_anew(number, old, new)
            if self._remembers:
                if len(known) >= ROWS_KNOWN:
                    del known[next(iter(known))]
                known[key] = "".join(self.told[first:]), self.pen.style, self.pen.place
            return
        told, pen.style, pen.place = known[key]
        self.told.append(told)

    def _row_anew(self, number: int, old: Row, new: Row) -> None:
        places = self._places(old, new)
        if not places:
            return
        tail = self._tail(new) if self._erases and new.shown[-1] == " " else len(new.shown)
        chosen = _Writing(self._styles, self.pen, self._erases)
        chosen.cells(number, new, places, tail)
        if self._erases and _erasing_may_save(new, places, tail, chosen.length):
            erased = _Writing(self._styles, self.pen, self._erases)
            erased.on_erased(number, new, places[0], tail)
            chosen = min(chosen, erased, key=lambda one: one.length)
        self.told += chosen.told
        self.pen = chosen.pen

    def _places(self, old: Row, new: Row) -> list[int]:
        """The cells that differ to the eye."""
        grounds = self._styles.grounds
        cells = zip(old.shown, new.shown, old.styles, new.styles, strict=True)
        return [
            place
            for place, (was, now, style_was, style_is) in enumerate(cells)
            if (now != was or (style_was != style_is and (now != " " or grounds[style_was] != grounds[style_is])))
            and now != UNKNOWN
        ]

    def on_erased(self, number: int, row: Row, start: int, tail: int) -> None:
        """Erase from `start` to the end in the ground of a blank there, and write what is not blank."""
        start -= row.shown[start] == BEHIND_WIDE
        ground = row.styles[row.shown.index(" ", start)]
        self._erase(number, start, ground)
        grounds = self._styles.grounds
        erased = grounds[ground]
        cells = zip(row.shown[start:], row.styles[start:], strict=True)
        left = [
            place
            for place, (now, style) in enumerate(cells, start)
            if (now != " " or grounds[style] != erased) and now != UNKNOWN
        ]
        self.cells(number, row, left, tail)

    def cells(self, number: int, row: Row, places: Sequence[int], tail: int) -> None:
        """Write the cells at `places`; from `tail` on the row is blank."""
        text = "".join(row.shown)
        if len(text) == len(row.shown) and BEHIND_WIDE not in row.shown:
            self._by_stretches(number, row, text, self._stretches(row, text, places, tail), tail)
        else:
            self._one_by_one(number, row, places, tail)

    def _stretches(self, row: Row, text: str, places: Sequence[int], tail: int) -> list[tuple[int, int]]:
        """The places that stand side by side in one style, as (first, behind the last); none reaches over `tail`.

        Over blanks between two of them it is written on: a move takes as many bytes.
        """
        stretches: list[tuple[int, int]] = []
        grounds, styles = self._styles.grounds, row.styles
        start = end = -1
        style = UNSTYLED
        for place in places:
            if styles[place] != style or place == tail or (
                place != end and not (place - end <= NEAR_CELLS and text[end:place].isspace()
                                      and all(grounds[one] == grounds[style] for one in styles[end:place]))
            ):  # fmt: skip
                if end >= 0:
                    stretches.append((start, end))
                start, style = place, styles[place]
            end = place + 1
        if end >= 0:
            stretches.append((start, end))
        return stretches

    def _by_stretches(self, number: int, row: Row, text: str, stretches: list[tuple[int, int]], tail: int) -> None:
        """Write the cells of a row whose cells are one character each: `text` holds them all."""
        told, grounds, change = self.told, self._styles.grounds, self._styles.change
        pen, style, place = self.pen, self.pen.style, self.pen.place
        for start, end in stretches:
            if start >= tail and sum(to - since for since, to in stretches if since >= start) >= ERASED_FROM:
                self._erase(number, start, row.styles[start])
                return
            if place != (number, start):
                self._reach(number, row, text, start)
            wanted, letters = row.styles[start], text[start:end]
            if wanted != style and letters[0] == " " and grounds[wanted] == grounds[style]:
                letters = letters.lstrip(" ")
                told.append(text[start : end - len(letters)])
            if letters:
                if wanted != style:
                    told.append(change(style, wanted))
                    pen.style = style = wanted
                told.append(letters)
            pen.place = place = (number, end) if end < len(text) else None

    def _reach(self, number: int, row: Row, text: str, place: int) -> None:
        """Go to a cell; over a few simple ones by writing them again."""
        joined = self._joined_from(number, row, place)
        if joined < place:
            self.told.append(text[joined:place])
            self.pen.place = (number, place)
        else:
            self._go(number, place)

    def _one_by_one(self, number: int, row: Row, places: Sequence[int], tail: int) -> None:
        """Write the cells at `places`, where characters of two cells or of several codes are among them."""
        written = -1
        for index, place in enumerate(places):
            if place >= tail and len(places) - index >= ERASED_FROM:
                self._erase(number, place, row.styles[place])
                return
            first = place - 1 if row.shown[place] == BEHIND_WIDE else place
            if first < written:
                continue
            for at in range(self._joined_from(number, row, first), first):
                if row.shown[at] != BEHIND_WIDE:
                    self._cell(number, at, row)
            written = self._cell(number, first, row)

    def _tail(self, row: Row) -> int:
        """The first of the blanks at the end that look alike."""
        last, at, shown, styles = row.styles[-1], len(row.shown), row.shown, row.styles
        grounds = self._styles.grounds
        ground = grounds[last]
        while at and shown[at - 1] == " " and grounds[styles[at - 1]] == ground:
            at -= 1
        return at if at == len(shown) or self._styles.is_bare(last) else len(shown)

    def _erase(self, number: int, place: int, style: int) -> None:
        """Erase to the end of the row."""
        self._go(number, place)
        if not self._styles.alike_in_blanks(self.pen.style, style):
            self.told.append(self._styles.change(self.pen.style, style))
            self.pen.style = style
        self.told.append(ERASE)

    def _go(self, number: int, place: int) -> None:
        if self.pen.place != (number, place):
            self.told.append(_move(self.pen.place, (number, place)))
            self.pen.place = (number, place)

    def _joined_from(self, number: int, row: Row, place: int) -> int:
        """Where to begin so that no move is needed: at the pen, when only a few simple cells are between."""
        pen, alike = self.pen, self._styles.alike_in_blanks
        if pen.place is None or pen.place[0] != number or not 0 < place - pen.place[1] <= NEAR_CELLS:
            return place
        for at in range(pen.place[1], place):
            shown, style = row.shown[at], row.styles[at]
            is_simple = shown.isascii() and shown not in (UNKNOWN, BEHIND_WIDE)
            if not is_simple or not (style == pen.style or (shown == " " and alike(pen.style, style))):
                return place
        return pen.place[1]

    def _cell(self, number: int, place: int, row: Row) -> int:
        """Write one character; returns the cell behind it."""
        shown, style = row.shown[place], row.styles[place]
        self._go(number, place)
        if not (shown == " " and self._styles.alike_in_blanks(self.pen.style, style)):
            self.told.append(self._styles.change(self.pen.style, style))
            self.pen.style = style
        self.told.append(shown)
        behind = place + 1
        is_simple = shown.isascii() or len(shown) == 1
        while behind < len(row.shown) and row.shown[behind] == BEHIND_WIDE:
            behind += 1
            is_simple = False
        # How wide a terminal takes such a character to be, and where it stands at a row's end, is its own affair.
        self.pen.place = (number, behind) if is_simple and behind < len(row.shown) else None
        return behind


def _erasing_may_save(row: Row, places: Sequence[int], tail: int, length: int) -> bool:
    """Whether it could take less than `length` to erase the row from the first of `places` on and write the rest."""
    if [row.shown[place] for place in places].count(" ") < ERASED_FROM:
        return False
    least = _GAPS.sub(_MOVE, "".join(row.shown[places[0] : tail]))
    return len(least) + len(ERASE) < length


def _move(here: tuple[int, int] | None, there: tuple[int, int]) -> str:
    row, column = there
    ways = ["\x1b[H" if there == (0, 0) else f"\x1b[{row + 1}H" if column == 0 else f"\x1b[{row + 1};{column + 1}H"]
    if here is not None and here[0] == row:
        right = column - here[1]
        ways.append(f"\x1b[{abs(right) if abs(right) > 1 else ''}{'C' if right > 0 else 'D'}")
        if column == 0:
            ways.append("\r")
    elif here is not None and here[0] == row - 1:
        if column == 0:
            ways.append("\r\n")
        elif column == here[1]:
            ways.append("\x1b[B")
    return min(ways, key=len)


@dataclass(frozen=True, slots=True)
class _Scroll:
    """Rows `top` to `bottom` (the last one) move up by `by`, or down where it is negative."""

    top: int
    bottom: int
    by: int

    @property
    def sequence(self) -> str:
        """Within a scroll region, so that nothing else moves, delete lines at its top, or insert them.

        Setting a region goes to the first cell.
        """
        first = f"\x1b[{self.top + 1}H" if self.top else ""
        lines = f"\x1b[{abs(self.by)}{'M' if self.by > 0 else 'L'}"
        return f"\x1b[{self.top + 1};{self.bottom + 1}r{first}{lines}\x1b[r"

    def of(self, rows: Sequence[Row]) -> list[Row]:
        """`rows` after it, in the terminal's own style."""
        inside = list(rows[self.top : self.bottom + 1])
        blank = Row.of(" ", len(rows[0].shown))
        blanks = [blank] * abs(self.by)
        moved = [*inside[self.by :], *blanks] if self.by > 0 else [*blanks, *inside[: self.by]]
        return [*rows[: self.top], *moved, *rows[self.bottom + 1 :]]


def _scroll_between(before: Sequence[Row], after: Sequence[Row], differing: Sequence[int]) -> _Scroll | None:
    """The scroll that brings most rows where they belong; None when few would come there."""
    if len(differing) < SCROLLED_FROM:
        return None
    stood: dict[tuple[str, ...], list[int]] = {}
    for number in differing:
        stood.setdefault(tuple(before[number].shown), []).append(number)
    moves = [
        (was - number, number)
        for number in differing
        for was in stood.get(tuple(after[number].shown), ())
        if was != number and before[was] == after[number]
    ]
    if not moves:
        return None
    by, count = Counter(step for step, _number in moves).most_common(1)[0]
    if count < SCROLLED_FROM - 1:
        return None
    moved = [number for step, number in moves if step == by]
    return _Scroll(min(moved) + min(0, by), max(moved) + max(0, by), by)
