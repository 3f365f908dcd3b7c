"""What lies over a tab: one sheet from below, or the prompt in place of the message line; one of each at most."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.canvas import Canvas

if TYPE_CHECKING:
    from cc_tui.decisions.guard import KeyRead
    from cc_tui.ui.app import CommandCenter
    from cc_tui.ui.dialogs.sheet import Sheet
    from cc_tui.ui.widgets.asked import Question
    from cc_tui.ui.widgets.prompt import Prompt

_ENDS_A_PROMPT = frozenset({"enter", "escape", "ctrl+c"})


class Overlays:
    """Opens and closes them for the app."""

    def __init__(self, app: CommandCenter) -> None:
        self._app = app
        self.sheet: Sheet | None = None
        self.prompt: Prompt | None = None
        self._waiting: deque[Callable[[], None]] = deque()

    @property
    def takes_text(self) -> bool:
        """Whether keys are typed into an input."""
        if self.prompt is not None:
            return True
        return self.sheet is not None and self.sheet.takes_text and hasattr(self._app.focused, "cursor_blink")

    def ask(self, question: Question) -> None:
        """Open the prompt; a second one waits for nobody and is not opened."""
        from cc_tui.ui.widgets.prompt import Prompt

        if self.prompt is None:
            self.prompt = Prompt(self._app.look, question)
            self._app.mount(self.prompt)
            self._app.frame_changed()

    def close_prompt(self) -> None:
        """Close the prompt."""
        prompt, self.prompt = self.prompt, None
        if prompt is not None:
            prompt.remove()
            self._app.set_focus(None)
            self._app.frame_changed()
            self._app.call_later(self._offer_next)

    def open_sheet(self, sheet: Sheet) -> None:
        """Open a sheet over the faded tab."""
        if self.sheet is not None:
            return
        self.sheet = sheet
        for canvas in self._app.tab.query(Canvas):
            canvas.fade(Token.FAINT)
        self._app.mount(sheet)
        self._app.frame_changed()
        self._app.look_again()

    def when_free(self, offer: Callable[[], None]) -> None:
        """Make an offer that opens a sheet: now, or as soon as nothing else is open; none is lost."""
        if self._is_any_open:
            self._waiting.append(offer)
        else:
            offer()

    @property
    def _is_any_open(self) -> bool:
        return self.sheet is not None or self.prompt is not None

    def _offer_next(self) -> None:
        if self._waiting and not self._is_any_open:
            self._waiting.popleft()()

    def close_sheet(self) -> None:
        """Close the sheet; what was held before it does not count."""
        sheet, self.sheet = self.sheet, None
        if sheet is None:
            return
        sheet.leave()
        sheet.remove()
        self._app.set_focus(None)
        for canvas in self._app.tab.query(Canvas):
            canvas.fade(None)
        self._app.tab.reveal()
        self._app.frame_changed()
        self._app.call_later(self._offer_next)

    def takes_key(self, name: str, key: str, read: KeyRead) -> bool:
        """A key typed while an input is open; True when it was more than text: `name` as ours, `key` as Textual's."""
        if self.prompt is not None and name in _ENDS_A_PROMPT:
            self._end_prompt(self.prompt, name, read)
            return True
        if self.sheet is None:
            return False
        action = self._app.keymap.find(key, self._app.places())
        return action is not None and self.sheet.act(action, name)

    def _end_prompt(self, prompt: Prompt, name: str, read: KeyRead) -> None:
        question = prompt.question
        if name != "enter":
            self.close_prompt()
            if question.left is not None:
                question.left()
        elif question.decides:
            self._app.router.judge_typed(read, lambda: prompt.when_typed(partial(self._take, prompt)))
        else:
            prompt.when_typed(partial(self._take, prompt))

    def _take(self, prompt: Prompt, typed: str) -> None:
        if prompt is self.prompt:
            self.close_prompt()
            prompt.question.taken(typed)
