"""What lies over a tab: one sheet from below, or the prompt in place of the message line; one of each at most."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from textual.events import Key
    from textual.widget import Widget

    from cc_tui.ui.dialogs.sheet import Sheet
    from cc_tui.ui.themes.look import Look
    from cc_tui.ui.widgets.asked import Question
    from cc_tui.ui.widgets.prompt import Prompt


class Ground(Protocol):
    """What they lie on."""

    look: Look

    @property
    def focused(self) -> Widget | None:
        """The input that has the keys."""

    def mount(self, *widgets: Widget) -> object:
        """Put a widget on the screen."""

    def set_focus(self, widget: None) -> None:
        """Take the keys back from an input."""

    def call_later(self, callback: Callable[[], None]) -> object:
        """Call once all that is under way is done."""

    def cover_tab(self) -> None:
        """A sheet lies over the tab now."""

    def uncover_tab(self) -> None:
        """The tab is free again: it catches up, and what was held before does not count."""

    def frame_changed(self) -> None:
        """Footer and tabs may read differently now."""


class Overlays:
    """Opens and closes them."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self.sheet: Sheet | None = None
        self.prompt: Prompt | None = None
        self._waiting: deque[Callable[[], None]] = deque()

    @property
    def takes_text(self) -> bool:
        """Whether keys are typed into an input."""
        if self.prompt is not None:
            return True
        return self.sheet is not None and self.sheet.takes_text and hasattr(self._ground.focused, "cursor_blink")

    def ask(self, question: Question) -> None:
        """Open the prompt; a second one waits for nobody and is not opened."""
        from cc_tui.ui.widgets.prompt import Prompt

        if self.prompt is None:
            self.prompt = Prompt(self._ground.look, question)
            self._ground.mount(self.prompt)
            self._ground.frame_changed()

    def type_ahead(self, key: Key) -> bool:
        """Whether a key was text for a prompt that is open, and has not the keys yet."""
        return self.prompt is not None and self.prompt.type_ahead(key.character if key.is_printable else None)

    def close_prompt(self) -> None:
        """Close the prompt."""
        prompt, self.prompt = self.prompt, None
        if prompt is not None:
            prompt.remove()
            self._ground.set_focus(None)
            self._ground.frame_changed()
            self._ground.call_later(self._offer_next)

    def open_sheet(self, sheet: Sheet) -> None:
        """Open a sheet over the faded tab."""
        if self.sheet is not None:
            return
        self.sheet = sheet
        self._ground.mount(sheet)
        self._ground.cover_tab()

    def when_free(self, offer: Callable[[], None]) -> None:
        """Make an offer that opens a sheet: now, or as soon as nothing else is open; none is lost."""
        if self.is_any_open:
            self._waiting.append(offer)
        else:
            offer()

    @property
    def is_any_open(self) -> bool:
        """Whether a sheet or the prompt is open."""
        return self.sheet is not None or self.prompt is not None

    def _offer_next(self) -> None:
        while self._waiting and not self.is_any_open:
            self._waiting.popleft()()

    def close_sheet(self) -> None:
        """Close the sheet."""
        sheet, self.sheet = self.sheet, None
        if sheet is None:
            return
        sheet.leave()
        sheet.remove()
        self._ground.set_focus(None)
        self._ground.uncover_tab()
        self._ground.call_later(self._offer_next)
