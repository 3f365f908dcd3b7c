"""The table for long lists: a cursor that stays on its row by id, and drawing of the visible rows only.

It knows no keys: actions call its methods. What a row looks like, its source says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from textual import events
from textual.message import Message

from cc_tui.state.signal import ALL, Ids
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line, with_mark


class RowSource(Protocol):
    """Where a table's rows come from."""

    row_height: int
    """Lines a row takes: one or two."""

    def count(self) -> int:
        """How many rows there are."""

    def key_at(self, place: int) -> str:
        """The id of the row at a place."""

    def place_of(self, key: str) -> int | None:
        """Where the row of an id stands."""

    def row_lines(self, place: int, width: int, *, is_cursor: bool) -> Sequence[Line]:
        """The row's lines, without the cursor's mark in cell 0; exactly `row_height` of them."""

    def header(self, width: int) -> Line | None:
        """The line above the rows."""

    def footer(self, width: int) -> Line | None:
        """The line at the very bottom, when there is something to say."""

    def empty(self, width: int, height: int) -> Sequence[Line]:
        """What stands there when there is no row."""


class Table(Canvas):
    """Rows of a source with a cursor."""

    class Moved(Message):
        """The cursor stands on another row; None: on none."""

        def __init__(self, table: Table, key: str | None) -> None:
            super().__init__()
            self.table = table
            self.key = key

    class Opened(Message):
        """A row was clicked a second time, or opened by a key."""

        def __init__(self, table: Table, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

    def __init__(self, look: Look, source: RowSource, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(look, id=id)
        self.source = source
        self.cursor_key: str | None = None
        self.is_focused_pane = True
        self._top = 0
        self._cursor = 0
        self._drawn_in: tuple[object, ...] = ()

    # Reading

    @property
    def cursor(self) -> int:
        """The place of the cursor."""
        return self._cursor

    @property
    def visible_keys(self) -> list[str]:
        """The ids of the rows on screen."""
        last = min(self.source.count(), self._top + self._page())
        return [self.source.key_at(place) for place in range(self._top, last)]

    # Moving

    def move(self, step: int) -> None:
        """Move the cursor by rows; within the page only the two rows are drawn anew."""
        self.go(self._cursor + step, is_all_else_as_drawn=True)

    def move_half_page(self, direction: int) -> None:
        """Move the cursor by half a page, down (1) or up (-1)."""
        self.go(self._cursor + direction * max(1, self._page() // 2))

    def go(self, place: int, *, is_all_else_as_drawn: bool = False) -> None:
        """Put the cursor on a place, the nearest there is."""
        count = self.source.count()
        place = max(0, min(place, count - 1))
        key = self.source.key_at(place) if count else None
        moved, was_at, top = key != self.cursor_key, self._cursor, self._top
        self._cursor, self.cursor_key = place, key
        self._keep_in_view()
        if is_all_else_as_drawn and count and top == self._top:
            self._repaint_rows(was_at, place)
        else:
            self.repaint()
        if moved:
            self.post_message(self.Moved(self, key))

    def select(self, key: str) -> bool:
        """Put the cursor on the row of an id; False when it is not there."""
        place = self.source.place_of(key)
        if place is None:
            return False
        self.go(place)
        return True

    def open(self) -> None:
        """Open the row under the cursor."""
        if self.cursor_key is not None:
            self.post_message(self.Opened(self, self.cursor_key))

    def rows_changed(self, ids: Ids = ALL) -> None:
        """The rows of `ids` are not what they were: keep the cursor on its id and repaint."""
        place = self.source.place_of(self.cursor_key) if self.cursor_key is not None else None
        if place is not None and place == self._cursor and self._top <= max(0, self.source.count() - 1):
            if "*" in ids or self._surrounded() != self._drawn_in:
                self.repaint()
            else:
                self._repaint_rows(*(at for key in ids if (at := self.source.place_of(key)) is not None))
            return
        if place is not None:
            self._top = max(0, self._top + place - self._cursor)
        self.go(self._cursor if place is None else place)

    def _surrounded(self) -> tuple[object, ...]:
        """What else is drawn than the rows themselves, and how many those are."""
        width = self.size.width
        return self.source, self.source.count(), self._top, self.source.header(width), self.source.footer(width)

    def _page(self) -> int:
        head = 1 if self.source.header(self.size.width) is not None else 0
        foot = 1 if self.source.footer(self.size.width) is not None else 0
        return max(1, (self.size.height - head - foot) // self.source.row_height)

    def _keep_in_view(self) -> None:
        """At the edge the list jumps by half a page: fewer bytes than a line at a time."""
        if not self.size.height:  # not laid out yet: drawing does it
            return
        page = self._page()
        if not self._top <= self._cursor < self._top + page:
            self._top = self._cursor - page // 2
        self._top = max(0, min(self._top, self.source.count() - page))

    # Drawing

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """Header, visible rows, footer."""
        count = self.source.count()
        if not count:
            return self.source.empty(width, height)
        self._keep_in_view()
        header, footer = self.source.header(width), self.source.footer(width)
        self._drawn_in = self.source, count, self._top, header, footer
        lines = [header] if header is not None else []
        for place in range(self._top, min(count, self._top + self._page())):
            lines.extend(self._row(place, width))
        if footer is not None:
            lines += [Line()] * (height - 1 - len(lines))
            lines.append(footer)
        return lines

    def _repaint_rows(self, *places: int) -> None:
        """Only these rows are drawn anew."""
        width, height = self.size.width, self.source.row_height
        first = 1 if self.source.header(width) is not None else 0
        last = min(self.source.count(), self._top + self._page())
        self.repaint_lines(
            {
                first + (place - self._top) * height + number: line
                for place in places
                if self._top <= place < last
                for number, line in enumerate(self._row(place, width))
            }
        )

    def _row(self, place: int, width: int) -> Sequence[Line]:
        is_cursor = place == self._cursor
        lines = self.source.row_lines(place, width, is_cursor=is_cursor)
        if not is_cursor:
            return with_mark(lines, " ", Token.TEXT)
        return with_mark(lines, self.look.signs.cursor, Token.ACCENT if self.is_focused_pane else Token.DIM)

    # Mouse: selects and opens, never decides

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the cursor, as the keys do."""
        event.stop()
        self.move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the cursor, as the keys do."""
        event.stop()
        self.move(-3)

    def on_click(self, event: events.Click) -> None:
        """A click selects a row; a click on the selected row opens it."""
        head = 1 if self.source.header(self.size.width) is not None else 0
        place = self._top + (event.y - head) // self.source.row_height
        if event.y < head or place >= min(self.source.count(), self._top + self._page()):
            return
        if place == self._cursor and self.source.key_at(place) == self.cursor_key:
            self.open()
        else:
            self.go(place)
