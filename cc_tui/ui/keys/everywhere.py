"""The actions that work on every tab: tabs, palette, help, log, undo, refresh, suspend, back, quit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Protocol

from cc_tui.actions.action import Action
from cc_tui.state.messages import Level
from cc_tui.text.safe import safe_line
from cc_tui.ui.tabs.tab import Stage
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line

if TYPE_CHECKING:
    from cc_tui.actions.keymap import Keymap
    from cc_tui.ui.front import Front

LOG_SHOWN = 500


class WholeApp(Stage, Protocol):
    """What these actions ask for, beyond what a tab asks."""

    keymap: Keymap
    front: Front

    @property
    def is_mute(self) -> bool:
        """Whether this terminal never tells what is on its screen."""

    def action_suspend_process(self) -> None:
        """Give the terminal back to the shell."""

    def leave(self) -> None:
        """End the app."""


class Everywhere:
    """Carries them out."""

    def __init__(self, app: WholeApp) -> None:
        self._app = app
        self._acts: dict[str, Callable[[], None]] = {
            "tab.dashboard": lambda: app.go_to_tab("dashboard"),
            "tab.agents": lambda: app.go_to_tab("agents"),
            "tab.approvals": lambda: app.go_to_tab("approvals"),
            "app.palette": self._palette,
            "app.help": self._help,
            "app.log": self._log,
            "app.undo": lambda: app.run_soon(self._undo()),
            "app.kept": self._kept,
            "app.refresh": self._refresh,
            "app.suspend": app.action_suspend_process,
            "app.back": self._back,
            "app.quit": self._quit,
            "list.back": self._escape,
        }

    def act(self, action: Action) -> None:
        """Carry out one of them."""
        act = self._acts.get(action.id)
        if act is not None:
            act()

    def _palette(self) -> None:
        from cc_tui.ui.dialogs.help import reasons
        from cc_tui.ui.dialogs.palette import PaletteSheet

        app = self._app
        whys = reasons(app.keymap, app.front.places(), app.front.why_not)
        app.open_sheet(PaletteSheet(app.look, app.keymap.actions, whys, partial(self._chosen, whys)))

    def _chosen(self, whys: Mapping[str, str | None], action: Action) -> None:
        """An action picked by its name; one that decides must be done with its key, on the draft."""
        from cc_tui.actions.action import Risk

        app = self._app
        why = whys[action.id]
        if action.risk is Risk.DECISION:
            keys = app.keymap.first_key(action.id)
            app.session.say(f"{action.title.lower()} is done with {keys}, on the draft itself", Level.NOTE, (keys,))
        elif why is not None:
            app.front.refuse(action, why)
        else:
            app.when_free(partial(app.front.act, action, next(iter(action.keys), "")))

    def _help(self) -> None:
        from cc_tui.ui.dialogs.help import help_lines, legend_lines, reasons, short_lines
        from cc_tui.ui.dialogs.pages import PageSheet

        app = self._app
        places = app.front.places()
        whys = reasons(app.keymap, places, app.front.why_not)
        told = (app.keymap, places, whys)
        app.open_sheet(
            PageSheet(
                app.look,
                "help",
                [
                    ("Keys here", lambda width: short_lines(*told, width, app.look)),
                    ("Every key", lambda width: help_lines(*told, width, app.look)),
                    ("Signs and words", lambda width: legend_lines(width, app.look)),
                ],
            )
        )

    def _log(self) -> None:
        from cc_tui.ui.dialogs.pages import PageSheet, log_lines, log_notes

        app = self._app
        notes = log_notes(is_mute=app.is_mute, unread_events=app.session.known.link.unread_events)
        messages = app.session.known.messages.newest(LOG_SHOWN)
        app.open_sheet(
            PageSheet(
                app.look, "log", [("Log, newest first", lambda width: log_lines(messages, notes, width, app.look))]
            )
        )

    async def _undo(self) -> None:
        from cc_api_client.errors import CommandCenterError

        app = self._app
        if app.session.backstage is None:
            return
        try:
            if not await app.session.backstage.deciding.undo_newest():
                app.session.say("nothing that can still be taken back")
        except CommandCenterError as error:
            short = "not undone yet; u tries again"
            app.session.say(f"not undone: {error}; u tries again", Level.WARN, ("u",), short=short)

    def _kept(self) -> None:
        from cc_tui.ui.dialogs.kept import ask_about_kept_elsewhere

        ask_about_kept_elsewhere(self._app)

    def _refresh(self) -> None:
        if self._app.session.backstage is not None:
            self._app.session.backstage.sync.refresh()
            self._app.session.reached()
            self._app.session.say("asking the server for everything again")

    def _escape(self) -> None:
        if not self._app.front.tab.back():
            self._app.session.known.messages.clear()

    def _back(self) -> None:
        if not self._app.front.tab.back():
            self._quit()

    def _quit(self) -> None:
        from cc_tui.ui.dialogs.question import QuestionSheet

        app = self._app
        waiting = app.session.known.approvals.undelivered_count
        if not waiting or app.session.backstage is None:
            app.leave()
            return
        words = f"{waiting} decision{'s are' if waiting > 1 else ' is'} not delivered"
        lines = [Line().add(safe_line("kept on this disk, and offered at the next start"), Token.DIM)]
        app.open_sheet(QuestionSheet(app.look, f"Quit? {words}", lines, "quit", app.leave))
