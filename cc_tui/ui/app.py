"""The app: the frame, the tabs, and where keys, evidence and messages come together. It draws; the session acts."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.theme import Theme
from textual.worker import Worker, WorkerState

from cc_tui.actions.action import Action, Risk, Where
from cc_tui.actions.keymap import Keymap
from cc_tui.config.model import Config
from cc_tui.decisions.guard import Guard, GuardSettings, Selected, Shown, Swallowed
from cc_tui.session import Session
from cc_tui.state.messages import Level
from cc_tui.ui import hangup
from cc_tui.ui.dialogs.sheet import Sheet, SheetClosed
from cc_tui.ui.everywhere import Everywhere
from cc_tui.ui.facts import bar_facts, tab_names
from cc_tui.ui.frame.footer import FooterItem, KeyFooter
from cc_tui.ui.frame.message_line import MessageLine
from cc_tui.ui.frame.status_bar import StatusBar
from cc_tui.ui.frame.tab_bar import HAIRLINE_FROM_ROWS, TabBar
from cc_tui.ui.keys import KeyRouter, name_of
from cc_tui.ui.opening import Opening
from cc_tui.ui.tabs.tab import Tab
from cc_tui.ui.terse import TerseDriver
from cc_tui.ui.themes.look import choose_look
from cc_tui.ui.themes.tokens import Ground, Palette, Token
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.witness import Witness

if TYPE_CHECKING:
    from cc_tui.config.endpoint import EndpointSource
    from cc_tui.ui.widgets.asked import Question
    from cc_tui.ui.widgets.prompt import Prompt

TOO_SMALL = (40, 10)
TOO_SMALL_WORDS = f"too small: {TOO_SMALL[0]}×{TOO_SMALL[1]} is needed"
REPAINT_SECONDS = 0.2


class CommandCenter(App[int]):
    """The app of one session."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []
    CSS = """
    Screen { layout: vertical; layers: base prompt sheet; overflow: hidden; background: $background; }
    #tabs { height: 1fr; width: 1fr; }
    #tabs.-hidden { display: none; }
    Sheet { background: $background; }
    Input, TextArea, Static { background: $background; color: $foreground; }
    #too-small { display: none; }
    """

    def __init__(self, config: Config, demo: EndpointSource | None = None, session: Session | None = None) -> None:
        self.look = choose_look(config.theme, config.ascii, os.environ)
        super().__init__(ansi_color=self.look.palette.is_native)
        self.register_theme(_theme(self.look.palette))
        self.theme = self.look.palette.name if self.look.palette.name != "16" else "cc-16"
        self.session = session or Session(config)
        self.demo = demo
        self.keymap = Keymap(config.keys)
        guard = config.guard
        self.guard = Guard(GuardSettings(guard.hold_ms, repeat_ms=guard.repeat_ms, link_ms=guard.link_ms))
        self.witness = Witness(self, self.guard, self._shown)
        self.router = KeyRouter(self.keymap, self.guard, self)
        self.everywhere = Everywhere(self)
        self.opening = Opening(self)
        self.active = config.tab
        self._bar = StatusBar(self.look, bar_facts(self.session, is_demo=demo is not None))
        self._tab_bar = TabBar(self.look, self.active)
        self._message = MessageLine(self.look, self.session.known.messages, self.session.clock.wall)
        self._footer = KeyFooter(self.look)
        self._tabs: dict[str, Tab] = {}
        self._sheet: Sheet | None = None
        self._prompt: Prompt | None = None
        self._dirty = False
        self._is_too_small = False
        self._is_leaving = False

    # Composition and life

    def get_driver_class(self) -> type[Driver]:
        """Textual's choice; on a terminal the one that writes fewer bytes."""
        chosen = super().get_driver_class()
        return TerseDriver if chosen is LinuxDriver else chosen

    def compose(self) -> ComposeResult:
        """The frame, and the first tab."""
        yield self._bar
        yield self._tab_bar
        with Container(id="tabs"):
            yield self._tab(self.active)
        yield self._message
        yield self._footer

    def on_mount(self) -> None:
        """Follow the state; open the server after the first paint."""
        known = self.session.known
        for changed in (known.approvals.changed, known.dashboard.changed, known.identity.changed, known.link.changed,
                        known.agents.changed):  # fmt: skip
            changed.subscribe(lambda _change: self._state_changed())
        known.messages.changed.subscribe(lambda _none: self.look_again())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.leave)
        if not self.is_headless and sys.__stdin__ is not None:
            hangup.watch(sys.__stdin__.fileno(), partial(loop.call_soon_threadsafe, self.leave))
        self.app_suspend_signal.subscribe(self, lambda _app: self.witness.dropped())
        self.app_resume_signal.subscribe(self, lambda _app: self.resumed())
        self.witness.begin(*self.size)
        self._reshape(*self.size)
        self.set_interval(1.0, self._tick)
        self.call_after_refresh(self.opening.begin)

    def _tab(self, tab_id: str) -> Tab:
        tab = self._tabs.get(tab_id)
        if tab is None:
            tab = self._tabs[tab_id] = self.everywhere.make_tab(tab_id)
        return tab

    @property
    def tab(self) -> Tab:
        """The tab that is shown."""
        return self._tabs[self.active]

    async def show_tab(self, tab_id: str) -> None:
        """Show a tab; it is made at its first visit."""
        if tab_id == self.active:
            return
        self.tab.display = False
        self.active = tab_id
        tab = self._tab(tab_id)
        if not tab.is_mounted:
            await self.query_one("#tabs").mount(tab)
        tab.display = True
        tab.reshape(*self.size)
        self.frame_changed()

    def leave(self) -> None:
        """End the app: decisions are flushed first. Asked again, it goes on with that."""
        if self._is_leaving:
            return
        self._is_leaving = True
        self.run_worker(self._leave(), group="leave", exit_on_error=False)

    async def _leave(self) -> None:
        left = await self.session.close()
        self.exit(0, message=None if not left else f"{left} decisions are kept and offered at the next start")

    # What tabs ask (Stage)

    def ask(self, question: Question) -> None:
        """Open the prompt in place of the message line."""
        from cc_tui.ui.widgets.prompt import Prompt

        if self._prompt is None:
            self._prompt = Prompt(self.look, question)
            self.mount(self._prompt)
            self.frame_changed()

    def close_prompt(self) -> None:
        """Close it."""
        prompt, self._prompt = self._prompt, None
        if prompt is not None:
            prompt.remove()
            self.set_focus(None)
            self.frame_changed()

    def open_sheet(self, sheet: Sheet) -> None:
        """Open a sheet; one at a time."""
        if self._sheet is not None:
            return
        self._sheet = sheet
        for canvas in self.tab.query(Canvas):
            canvas.fade(Token.FAINT)
        self.mount(sheet)
        self.frame_changed()
        self.look_again()

    def on_sheet_closed(self, event: SheetClosed) -> None:
        """A sheet asks to be closed."""
        if event.sheet is self._sheet:
            self.close_sheet()

    def close_sheet(self) -> None:
        """Close the sheet; what was held before it does not count."""
        sheet, self._sheet = self._sheet, None
        if sheet is None:
            return
        sheet.leave()
        sheet.remove()
        self.set_focus(None)
        for canvas in self.tab.query(Canvas):
            canvas.fade(None)
        self.tab.reveal()
        self.frame_changed()

    def line_opened(self, key: str) -> None:
        """A line of choices opened by a key."""
        self.guard.line_opened(key)

    def line_closed(self) -> None:
        """It is gone."""
        self.guard.line_closed()

    def go_to_tab(self, tab_id: str) -> None:
        """Show another tab."""
        self.run_worker(self.show_tab(tab_id), group="tabs", exit_on_error=False)

    def run_soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for the server in a worker."""
        self.run_worker(work, group="commands", exit_on_error=False)

    def resumed(self) -> None:
        """Another program had the terminal: paint all of it anew; nothing shown before counts."""
        self.witness.dropped()
        self.refresh(repaint=True, layout=True)

    # Keys: what the router asks

    async def on_event(self, event: events.Event) -> None:
        """Keys are ours; what an open input should have goes on to it."""
        match event:
            case events.Key() if not event.is_forwarded:
                await self._key(event)
            case events.Paste() if not event.is_forwarded:
                self.guard.pasted(event.time)
                if self._takes_text():
                    await super().on_event(event)
            case _:
                await super().on_event(event)

    async def _key(self, event: events.Key) -> None:
        if not self._is_too_small:
            self.session.known.messages.acknowledge()
        name = name_of(event)
        if not self._takes_text():
            self.router.press(name, event.time)
            return
        read = self.router.read(name, event.time)
        if self._prompt is not None and name in ("enter", "escape", "ctrl+c"):
            prompt, question = self._prompt, self._prompt.question
            if name == "enter" and question.decides:
                self.router.judge_typed(read, lambda: prompt.when_typed(partial(self._take, prompt)))
            elif name == "enter":
                prompt.when_typed(partial(self._take, prompt))
            else:
                self.close_prompt()
                if question.left is not None:
                    question.left()
            return
        action = self.keymap.find(event.key, self.places()) if self._sheet is not None else None
        if action is not None and self._sheet is not None and self._sheet.act(action, name):
            return
        await super().on_event(event)

    def _take(self, prompt: Prompt, typed: str) -> None:
        if prompt is self._prompt:
            self.close_prompt()
            prompt.question.taken(typed)

    def _takes_text(self) -> bool:
        if self._prompt is not None:
            return True
        return self._sheet is not None and self._sheet.takes_text and hasattr(self.focused, "cursor_blink")

    def places(self) -> Sequence[Where]:
        """Where keys are looked for now."""
        return self._sheet.places if self._sheet is not None else self.tab.places()

    def selected(self) -> Selected | None:
        """What a decision key would decide."""
        return None if self._sheet is not None or self._is_too_small else self.tab.selected()

    def look_first(self) -> None:
        """Nothing that could be decided is on screen: show it, where there is room for it."""
        if self._is_too_small:
            self.session.say(TOO_SMALL_WORDS, Level.ERROR)
        else:
            self.tab.look_first()

    def decides_by_sight(self, action: Action) -> bool:
        """Decisions on marks were seen one by one; all others decide what is in view."""
        return action.risk is Risk.DECISION and self._sheet is None and not self.tab.has_marks()

    def why_not(self, action: Action) -> str | None:
        """Why an action can't be used now."""
        return action.unavailable(self.session.known) or (None if self._sheet is not None else self.tab.why_not(action))

    def refuse(self, action: Action, why: str) -> None:
        """Say why."""
        self.session.say(f"{action.title.lower()}: {why}", Level.WARN)

    def swallowed(self, swallowed: Swallowed) -> None:
        """Say what did not count; bring what was not seen into view."""
        words = f"{swallowed.key} did not count: {swallowed.sentence}"
        self.session.say(words, Level.WARN, (swallowed.key,))
        if self._prompt is not None:
            self._prompt.say(words)
        if swallowed.scroll_to is not None:
            self.everywhere.reveal_line(swallowed.scroll_to)
        self.witness.hold_restarted()

    def typed_letter(self, key: str) -> bool:
        """A key that a started sequence waits for."""
        return self._sheet is None and self.tab.typed_letter(key)

    def act(self, action: Action, key: str) -> None:
        """The sheet's, the tab's, or everywhere's."""
        if self._sheet is not None:
            self._sheet.act(action, key)
        elif not self.tab.act(action, key):
            self.everywhere.act(action)

    # The terminal: what the witness asks

    @property
    def can_testify(self) -> bool:
        """Whether there is a terminal behind the screen."""
        return not self.is_headless

    def write_behind_frame(self, sequence: str) -> None:
        """Write behind what was written before."""
        if self._driver is not None:
            self._driver.write(sequence)
            self._driver.flush()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call after so many seconds."""
        self.set_timer(max(0.001, seconds), call)

    def monotonic(self) -> float:
        """The clock that events carry."""
        return self.session.clock.monotonic()

    def post_display_hook(self) -> None:
        """A frame was written."""
        super().post_display_hook()
        self.look_again()

    def look_again(self) -> None:
        """What the guard sees may have changed."""
        if self.is_running and self.active in self._tabs:
            self.witness.frame_drawn()

    def _shown(self) -> Shown | None:
        if self._sheet is not None or self._prompt is not None or self._is_too_small or self.active not in self._tabs:
            return None
        return self.tab.shown()

    def on_cursor_position(self, event: events.CursorPosition) -> None:
        """The terminal answered a fence, or anything else."""
        self.witness.answered(event.x + 1, event.y + 1, event.time)

    def on_app_focus(self, event: events.AppFocus) -> None:
        """The window got the focus."""
        self.guard.focused(event.time)

    def on_resize(self, event: events.Resize) -> None:
        """Another size: nothing shown before counts."""
        self.witness.resized(event.size.width, event.size.height)
        self._reshape(event.size.width, event.size.height)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """The one funnel for what broke in a worker: it is logged, and said in a sentence."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.session.broke(event.worker.error)

    # The frame

    def frame_changed(self) -> None:
        """Footer and tabs may read differently now."""
        if not self.is_running:
            return
        self._tab_bar.show(tab_names(self.session), self.active, self.tab.inner_title())
        places = self._footer_places()
        items = [
            FooterItem(action.id, self.keymap.footer_key(action), action.short)
            for action in self.keymap.footer(places)
            if action.id != "app.help"
            and (self._sheet is not None or self.tab.offers(action))
            and action.unavailable(self.session.known) != "read-only key"
        ]
        self._footer.show(items)

    def _footer_places(self) -> Sequence[Where]:
        """Whose keys stand in the footer; while a line takes text, none."""
        if self._prompt is not None:
            return ()
        if self._sheet is None:
            return self.tab.places()
        return self._sheet.places if self._sheet.footer_places is None else self._sheet.footer_places

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        """A click on a tab."""
        self.go_to_tab(event.tab_id)

    def on_key_footer_clicked(self, event: KeyFooter.Clicked) -> None:
        """A click on a key never decides."""
        action = self.keymap.of(event.action_id)
        if action.risk is not Risk.DECISION:
            self.act(action, action.keys[0])

    def _state_changed(self) -> None:
        """Redraw the frame at most five times a second, and only when something changed."""
        if not self._dirty:
            self._dirty = True
            self.set_timer(REPAINT_SECONDS, self._redraw_frame)

    def _redraw_frame(self) -> None:
        self._dirty = False
        self._bar.show(bar_facts(self.session, is_demo=self.demo is not None))
        self.frame_changed()

    def _tick(self) -> None:
        self._bar.show(bar_facts(self.session, is_demo=self.demo is not None))
        self.session.known.messages.expire(self.session.clock.wall())
        if self._message.counts_down:
            self._message.repaint()
        if self._sheet is None:
            self.tab.tick()

    def _reshape(self, width: int, height: int) -> None:
        self._tab_bar.set_class(height < HAIRLINE_FROM_ROWS, "-low")
        was_too_small, self._is_too_small = self._is_too_small, width < TOO_SMALL[0] or height < TOO_SMALL[1]
        self.query_one("#tabs").set_class(self._is_too_small, "-hidden")
        if self._is_too_small:
            self.session.say(TOO_SMALL_WORDS, Level.ERROR)
        elif was_too_small:
            self.session.known.messages.clear()
        self.tab.reshape(width, height)
        self.frame_changed()


