"""How the app opens: the server of the config or the demo, or the form that asks for one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

from cc_tui.config.model import config_file
from cc_tui.state.messages import Level
from cc_tui.text.safe import safe_line
from cc_tui.ui.memory import Memory, settle_start
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line

if TYPE_CHECKING:
    from cc_api_client.ahead import Ahead
    from cc_tui.config.endpoint import EndpointSource
    from cc_tui.session import Session
    from cc_tui.sync.first_rows import FirstRows
    from cc_tui.ui.dialogs.connect import ConnectSheet
    from cc_tui.ui.dialogs.overlays import Overlays
    from cc_tui.ui.themes.look import Look

OFFER_SECONDS = 0.1
TIDY_SECONDS = 30.0
LOADED_SECONDS = 6.0
"""After so long all is loaded that the app needs to live with: the client, and what it answered first."""
PAINT_SECONDS = 0.1
"""How long the paint of the first rows may keep what comes after them waiting."""


class OpeningHost(Protocol):
    """Where work goes on beside the screen, and ends."""

    look: Look

    def run_worker(
        self, work: Coroutine[Any, Any, None], *, group: str, exit_on_error: bool, exclusive: bool = False
    ) -> object:
        """Do it beside the screen; `exclusive` ends what its group does already."""

    def set_timer(self, delay: float, callback: Callable[[], None]) -> object:
        """Call after so many seconds."""

    def set_interval(self, interval: float, callback: Callable[[], None]) -> object:
        """Call again and again, after so many seconds each time."""

    def exit(self, result: int) -> None:
        """End the app with this exit code."""


class Opening:
    """Opens the session after the app's first paint.

    Args:
        host: runs what waits for a server.
        session: what is opened.
        overlays: where the form and the offers are shown.
        demo: the server that is being started for this app, if one is.
        first_rows: what was asked of the server before the app was there.
    """

    def __init__(
        self,
        host: OpeningHost,
        session: Session,
        overlays: Overlays,
        demo: EndpointSource | None,
        first_rows: Ahead[FirstRows] | None,
    ) -> None:
        self._host = host
        self._session = session
        self._overlays = overlays
        self._demo = demo
        self._first_rows = first_rows
        self.painted = asyncio.Event()
        """Set with every frame."""
        self.last_words: list[str] = []
        """Sentences for the shell, once the app has ended."""
        self._is_offering = False

    def begin(self) -> None:
        """Find out where the server is."""
        self._host.run_worker(self._begin(), group="opening", exit_on_error=False)

    async def _begin(self) -> None:
        config = self._session.config
        await self._show_first_rows()
        if settle_start():
            self._host.set_timer(LOADED_SECONDS, self._all_is_loaded)
        self._session.outcomes.offers.subscribe(lambda _none: self._offer_soon())
        if self._demo is not None:
            await self._open_demo(self._demo)
        elif config.url and config.api_key:
            await self._open(config.url, config.api_key)
        elif self._session.backstage is None:
            self._ask()

    def _all_is_loaded(self) -> None:
        memory = Memory()
        memory.settle_loaded()
        self._host.set_interval(TIDY_SECONDS, memory.tidy)

    def before_first_frame(self) -> None:
        """What was asked ahead and is here already is in the first frame."""
        here = self._first_rows.wait(0) if self._first_rows is not None else None
        if here is not None:
            here.show(self._session.known)
            self._first_rows = None

    async def _show_first_rows(self) -> None:
        """What was asked ahead is on the screen before anything else takes time."""
        asked, self._first_rows = self._first_rows, None
        if asked is None:
            return
        self.painted.clear()
        if await self._session.show_first_rows(asked):
            try:
                async with asyncio.timeout(PAINT_SECONDS):
                    await self.painted.wait()
            except TimeoutError:
                return

    async def _open_demo(self, demo: EndpointSource) -> None:
        from cc_tui.config.endpoint import NoEndpoint

        words = "starting the demo's server"
        self._session.say(f"{words}, {demo.told} …", short=f"{words} …")
        try:
            endpoint = await demo.ready()
        except NoEndpoint as failed:
            self.last_words.append(str(failed))
            self._host.exit(1)
            return
        await self._open(endpoint.url, endpoint.api_key)
        self._session.say(
            "read the draft, then a approves, r rejects, u takes it back, ? shows every key", Level.NOTE,
            ("a", "r", "u", "?", "enter"), short="enter opens the draft, ? shows every key",
        )  # fmt: skip

    async def _open(self, url: str, api_key: str) -> None:
        from cc_tui.decisions.journal import JournalUnavailable

        try:
            await self._session.open(url, api_key)
        except (ValueError, JournalUnavailable) as error:
            self.last_words.append(str(error))
            self._host.exit(1)

    def _ask(self) -> None:
        from cc_tui.ui.dialogs.connect import ConnectSheet

        config = self._session.config
        known = {"url": config.url, "api_key": config.api_key, "client": config.client}
        sheet = ConnectSheet(self._host.look, known, lambda values: self._try(sheet, values))
        self._overlays.open_sheet(sheet)

    def _try(self, sheet: ConnectSheet, values: dict[str, str]) -> None:
        self._host.run_worker(self._test(sheet, values), group="opening", exit_on_error=False, exclusive=True)

    async def _test(self, sheet: ConnectSheet, values: dict[str, str]) -> None:
        """Ask the server who the key is, and whether it sees the client; go on only when it does."""
        from cc_api_client.errors import CommandCenterError
        from cc_tui.session import ClientNotSeen

        try:
            me = await self._session.test(values["url"], values["api_key"], values["client"])
        except ClientNotSeen as error:
            sheet.say(str(error), "client")
            return
        except (ValueError, CommandCenterError) as error:
            sheet.say(str(error))
            return
        self._overlays.close_sheet()
        await self._open(values["url"], values["api_key"])
        told = f"connected as {me.name} ({me.role})"
        self._overlays.when_free(lambda: self._offer_save(values, told))

    def _offer_save(self, values: dict[str, str], said: str) -> None:
        from cc_tui.config.save import save_connection
        from cc_tui.ui.dialogs.question import QuestionSheet

        def save() -> None:
            try:
                save_connection(config_file(), values["url"], values["api_key"], values["client"])
            except (OSError, ValueError) as error:
                self._session.say(f"not saved: {error}", Level.ERROR)
            else:
                self._session.say(f"saved in {config_file()}, readable by you alone", Level.DONE)

        lines = [Line().add(safe_line(f"{said}; the file is {config_file()}"), Token.DIM)]
        self._overlays.open_sheet(QuestionSheet(self._host.look, "Save this connection?", lines, "save it", save))

    def _offer_soon(self) -> None:
        """Decisions that are too old to be sent by themselves, or of an earlier start, are offered together."""
        if not self._is_offering:
            self._is_offering = True
            self._host.set_timer(OFFER_SECONDS, lambda: self._overlays.when_free(self._offer_undelivered))

    def _offer_undelivered(self) -> None:
        from cc_tui.ui.dialogs.kept import offered_lines
        from cc_tui.ui.dialogs.question import QuestionSheet

        self._is_offering = False
        backstage = self._session.backstage
        if backstage is None:
            return
        deciding = backstage.deciding
        offered, batches = deciding.singles.offered(), deciding.batches.offered()
        if not offered and not batches:
            return
        lines = offered_lines(offered, batches)
        kept = "what you leave is kept under problems: there enter sends or forgets it"
        lines += [Line(), Line().add(kept, Token.DIM)]
        keys = [one.key for one in offered] + [batch.key for batch in batches]
        count = len(offered) + sum(len(batch.left) for batch in batches)
        title = f"{count} decision{'s wait' if count > 1 else ' waits'} for your word: no answer came"
        self._overlays.open_sheet(
            QuestionSheet(
                self._host.look,
                title,
                lines,
                "send them now" if count > 1 else "send it now",
                lambda: deciding.send(keys),
                decides=True,
            )
        )
