"""The tabs that were visited, and which of them is shown. One is made at its first visit, and stays mounted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.geometry import Size
    from textual.widget import Widget

    from cc_tui.ui.tabs.tab import Tab
    from cc_tui.ui.terminal.painter import Painter


class TabShelf:
    """Takes tabs down and puts them back.

    Args:
        active: the id of the tab that is shown first.
        make: makes a tab.
        painter: draws one as it was left.
    """

    def __init__(self, active: str, make: Callable[[str], Tab], painter: Painter) -> None:
        self.active = active
        self._make = make
        self._painter = painter
        self._tabs: dict[str, Tab] = {}

    @property
    def is_empty(self) -> bool:
        """Whether no tab was made yet."""
        return not self._tabs

    @property
    def tab(self) -> Tab:
        """The tab that is shown."""
        if self.active not in self._tabs:
            self._tabs[self.active] = self._make(self.active)
        return self._tabs[self.active]

    def turn_to(self, tab_id: str, around: Sequence[Widget]) -> None:
        """Another tab is the one that is shown; one that was left here is drawn. Nothing lies over them.

        Args:
            around: what reads differently with every tab, and is drawn as it was left with it.
        """
        left, self.active = self.tab, tab_id
        self._painter.turn(left.id or "", tab_id, [*around, left])

    def show(self, size: Size) -> None:
        """Have Textual show the tab on a screen of `size`, and no other."""
        for one in self._tabs.values():
            one.display = one is self.tab
        self._painter.forget_places()
        self.tab.shown_again()
        self.tab.fit(*size)
        if self.tab.region.area:  # it was not taken off since it was left: Textual will not tell it of its place
            self.tab.reveal()
