"""One line to type into, in place of the message line: filters, reasons, amounts. `enter` takes it, `esc` leaves."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Static

from cc_tui.ui.themes.look import Look
from cc_tui.ui.widgets.asked import Question


class TypedInput(Input):
    """Textual's input without a blinking cursor, and without paste where that would confirm."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.initial, compact=True, select_on_focus=False)
        self.cursor_blink = False
        self._takes_paste = question.takes_paste

    def _on_paste(self, event: events.Paste) -> None:
        if self._takes_paste:
            super()._on_paste(event)
        else:
            event.stop()
            event.prevent_default()


class Prompt(Horizontal):
    """The line, while a question is open."""

    DEFAULT_CSS = """
    Prompt { height: 1; dock: bottom; layer: prompt; margin-bottom: 1; }
    Prompt Static { width: auto; padding: 0 1; height: 1; }
    Prompt TypedInput { width: 1fr; height: 1; border: none; padding: 0; }
    """

    def __init__(self, look: Look, question: Question) -> None:
        super().__init__(id="prompt")
        self.question = question
        self._look = look
        self._input = TypedInput(question)
        self._label = Static(question.label, markup=False)

    def say(self, sentence: str) -> None:
        """Say something before what is typed: the message line is covered."""
        self._label.update(f"{self.question.label} ({sentence})")

    def compose(self) -> ComposeResult:
        """Label and input."""
        yield self._label
        yield self._input

    def on_mount(self) -> None:
        """Type at once."""
        self._input.focus()

    def when_typed(self, take: Callable[[str], None]) -> None:
        """Hand over what stands in it, once the keys that are on their way to it have arrived."""
        self._input.call_later(lambda: take(self._input.value))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell each change."""
        event.stop()
        if self.question.changed is not None:
            self.question.changed(event.value)
