"""What the app asks of a tab."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from textual.widget import Widget

from cc_tui.actions.action import Action, Where
from cc_tui.decisions.guard import Selected, Shown

if TYPE_CHECKING:
    from cc_tui.session import Session
    from cc_tui.ui.dialogs.sheet import Sheet
    from cc_tui.ui.themes.look import Look
    from cc_tui.ui.widgets.asked import Question


class Stage(Protocol):
    """What a tab asks of the app."""

    session: Session
    look: Look

    def ask(self, question: Question) -> None:
        """Open the prompt."""

    def open_sheet(self, sheet: Sheet) -> None:
        """Open a sheet from below."""

    def when_free(self, offer: Callable[[], None]) -> None:
        """Make an offer that opens a sheet, as soon as nothing else is open."""

    def frame_changed(self) -> None:
        """Footer and tabs may read differently now."""

    def look_again(self) -> None:
        """What the guard sees may have changed."""

    def line_opened(self, key: str) -> None:
        """A line of choices opened by a key."""

    def line_closed(self) -> None:
        """It is gone."""

    def go_to_tab(self, tab_id: str) -> None:
        """Show another tab."""

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Do something after so many seconds."""

    def run_soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that waits for the server, in a worker."""

    def resumed(self) -> None:
        """Another program had the terminal: nothing shown before counts."""


class Tab(Widget):
    """One tab: it draws its part of the state, and carries out the actions of its places."""

    DEFAULT_CSS = "Tab { height: 1fr; width: 1fr; }"

    is_settling = False
    """Whether something waits to be drawn until a held key rests."""
    _fitted = (0, 0)

    def places(self) -> Sequence[Where]:
        """Where keys are looked for, nearest first."""
        raise NotImplementedError

    def act(self, action: Action, key: str) -> bool:
        """Carry out an action; False when it is none of this tab's."""
        raise NotImplementedError

    def why_not(self, action: Action) -> str | None:
        """Why an action can't be used on what is selected."""
        del action
        return None

    def offers(self, action: Action) -> bool:
        """Whether an action of its places does something here; others stay out of the footer."""
        del action
        return True

    def reveal_line(self, place: int) -> None:
        """Bring a line into view that the guard missed."""

    def look_first(self) -> None:
        """Show what a decision key would decide; it decides nothing."""

    def back(self) -> bool:
        """Take away one layer; False at the top."""
        return False

    def selected(self) -> Selected | None:
        """What a decision would decide."""
        return None

    def shown(self) -> Shown | None:
        """What the guard may take as seen."""
        return None

    def has_marks(self) -> bool:
        """Whether a decision would act on marks."""
        return False

    def inner_title(self) -> tuple[str, str] | None:
        """Title and right end of a screen inside the tab, for narrow terminals."""
        return None

    def typed_letter(self, key: str) -> bool:
        """A key that a started sequence waits for."""
        del key
        return False

    def letters(self) -> Sequence[tuple[str, str]]:
        """The letters that a started sequence waits for, with their words."""
        return ()

    def tick(self) -> None:
        """A second has passed."""

    def reveal(self) -> None:
        """The tab is shown: catch up."""

    def shown_again(self) -> None:
        """It was covered, or another tab was shown: what was held before does not count."""

    def fit(self, width: int, height: int) -> None:
        """The screen has this size: only another one than the last time makes work."""
        if (width, height) != self._fitted:
            self._fitted = (width, height)
            self.reshape(width, height)

    def reshape(self, width: int, height: int) -> None:
        """The screen has another size."""

    def on_resize(self) -> None:
        """The tab itself has its new size now."""
        self.reveal()
