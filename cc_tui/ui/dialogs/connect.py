"""The form that asks for a server when none is configured: address, key, client. It tests them, and offers to save."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.widgets import Input, Static

from cc_tui.actions.action import Action, Where
from cc_tui.text.safe import safe_line
from cc_tui.ui.dialogs.sheet import Sheet
from cc_tui.ui.themes.look import Look

NAMES = ("url", "api_key", "client")
LABELS = {"url": "Address of the server", "api_key": "API key (not shown)", "client": "Client id (empty: all)"}


CONNECTING = "connecting …"
MISSING = {"url": "the address of the server is missing", "api_key": "the API key is missing"}
EXAMPLES = {"url": "for example http://127.0.0.1:8787", "client": "all that the key may see"}


class ConnectSheet(Sheet):
    """Three fields; enter goes on, and on the last one connects."""

    DEFAULT_CSS = """
    ConnectSheet { height: 14; padding: 1 2; }
    ConnectSheet Static { height: 1; }
    ConnectSheet Input { height: 1; border: none; padding: 0; margin-bottom: 1; }
    """
    places = (Where.EDITOR,)
    keys = (("enter", "connect"), ("tab", "next field"), ("esc", "quit"))
    takes_text = True

    def __init__(self, look: Look, initial: dict[str, str], connect: Callable[[dict[str, str]], None]) -> None:
        super().__init__(look, id="connect")
        self._connect = connect
        self._inputs = {
            name: Input(
                initial.get(name, ""),
                password=name == "api_key",
                compact=True,
                placeholder=EXAMPLES.get(name, ""),
                id=f"connect-{name}",
            )
            for name in NAMES
        }
        for field in self._inputs.values():
            field.cursor_blink = False
        self._said = Static("", id="connect-said", markup=False)

    def compose(self) -> ComposeResult:
        """Labels and fields."""
        yield Static("Connect to a server", markup=False)
        for name, field in self._inputs.items():
            yield Static(LABELS[name], markup=False)
            yield field
        yield self._said

    def on_mount(self) -> None:
        """Begin where something is missing."""
        missing = [field for field in self._inputs.values() if not field.value]
        (missing or list(self._inputs.values()))[0].focus()

    def say(self, sentence: str, about: str = "api_key") -> None:
        """What came of the test, with the field that it is about under the cursor."""
        self._said.update(safe_line(sentence))
        if sentence != CONNECTING:
            field = self._inputs[about]
            field.focus()
            field.action_select_all()

    def on_key(self, event: events.Key) -> None:
        """Enter goes to the next empty field, or connects."""
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self._enter()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter inside a field."""
        event.stop()
        self._enter()

    def act(self, action: Action, key: str) -> bool:
        """Esc quits; tab moves."""
        del key
        match action.id:
            case "editor.next":
                self.screen.focus_next()
            case "editor.leave":
                self.app.exit(0)
            case _:
                return False
        return True

    def _enter(self) -> None:
        values = {name: field.value.strip() for name, field in self._inputs.items()}
        for name, sentence in MISSING.items():
            if not values[name]:
                self.say(sentence, name)
                return
        self.say(CONNECTING)
        self._connect(values)
