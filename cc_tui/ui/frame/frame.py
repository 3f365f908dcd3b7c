"""The four lines around a tab, kept true together: status bar, tabs, message line, footer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cc_tui.actions.action import Action, Where
from cc_tui.actions.keymap import Keymap
from cc_tui.session import Session
from cc_tui.ui.frame.facts import bar_facts, tab_names
from cc_tui.ui.frame.footer import FooterItem, KeyFooter
from cc_tui.ui.frame.message_line import MessageLine
from cc_tui.ui.frame.status_bar import StatusBar
from cc_tui.ui.frame.tab_bar import TabBar
from cc_tui.ui.frame.tab_lines import HAIRLINE_FROM_ROWS
from cc_tui.ui.themes.look import Look


class Frame:
    """Holds the frame's widgets and tells them what to say.

    Args:
        look: colours and signs.
        session: what is known.
        active: the id of the tab that is shown first.
        is_demo: whether the bar says that nothing leaves this machine.
    """

    def __init__(self, look: Look, session: Session, active: str, *, is_demo: bool) -> None:
        self._session = session
        self._is_demo = is_demo
        self.bar = StatusBar(look, bar_facts(session, is_demo=is_demo))
        self.tabs = TabBar(look, active)
        self.message = MessageLine(look, session.known.messages, session.clock.wall)
        self.footer = KeyFooter(look)
        self.of_a_tab = (self.tabs, self.footer)
        """What reads differently with every tab."""

    def show_state(self) -> None:
        """Health, counts, spend and link as they are now."""
        self.bar.show(bar_facts(self._session, is_demo=self._is_demo))

    def show_tab(self, active: str, inner: tuple[str, str] | None) -> None:
        """Which tab is shown, and below 80 columns which screen inside it."""
        self.tabs.show(tab_names(self._session), active, inner)

    def show_keys(
        self, keymap: Keymap, places: Sequence[Where], offers: Callable[[Action], bool], *, has_help: bool = True
    ) -> None:
        """The keys of these places that `offers` lets through; to try again only where something failed.

        And to undo only where something can be taken back.
        """
        known = self._session.known
        left_out = {"app.help"} if known.is_worth_retrying else {"app.help", "app.refresh"}
        if not self._session.can_undo():
            left_out.add("app.undo")
        self.footer.show([
            FooterItem(action.id, keymap.footer_key(action), action.short)
            for action in keymap.footer(places)
            if action.id not in left_out and offers(action) and action.unavailable(known) is None
        ], has_help=has_help)  # fmt: skip

    def show_fixed_keys(self, keys: Sequence[tuple[str, str]], *, has_help: bool) -> None:
        """Keys that are no actions, with their words; `?` may be a letter to type."""
        self.footer.show([FooterItem("", key, word) for key, word in keys], has_help=has_help)

    def tick(self) -> None:
        """A second has passed: old messages go, a countdown runs."""
        self.show_state()
        self._session.known.messages.expire(self._session.clock.wall())
        if self.message.counts_down:
            self.message.repaint()

    def reshape(self, height: int) -> None:
        """The screen is `height` lines high: the hairline below the tabs needs room."""
        self.tabs.set_class(height < HAIRLINE_FROM_ROWS, "-low")
