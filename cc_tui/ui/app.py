"""The app: the frame, the tabs, and where keys, evidence and messages come together. It draws; the session acts."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.worker import Worker, WorkerState

from cc_tui.actions.keymap import Keymap
from cc_tui.config.model import Config
from cc_tui.decisions.guard import Guard, GuardSettings
from cc_tui.session import Session
from cc_tui.text.safe import without_hidden
from cc_tui.ui.dialogs.overlays import Overlays
from cc_tui.ui.dialogs.sheet import Sheet, SheetClosed
from cc_tui.ui.frame.footer import KeyFooter
from cc_tui.ui.frame.frame import Frame
from cc_tui.ui.frame.tab_bar import TabBar
from cc_tui.ui.front import Front
from cc_tui.ui.keys.everywhere import Everywhere
from cc_tui.ui.keys.router import KeyRouter, name_of
from cc_tui.ui.keys.typed import TypedKeys
from cc_tui.ui.opening import Opening
from cc_tui.ui.tabs.making import make_tab
from cc_tui.ui.tabs.shelf import TabShelf
from cc_tui.ui.tabs.tab import Tab
from cc_tui.ui.terminal import hangup
from cc_tui.ui.terminal.driver import FrameDriver
from cc_tui.ui.terminal.painter import Painter
from cc_tui.ui.terminal.taken import can_drive
from cc_tui.ui.terminal.turns import Turns
from cc_tui.ui.terminal.witness import Witness
from cc_tui.ui.themes.look import choose_look
from cc_tui.ui.themes.native import theme_name, theme_of
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.canvas import Canvas

if TYPE_CHECKING:
    from cc_api_client.ahead import Ahead
    from cc_tui.config.endpoint import EndpointSource
    from cc_tui.sync.first_rows import FirstRows
    from cc_tui.ui.widgets.asked import Question

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
    """

    def __init__(
        self,
        config: Config,
        demo: EndpointSource | None = None,
        session: Session | None = None,
        first_rows: Ahead[FirstRows] | None = None,
    ) -> None:
        self.look = choose_look(config.theme, config.ascii, os.environ)
        super().__init__(ansi_color=self.look.palette.is_native)
        self.register_theme(theme_of(self.look.palette))
        self.theme = theme_name(self.look.palette)
        self.session = session or Session(config)
        self.keymap = Keymap(config.keys)
        guard = config.guard
        self.guard = Guard(GuardSettings(guard.hold_ms, repeat_ms=guard.repeat_ms, link_ms=guard.link_ms))
        self.painter = Painter(self, lambda: self._driver, is_patient=config.low_bandwidth)
        self.turns = Turns(self, self.painter, lambda: self._driver, self.monotonic)
        self.overlays = Overlays(self)
        self.everywhere = Everywhere(self)
        self.front = Front(
            self.session, self.overlays, tab=lambda: self.tab, everywhere=self.everywhere.act,
            changed=self.frame_changed, swallowed=self._swallowed, is_laid_out=lambda: self.painter.is_laid_out,
        )  # fmt: skip
        self.witness = Witness(self, self.guard, self.front.shown)
        self.router = KeyRouter(self.keymap, self.guard, self.front, self.turns)
        self.typed = TypedKeys(self.overlays, self.router, lambda key: self.keymap.find(key, self.front.places()))
        self.opening = Opening(self, self.session, self.overlays, demo, first_rows)
        self.shelf = TabShelf(config.tab, lambda tab_id: make_tab(tab_id, self, self.guard.met), self.painter)
        self.frame = Frame(self.look, self.session, config.tab, is_demo=demo is not None)
        self._dirty = self._is_frame_stale = False
        self._events_under_way = 0
        self._is_leaving = False

    # Composition and life

    def get_driver_class(self) -> type[Driver]:
        """Textual's choice; on a terminal that can be opened anew, the one that sends differences."""
        chosen = super().get_driver_class()
        return FrameDriver if chosen is LinuxDriver and can_drive() else chosen

    def compose(self) -> ComposeResult:
        """The frame, and the first tab."""
        yield self.frame.bar
        yield self.frame.tabs
        with Container(id="tabs"):
            yield self.tab
        yield self.frame.message
        yield self.frame.footer

    def on_mount(self) -> None:
        """Follow the state; open the server after the first paint."""
        self.opening.before_first_frame()
        known = self.session.known
        for changed in (known.approvals.changed, known.dashboard.changed, known.identity.changed, known.link.changed,
                        known.agents.changed):  # fmt: skip
            changed.subscribe(lambda _change: self._state_changed())
        known.messages.changed.subscribe(lambda _none: self.look_again())
        hangup.leave_when_told(self.leave, has_terminal=not self.is_headless)
        self.app_suspend_signal.subscribe(self, lambda _app: self.witness.went_away())
        self.app_resume_signal.subscribe(self, lambda _app: self.resumed())
        if isinstance(self._driver, FrameDriver):
            self._driver.hand_keys_to(self.take_key)
        self.witness.begin(*self.size)
        self._reshape(*self.size)
        self.set_interval(1.0, self._tick)
        self.call_after_refresh(self.opening.begin)

    @property
    def tab(self) -> Tab:
        """The tab that is shown."""
        return self.shelf.tab

    def go_to_tab(self, tab_id: str) -> None:
        """Show another tab, made at its first visit and drawn as it was left at others; not under what is open."""
        if tab_id == self.shelf.active or self.overlays.is_any_open:
            return
        self.session.known.messages.leave_behind()
        self.shelf.turn_to(tab_id, self.frame.of_a_tab)
        if self.tab.is_mounted:
            self.painter.paint()
            self._draw_frame()
            self.shelf.show(self.size)
        elif not self.tab.is_attached:
            self.run_worker(self._mount(self.tab), group="tabs", exit_on_error=False)

    async def _mount(self, tab: Tab) -> None:
        await self.query_one("#tabs").mount(tab)
        self.shelf.show(self.size)
        self.frame_changed()

    def leave(self) -> None:
        """End the app: decisions are flushed first. Asked again, it goes on with that."""
        if self._is_leaving:
            return
        self._is_leaving = True
        self.run_worker(self._leave(), group="leave", exit_on_error=False)

    async def _leave(self) -> None:
        left = 0
        try:
            left = await self.session.close()
        finally:
            self.exit(0, message=hangup.last_words(left))

    # What tabs ask (Stage)

    def ask(self, question: Question) -> None:
        """Open the prompt in place of the message line."""
        self.overlays.ask(question)

    def open_sheet(self, sheet: Sheet) -> None:
        """Open a sheet; one at a time."""
        self.overlays.open_sheet(sheet)

    def when_free(self, offer: Callable[[], None]) -> None:
        """Make an offer as soon as nothing else is open."""
        self.overlays.when_free(offer)

    def cover_tab(self) -> None:
        """A sheet lies over the tab now: it is drawn faint."""
        for canvas in self.tab.query(Canvas):
            canvas.fade(Token.FAINT)
        self.frame_changed()
        self.look_again()

    def uncover_tab(self) -> None:
        """The tab is free again: it catches up."""
        for canvas in self.tab.query(Canvas):
            canvas.fade(None)
        self.tab.shown_again()
        self.tab.reveal()
        self.frame_changed()

    def _swallowed(self) -> None:
        self.witness.hold_restarted()

    def on_sheet_closed(self, event: SheetClosed) -> None:
        """A sheet asks to be closed."""
        if event.sheet is self.overlays.sheet:
            self.overlays.close_sheet()

    def line_opened(self, key: str) -> None:
        """A line of choices opened by a key."""
        self.guard.line_opened(key)

    def line_closed(self) -> None:
        """It is gone."""
        self.guard.line_closed()

    def run_soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for the server in a worker."""
        self.run_worker(work, group="commands", exit_on_error=False)

    def resumed(self) -> None:
        """Another program had the terminal: paint all of it anew; nothing shown before counts."""
        self.witness.came_back()
        self._forget_screen()
        self.refresh(repaint=True, layout=True)

    def _forget_screen(self) -> None:
        if isinstance(self._driver, FrameDriver):
            self._driver.forget()

    # Keys

    async def on_event(self, event: events.Event) -> None:
        """Keys are ours; what an open input should have goes on to it."""
        self._events_under_way += 1
        try:
            match event:
                case events.Key() if not event.is_forwarded:
                    if not self._act_on(event) and not self.overlays.type_ahead(event):
                        await super().on_event(event)
                    self.painter.paint()
                case events.Paste() if not event.is_forwarded:
                    self.guard.pasted(event.time)
                    event.text = without_hidden(event.text)[0]  # an input would write them to the terminal as they are
                    if self.overlays.takes_text:
                        await super().on_event(event)
                case _:
                    await super().on_event(event)
        finally:
            self._events_under_way -= 1

    def take_key(self, event: events.Key) -> bool:
        """A key just read, when nothing that was read before it waits and no input wants it; False: it must queue."""
        if self._events_under_way or not self._message_queue.empty() or self.overlays.takes_text:
            return False
        self.turns.do(lambda: self._act_on(event))
        return True

    def _act_on(self, event: events.Key) -> bool:
        """Act on a key; False when it is text for an open input."""
        if not self.front.is_too_small:
            self.session.known.messages.acknowledge()
        name = name_of(event)
        if not self.overlays.takes_text:
            self.router.press(name, event.time)
        elif not self.typed.take(name, event.key, self.router.read(name, event.time)):
            return False
        return True

    # The terminal: what the witness asks

    @property
    def is_mute(self) -> bool:
        """Whether the terminal never tells what is on its screen."""
        return self.witness.is_mute

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
        """Call after so many seconds, and paint at once what that changes."""
        self.turns.later(seconds, call)

    def monotonic(self) -> float:
        """The clock that events carry."""
        return self.session.clock.monotonic()

    def post_display_hook(self) -> None:
        """A frame was written."""
        super().post_display_hook()
        self.opening.painted.set()
        if isinstance(self._driver, FrameDriver) and self._driver.took_question_back():
            self.witness.taken_back()
        self.look_again()

    def look_again(self) -> None:
        """What the guard sees may have changed; what waits to be painted is looked at then."""
        if self.painter.is_pending:
            return
        if self.is_running and not self.shelf.is_empty:
            self.witness.frame_drawn()

    def on_cursor_position(self, event: events.CursorPosition) -> None:
        """The terminal answered a fence, or anything else."""
        self.witness.answered(event.x + 1, event.y + 1, event.time)

    def on_app_focus(self, event: events.AppFocus) -> None:
        """The window got the focus."""
        self.guard.focused(event.time)

    def on_resize(self, event: events.Resize) -> None:
        """Another size: nothing shown before counts."""
        self.witness.resized(event.size.width, event.size.height)
        self._forget_screen()
        self._reshape(event.size.width, event.size.height)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """The one funnel for what broke in a worker: it is logged, and said in a sentence."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.session.broke(event.worker.error)

    # The frame

    def frame_changed(self) -> None:
        """Footer and tabs may read differently now: they are drawn behind what is under way."""
        if self.is_running and not self._is_frame_stale:
            self._is_frame_stale = True
            self.call_next(self._draw_frame)

    def _draw_frame(self) -> None:
        """Footer and tabs as they read now."""
        self._is_frame_stale = False
        if not self.is_running:
            return
        self.frame.show_tab(self.shelf.active, self.tab.inner_title())
        sheet, prompt = self.overlays.sheet, self.overlays.prompt
        if self.front.is_too_small:
            self.frame.show_fixed_keys(((self.keymap.first_key("app.quit"), "quit"),), has_help=False)
        elif prompt is not None:
            self.frame.show_fixed_keys((("enter", prompt.question.verb), ("esc", "leave")), has_help=False)
        elif keys := self.tab.letters() if sheet is None else sheet.keys:
            self.frame.show_fixed_keys(keys, has_help=False)
        elif sheet is not None:
            self.frame.show_keys(self.keymap, self.front.places(), lambda _action: True, has_help=not sheet.takes_text)
        else:
            self.frame.show_keys(self.keymap, self.front.places(), self.tab.offers)

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        """A click on a tab."""
        self.go_to_tab(event.tab_id)

    def on_key_footer_clicked(self, event: KeyFooter.Clicked) -> None:
        """A click on a key."""
        self.front.clicked(self.keymap.of(event.action_id))

    @property
    def is_settling(self) -> bool:
        """Whether something waits to be drawn: the frame after a change, or the tab until a held key rests."""
        return self._dirty or self.tab.is_settling

    def _state_changed(self) -> None:
        """Redraw the frame at most five times a second, and only when something changed."""
        if not self._dirty:
            self._dirty = True
            self.later(REPAINT_SECONDS, self._redraw_frame)

    def _redraw_frame(self) -> None:
        self._dirty = False
        self.frame.show_state()
        self.frame_changed()

    def _tick(self) -> None:
        self.frame.tick()
        if self.overlays.sheet is None:
            self.tab.tick()

    def _reshape(self, width: int, height: int) -> None:
        self.frame.reshape(height)
        self.front.resized(width, height)
        self.query_one("#tabs").set_class(self.front.is_too_small, "-hidden")
        self.tab.fit(width, height)
        if self.overlays.sheet is not None:
            self.overlays.sheet.reshape(width, height)
        self._redraw_frame()
