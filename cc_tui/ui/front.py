"""What stands before the operator, and what a key means there: the tab, or the sheet that lies over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cc_tui.actions.action import Action, Risk, Where
from cc_tui.state.messages import Level
from cc_tui.ui.widgets.shape import TOO_SMALL

if TYPE_CHECKING:
    from cc_tui.decisions.guard import Selected, Shown, Swallowed
    from cc_tui.session import Session
    from cc_tui.state.messages import Message
    from cc_tui.ui.dialogs.overlays import Overlays
    from cc_tui.ui.tabs.tab import Tab

TOO_SMALL_WORDS = f"too small: {TOO_SMALL[0]}×{TOO_SMALL[1]}"
_UNSEEN = frozenset({"app.quit", "app.suspend"})
"""What may be done where nothing can be shown of what it does."""


class Front:
    """Answers for the sheet, or else for the tab; where the terminal is too small, nothing is in front.

    Args:
        session: what is known, and where the app says things.
        overlays: the sheet and the prompt that may lie over the tab.
        tab: tells which tab is shown.
        everywhere: carries out an action that is neither the sheet's nor the tab's.
        changed: told when footer and tabs may read differently.
        swallowed: told when a key did not count.
        is_laid_out: tells whether all stands where the terminal's size has it.
    """

    def __init__(
        self,
        session: Session,
        overlays: Overlays,
        *,
        tab: Callable[[], Tab],
        everywhere: Callable[[Action], None],
        changed: Callable[[], None],
        swallowed: Callable[[], None],
        is_laid_out: Callable[[], bool],
    ) -> None:
        self._session = session
        self._overlays = overlays
        self._tab = tab
        self._everywhere = everywhere
        self._changed = changed
        self._swallowed = swallowed
        self._is_laid_out = is_laid_out
        self.is_too_small = False
        self._refusal: Message | None = None
        """Why the key before this one did nothing."""

    @property
    def tab(self) -> Tab:
        """The tab that is shown."""
        return self._tab()

    # What is there

    def resized(self, width: int, height: int) -> None:
        """The terminal has this size: one that is too small is told so."""
        was_too_small, self.is_too_small = self.is_too_small, width < TOO_SMALL[0] or height < TOO_SMALL[1]
        if self.is_too_small:
            self._say_too_small()
        elif was_too_small:
            self._session.known.messages.clear()

    def places(self) -> Sequence[Where]:
        """Where keys are looked for now."""
        sheet = self._overlays.sheet
        return sheet.places if sheet is not None else self.tab.places()

    def selected(self) -> Selected | None:
        """What a decision key would decide."""
        return None if self.is_too_small else (self._overlays.sheet or self.tab).selected()

    def shown(self) -> Shown | None:
        """What of it was painted; None where nothing is decided."""
        if self.is_too_small or self._overlays.prompt is not None or not self._is_laid_out():
            return None
        return (self._overlays.sheet or self.tab).shown()

    def decides_by_sight(self, action: Action) -> bool:
        """A decision on marks opens what is to be seen; all others decide what is in view."""
        return action.risk is Risk.DECISION and (self._overlays.sheet is not None or not self.tab.has_marks())

    def why_not(self, action: Action) -> str | None:
        """Why an action can't be used now; where nothing can be shown, nothing is done but to leave."""
        if self.is_too_small and action.id not in _UNSEEN:
            return TOO_SMALL_WORDS
        return (
            action.unavailable(self._session.known)
            or self._session.why_not(action.id)
            or (None if self._overlays.sheet is not None else self.tab.why_not(action))
        )

    # What a key does

    def act(self, action: Action, key: str) -> None:
        """The sheet's, the tab's, or everywhere's."""
        self._outdate_refusal()
        if self._overlays.sheet is not None:
            self._overlays.sheet.act(action, key)
        elif not self.tab.act(action, key):
            self._everywhere(action)
        elif self.tab.letters():
            self._changed()

    def clicked(self, action: Action) -> None:
        """The footer names a key, and it was clicked: that never decides."""
        if action.risk is Risk.DECISION:
            return
        if (why := self.why_not(action)) is not None:
            self.refuse(action, why)
        else:
            self.act(action, action.keys[0])

    def typed_letter(self, key: str) -> bool:
        """A key that a started sequence waits for."""
        was_taken = self._overlays.sheet is None and self.tab.typed_letter(key)
        if was_taken:
            self._changed()
        return was_taken

    def unbound(self, key: str) -> None:
        """A key that means nothing here is told so, where nothing else is told."""
        if self._session.known.messages.shown is None:
            told = "" if self._overlays.sheet is not None else " · ? shows what does"
            self._session.say(f"{key} does nothing here{told}", Level.NOTE, (key, "?"))

    def look_first(self) -> None:
        """Nothing that could be decided is on screen: show it, where there is room for it."""
        self._outdate_refusal()
        if self.is_too_small:
            self._say_too_small()
        else:
            self.tab.look_first()

    def refuse(self, action: Action, why: str) -> None:
        """Say why."""
        self._session.say(f"{action.title.lower()}: {why}", Level.WARN, short=why)
        shown = self._session.known.messages.shown
        self._refusal = shown if shown is not None and shown.level is Level.WARN else None

    def _outdate_refusal(self) -> None:
        """A key does something: why one before it did nothing is of no use any more."""
        if self._refusal is not None and self._session.known.messages.shown is self._refusal:
            self._session.known.messages.clear()
        self._refusal = None

    def swallowed(self, swallowed: Swallowed) -> None:
        """Say what did not count; bring what was not seen into view."""
        key, words = swallowed.key, f"{swallowed.key} did not count: {swallowed.sentence}"
        short = f"{key} ignored: {swallowed.brief}"
        if swallowed.scroll_to is not None and self._overlays.sheet is None:
            self.tab.reveal_line(swallowed.scroll_to)
            words, short = f"{words}; read on here, then press {key} again", f"{key} ignored: read on, then {key}"
        self._session.say(words, Level.WARN, (key,), short=short)
        if self._overlays.prompt is not None:
            self._overlays.prompt.say(words)
        self._swallowed()

    def _say_too_small(self) -> None:
        self._session.say(f"{TOO_SMALL_WORDS} is needed", Level.ERROR, short=TOO_SMALL_WORDS)
