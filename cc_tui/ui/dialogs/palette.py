"""The palette: every action by its name, with why not now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from textual import events
from textual.app import ComposeResult
from textual.widgets import Input

from cc_tui.actions.action import Action, Where
from cc_tui.actions.keymap import written
from cc_tui.ui.dialogs.head import Head
from cc_tui.ui.dialogs.sheet import Sheet
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.pane import Pane
from cc_tui.ui.widgets.shape import NARROW_FROM, margin_of


class PaletteSheet(Sheet):
    """Type a few letters, enter does it. `whys` tells by action id why it can't be done now, or None."""

    DEFAULT_CSS = """
    PaletteSheet { height: 60%; }
    PaletteSheet Input { height: 1; border: none; margin: 0 1; padding: 0; }
    PaletteSheet.-wide Input { margin: 0 2; }
    """
    places = (Where.EDITOR,)
    keys = (("enter", "do it"), ("↑ ↓", "choose"), ("esc", "close"))
    takes_text = True

    def __init__(
        self, look: Look, actions: Sequence[Action], whys: Mapping[str, str | None],
        chosen: Callable[[Action], None],
    ) -> None:  # fmt: skip
        super().__init__(look, id="palette")
        self._actions = [action for action in actions if action.in_palette]
        self._whys = whys
        self._chosen = chosen
        self._found: list[Action] = self._actions
        self._at = 0
        self._input = Input(placeholder="what to do", compact=True)
        self._input.cursor_blink = False
        self._pane = Pane(look)

    def compose(self) -> ComposeResult:
        """Input and what matches."""
        yield Head(self.look, "Palette")
        yield self._input
        yield self._pane

    def on_mount(self) -> None:
        """Type at once."""
        self._input.focus()
        self.call_after_refresh(self._fill)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look again."""
        event.stop()
        words = event.value.lower().split()
        self._found = [one for one in self._actions if all(word in f"{one.title} {one.help}".lower() for word in words)]
        self._at = 0
        self._fill()

    def on_key(self, event: events.Key) -> None:
        """Up and down choose, enter does it."""
        match event.key:
            case "down":
                self._step(1)
            case "up":
                self._step(-1)
            case "enter":
                self._choose()
            case _:
                return
        event.stop()
        event.prevent_default()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the input."""
        event.stop()
        self._choose()

    def on_pane_resized(self, event: Pane.Resized) -> None:
        """Another width."""
        event.stop()
        self._fill()

    def act(self, action: Action, key: str) -> bool:
        """Esc leaves; a saved sheet is none."""
        del key
        if action.id == "editor.leave":
            self.close()
            return True
        return action.id == "editor.next"

    def _step(self, step: int) -> None:
        self._at = max(0, min(self._at + step, len(self._found) - 1))
        self._fill()

    def _choose(self) -> None:
        if self._found:
            action = self._found[self._at]
            self.close()
            self._chosen(action)

    def _fill(self) -> None:
        signs = self.look.signs
        width = self.screen.size.width
        margin = margin_of(width)
        lines = []
        for place, action in enumerate(self._found):
            here = place == self._at
            line = Line().add(signs.cursor if here else " ", Token.ACCENT).add(" " * (margin - 1))
            line.add(action.title, Token.STRONG if here else Token.TEXT)
            why = self._whys[action.id]
            key = " ".join(written(one) for one in action.keys)
            if width >= NARROW_FROM:
                line.to(26).add(action.help, Token.DIM)
            line.end(f"{signs.warn} {why}" if why else key, Token.WARN if why else Token.STRONG).end(" " * margin)
            lines.append(line)
        self._pane.show(lines or [Line().add(" " * margin).add("nothing is called that", Token.DIM)])
        self._pane.scroll_to_line(self._at)
