"""A sheet: it rises from below and takes all keys until it is left. The tab above it is drawn faint."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.containers import Vertical
from textual.message import Message

from cc_tui.actions.action import Action, Where
from cc_tui.decisions.guard import Selected, Shown
from cc_tui.ui.themes.look import Look
from cc_tui.ui.widgets.shape import WIDE_FROM


class SheetClosed(Message):
    """A sheet asks to be closed."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__()
        self.sheet = sheet


class Sheet(Vertical):
    """What all sheets share. `height` is in lines, of the room between tabs and message line."""

    DEFAULT_CSS = """
    Sheet { dock: bottom; layer: sheet; width: 1fr; height: 60%; margin-bottom: 2; }
    """

    places: Sequence[Where] = (Where.DIALOGS,)
    keys: Sequence[tuple[str, str]] = ()
    """The keys that stand in the footer with their words, where these are not the actions of `places`."""
    takes_text = False
    """Whether keys that are no action go to an input inside."""

    def __init__(self, look: Look, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.look = look

    def on_resize(self, event: events.Resize) -> None:
        """Inputs begin at the margin, which is wider where there is room."""
        self.set_class(event.size.width >= WIDE_FROM, "-wide")

    def act(self, action: Action, key: str) -> bool:
        """Carry out an action; False when it is not for this sheet."""
        del action, key
        return False

    def selected(self) -> Selected | None:
        """What a decision key would decide here, as the guard knows it; None where nothing is decided."""
        return None

    def shown(self) -> Shown | None:
        """What was painted of it; None where nothing is decided."""
        return None

    def reshape(self, width: int, height: int) -> None:
        """The screen has this size."""

    def leave(self) -> None:
        """It is being closed."""

    def close(self) -> None:
        """Close it."""
        self.post_message(SheetClosed(self))