def _theme(palette: Palette) -> Theme:
    """What Textual's own parts (inputs) need of our palette."""
    native = palette.is_native
    text, accent = palette.styles[Token.TEXT].color, palette.styles[Token.ACCENT].color
    return Theme(
        name=palette.name if palette.name != "16" else "cc-16",
        primary="ansi_default" if native or accent is None else accent.name,
        foreground="ansi_default" if native or text is None else text.name,
        background="ansi_default" if native else palette.grounds[Ground.BG] or "ansi_default",
        surface="ansi_default" if native else palette.grounds[Ground.RAISED] or "ansi_default",
        panel="ansi_default" if native else palette.grounds[Ground.RAISED] or "ansi_default",
        dark=palette.is_dark,
        ansi=native,
        variables=dict(_NATIVE_VARIABLES) if native else {},
    )


_NATIVE_VARIABLES = {
    "ansi-background": "ansi_default",
    "ansi-foreground": "ansi_default",
    "border-blurred": "ansi_default",
    "block-cursor-foreground": "ansi_default",
    "block-cursor-background": "ansi_default",
    "input-cursor-text-style": "reverse",
    "input-cursor-background": "ansi_default",
    "input-cursor-foreground": "ansi_default",
}
"""What Textual's own style sheets ask of a theme of the terminal's colours."""


def run(config: Config, demo: EndpointSource | None) -> tuple[int, list[str]]:
    """Run the app on this terminal; returns the exit code and what is left to say to the shell.

    Raises:
        KeyClash: the config gives one key to two actions.
    """
    app = CommandCenter(config, demo)
    code = app.run()
    return (code if code is not None else 1), app.opening.last_words
