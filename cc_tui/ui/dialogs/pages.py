"""Sheets that only show: the help, the log. They scroll, and close."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult

from cc_tui.actions.action import Action, Where
from cc_tui.actions.keymap import Keymap, written
from cc_tui.state.known import Known
from cc_tui.state.messages import Level, Message
from cc_tui.text.formats import clock_seconds, moment
from cc_tui.text.safe import safe_line
from cc_tui.ui.dialogs.head import Head
from cc_tui.ui.dialogs.sheet import Sheet
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.pane import Pane


class PageSheet(Sheet):
    """Lines to read."""

    DEFAULT_CSS = "PageSheet { height: 80%; }"
    places = (Where.DIALOGS, Where.LISTS)
    footer_places = ()

    def __init__(self, look: Look, name: str, title: str, lines: Callable[[int], Sequence[Line]]) -> None:
        super().__init__(look, id=name)
        self._title = title
        self._lines = lines
        self.pane = Pane(look)

    def compose(self) -> ComposeResult:
        """Title and lines."""
        yield Head(self.look, self._title, (("j k", "scroll"), ("esc", "close")))
        yield self.pane

    def on_mount(self) -> None:
        """Draw once the width is known."""
        self.call_after_refresh(self.fill)

    def fill(self) -> None:
        """Draw the lines."""
        self.pane.show(self._lines(self.pane.size.width))

    def act(self, action: Action, key: str) -> bool:
        """Scrolls; closes."""
        del key
        page = max(1, self.pane.size.height // 2)
        steps = {
            "list.down": 1, "list.up": -1, "preview.down": 1, "preview.up": -1, "list.half_down": page,
            "list.half_up": -page, "list.top": -100_000, "list.bottom": 100_000,
        }  # fmt: skip
        if action.id in steps:
            self.pane.scroll(steps[action.id])
            return True
        if action.id in ("dialog.no", "list.back"):
            self.close()
            return True
        return False


def help_lines(keymap: Keymap, known: Known, width: int) -> list[Line]:
    """Every key by place, what it does, and why it can't be used now."""
    lines: list[Line] = []
    margin = " " * (2 if width >= 110 else 1)
    for where in Where:
        actions = [action for action in keymap.actions if action.where is where]
        lines.append(Line().add(margin).add(where.value, Token.ACCENT_STRONG))
        for action in actions:
            keys = " ".join(written(key) for key in action.keys)
            line = Line().add(margin).add(keys, Token.STRONG).to(len(margin) + 16 if width >= 80 else 12)
            line.add(action.title)
            if width >= 80:
                line.to(len(margin) + 42).add(action.help, Token.DIM)
            why = action.unavailable(known)
            if why is not None:
                line.end(f"{why} ", Token.WARN)
            lines.append(line)
            if width < 80:
                lines.append(Line().add(" " * 12).add(action.help, Token.DIM))
        lines.append(Line())
    return lines


def log_lines(messages: Sequence[Message], notes: Sequence[str], width: int) -> list[Line]:
    """What was said, newest first; `notes` stand above it."""
    del width
    tokens = {Level.DONE: Token.OK, Level.WARN: Token.WARN, Level.ERROR: Token.BAD, Level.NOTE: Token.DIM}
    lines = [Line().add("  ").add(safe_line(note), Token.WARN) for note in notes]
    for message in messages:
        text = message.text.replace("leaves in {left}", "held")
        line = Line().add("  ").add(clock_seconds(moment(message.at)), Token.DIM).add("  ")
        lines.append(line.add(f"{message.level.value:<6}", tokens[message.level]).add(safe_line(text)))
    return lines or [Line().add("  nothing was said yet", Token.DIM)]
