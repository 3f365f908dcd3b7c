"""The smallest useful Textual app: the yardstick that our own start, keys and memory are measured against."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable, Footer, Header

ROWS = 100


class MinimalApp(App[None]):
    """A stock table of 100 rows between the stock header and footer."""

    TITLE = "minimal app"
    BINDINGS: ClassVar[list[BindingType]] = [("q", "quit", "Quit")]

    def compose(self) -> ComposeResult:
        yield Header()
        yield DataTable[str](cursor_type="row")
        yield Footer()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns("id", "name", "state", "value")
        for number in range(ROWS):
            state = "running" if number % 3 else "done"
            table.add_row(f"row-{number:03d}", f"name {number}", state, f"{number * 37 % 1000}")


if __name__ == "__main__":
    MinimalApp().run()
