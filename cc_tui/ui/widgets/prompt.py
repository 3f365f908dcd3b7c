"""One line to type into, in place of the message line: filters, reasons, amounts. `enter` takes it, `esc` leaves.

What is wrong with what is typed stands in a line above it, and is underlined where it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.highlighter import Highlighter
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from cc_tui.text.fit import cut
from cc_tui.text.safe import safe_line
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.asked import Mistake, Question
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.shape import WIDE_FROM, margin_of

LABEL_LEAST, INPUT_LEAST = 8, 24
"""Cells of a label that are shown in any case, and cells that it leaves for what is typed."""


class Underlining(Highlighter):
    """Underlines the cells of a mistake; one at the end of the text underlines its last cell."""

    def __init__(self) -> None:
        self.mistake: Mistake | None = None

    def highlight(self, text: Text) -> None:
        """Mark it."""
        if self.mistake is not None:
            end = max(self.mistake.end, self.mistake.start + 1)
            start = min(self.mistake.start, max(0, len(text) - 1))
            text.stylize("underline bold", start, end)


class TypedInput(Input):
    """Textual's input without a blinking cursor, and without paste where that would confirm."""

    def __init__(self, question: Question, underlining: Underlining) -> None:
        super().__init__(question.initial, compact=True, select_on_focus=False, highlighter=underlining)
        self.cursor_blink = False
        self._takes_paste = question.takes_paste

    def _on_paste(self, event: events.Paste) -> None:
        if self._takes_paste:
            super()._on_paste(event)
        else:
            event.stop()
            event.prevent_default()


class Said(Canvas):
    """What is wrong, above the input."""

    DEFAULT_CSS = "Said { height: 1; }"

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.sentence = ""

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """The sentence with its sign."""
        line = Line().add(" " * margin_of(width)).add(f"{self.look.signs.warn} ", Token.WARN)
        return [line.add(safe_line(self.sentence)).to(width - margin_of(width))]


class Prompt(Vertical):
    """The line, while a question is open."""

    DEFAULT_CSS = """
    Prompt { height: 1; dock: bottom; layer: prompt; margin-bottom: 1; }
    Prompt.-said { height: 2; }
    Prompt Said { display: none; }
    Prompt.-said Said { display: block; }
    Prompt Horizontal { height: 1; }
    Prompt Static { width: auto; padding: 0 1; height: 1; }
    Prompt.-wide Static { padding: 0 1 0 2; }
    Prompt TypedInput { width: 1fr; height: 1; border: none; padding: 0; }
    """

    def __init__(self, look: Look, question: Question) -> None:
        super().__init__()
        self.question = question
        self._underlining = Underlining()
        self._input = TypedInput(question, self._underlining)
        self._label = Static("", markup=False)
        self._said = Said(look)

    def say(self, sentence: str) -> None:
        """Say something above what is typed, for the message line is covered; nothing takes it away."""
        self._said.sentence = sentence
        self.set_class(bool(sentence), "-said")
        self._said.repaint()

    @property
    def mistake(self) -> Mistake | None:
        """What is wrong with what is typed."""
        return self._underlining.mistake

    def compose(self) -> ComposeResult:
        """What is wrong, label and input."""
        yield self._said
        with Horizontal():
            yield self._label
            yield self._input

    def on_mount(self) -> None:
        """Type at once."""
        width = self.screen.size.width
        self.set_class(width >= WIDE_FROM, "-wide")
        self._label.update(cut(safe_line(self.question.label), max(LABEL_LEAST, width - INPUT_LEAST)))
        self._input.focus()

    def type_ahead(self, character: str | None) -> bool:
        """Take a key that comes before the input has the focus; False for one that is no text, or once it has it."""
        if character is None or self._input.has_focus:
            return False
        self._input.insert_text_at_cursor(character)
        return True

    def when_typed(self, take: Callable[[str], None]) -> None:
        """Hand over what stands in it, once the keys that are on their way to it have arrived."""
        self._input.call_later(lambda: take(self._input.value))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell each change, and show what is wrong with it."""
        event.stop()
        if self.question.changed is None:
            return
        self._underlining.mistake = self.question.changed(event.value)
        self._input.refresh()
        self.say(self.mistake.sentence if self.mistake is not None else "")
