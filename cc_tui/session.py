"""What runs behind a screen or a command: client, state, sync, decisions, wired here once and closed in order.

Knows no Textual. What costs time to import (the client and all behind it) is imported when a server is opened.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from cc_api_client.models.outbox.delivery_states import WAITING
from cc_tui.actions.edits import Edits
from cc_tui.config.model import Config
from cc_tui.decisions.outcomes import Outcomes
from cc_tui.state.approvals.lists import ApprovalList
from cc_tui.state.approvals.rows import ApprovalRow, View
from cc_tui.state.clock import Clock, SystemClock
from cc_tui.state.known import Known
from cc_tui.state.messages import Level, Message

if TYPE_CHECKING:
    from cc_api_client.ahead import Ahead
    from cc_api_client.client import CommandCenterClient
    from cc_api_client.models.installation.me import Me
    from cc_api_client.models.outbox.batches import BatchAction, BatchPlan, BatchPlanItem
    from cc_tui.actions.commands import Commands
    from cc_tui.decisions.batches import Batch
    from cc_tui.decisions.deciding import Deciding
    from cc_tui.decisions.journal import Decision, Destination, Journal, Reason, Verb
    from cc_tui.state.link import Link
    from cc_tui.sync.first_rows import FirstRows
    from cc_tui.sync.sync import Sync

DRAWN_SECONDS = 0.03
"""A decision is on the screen within so long; it is sent after that."""
FIRST_ROWS_SECONDS = 0.5
"""How long what was asked ahead is waited for; after that the client asks for it."""

log = logging.getLogger(__name__)


class ClientNotSeen(Exception):
    """The server knows the key, and it sees no client of that id."""


class NotConnected(Exception):
    """Nothing can be decided or commanded before the server has told who it is."""


@dataclass(slots=True)
class Backstage:
    """What exists once a server is opened."""

    client: CommandCenterClient
    sync: Sync
    journal: Journal
    deciding: Deciding
    commands: Commands


class Session:
    """One run of the app against one server."""

    def __init__(self, config: Config, clock: Clock | None = None, rng: Random | None = None) -> None:
        self.config = config
        self.clock = clock or SystemClock()
        self.known = Known()
        self.known.identity.read_only_by_choice = config.read_only
        self.outcomes = Outcomes(self.known, self.clock)
        self.lists = {view: ApprovalList(self.known.approvals, view, self.server_now) for view in View}
        self.backstage: Backstage | None = None
        self.edits = Edits(self.known, self.clock, lambda: self.backstage)
        self._rng = rng or Random()
        self._server = ("", "")
        self._tasks: list[asyncio.Task[Any]] = []

    def server_now(self) -> float:
        """The server's time, in seconds since the epoch."""
        return self.known.link.server_time(self.clock.wall())

    def top_spender(self) -> str:
        """Who spent most in the last hour, as `outreach $6.10/h`; empty when nobody did."""
        from cc_tui.text.formats import spend

        spenders = [agent for agent in self.known.agents.agents.values() if agent.cost_1h_usd]
        if not spenders:
            return ""
        most = max(spenders, key=lambda agent: agent.cost_1h_usd or 0)
        return f"{most.id} {spend(most.cost_1h_usd)}/h"

    def say(self, text: str, level: Level = Level.NOTE, strong: tuple[str, ...] = (), *, short: str = "") -> None:
        """Say a sentence to the operator; `short` says it where there is no room for it."""
        self.known.messages.say(Message(text, level, self.clock.wall(), strong, short=short))

    async def show_first_rows(self, asked: Ahead[FirstRows]) -> bool:
        """Show the rows that were asked for ahead; False when they did not come."""
        rows = await asyncio.get_running_loop().run_in_executor(None, asked.wait, FIRST_ROWS_SECONDS)
        if rows is not None:
            rows.show(self.known)
        return rows is not None

    async def test(self, url: str, api_key: str, client: str) -> Me:
        """Ask a server who the key is, without opening it; `client` narrows it to one client, if it is not empty.

        Raises:
            ValueError: the address or the key can't be used.
            ClientNotSeen: the key sees no such client.
            CommandCenterError: the server can't be reached, or does not take the key.
        """
        from cc_api_client.client import CommandCenterClient
        from cc_tui.sync.client_seen import seen_instead

        asked = CommandCenterClient(url, api_key, rng=self._rng)
        try:
            me = await asked.operations.me()
        finally:
            await asked.aclose()
        seen = await seen_instead(url, api_key, client, self._rng) if client else None
        if seen is not None:
            raise ClientNotSeen(f"client id: this key sees none of that id; it sees {seen}")
        return me

    async def open(self, url: str, api_key: str) -> None:
        """Open a server: from now on the state is kept true and decisions are delivered.

        Raises:
            ValueError: the address or the key can't be used.
            JournalUnavailable: decisions can't be kept.
        """
        self._server = (url, api_key)
        await asyncio.get_running_loop().run_in_executor(None, _import_backstage)
        from cc_api_client.client import CommandCenterClient
        from cc_tui.actions.commands import Commands
        from cc_tui.decisions.journal import Journal
        from cc_tui.sync.sync import Sync

        client = CommandCenterClient(url, api_key, client_id=self.config.client or None, rng=self._rng)
        journal = Journal(self.config.journal_path)
        journal.adopt_orphans()
        self._say_notices(journal)
        deciding = self.deciding_of(journal)
        sync = Sync(
            client, self.known, self.clock, self._rng, poll_seconds=self.config.poll_seconds,
            on_reached=self.reached,
        )  # fmt: skip
        self.backstage = Backstage(client, sync, journal, deciding, Commands(client, sync.intake, new_key))
        self.known.identity.changed.subscribe(lambda _none: self._connect_dispatcher())
        self.known.link.changed.subscribe(self._say_refused)
        sync.broke.subscribe(self.broke)
        self._spawn(sync.run(), "sync")
        self._spawn(deciding.singles.run(), "dispatcher")
        self._spawn(deciding.batches.run(), "batches")
        self._spawn(deciding.run(), "offers")

    def deciding_of(self, journal: Journal) -> Deciding:
        """What delivers the decisions of a journal."""
        from cc_tui.decisions.batch_outcomes import BatchOutcomes
        from cc_tui.decisions.batches import BatchJournal
        from cc_tui.decisions.deciding import Deciding
        from cc_tui.decisions.delivery.batch_sender import BatchSender
        from cc_tui.decisions.delivery.dispatcher import Dispatcher

        told, within = self.outcomes, self.config.deliver_within_minutes * 60
        batches = BatchOutcomes(self.known, self.clock, told.tally, told.came_back.emit)
        common = (self.clock, self._rng, new_key)
        return Deciding(
            Dispatcher(journal, told, *common, deliver_within_seconds=within, drawn_within=DRAWN_SECONDS),
            BatchSender(
                BatchJournal(journal), batches, *common, deliver_within_seconds=within, drawn_within=DRAWN_SECONDS
            ),
            lambda: told.offers.emit(None),
        )

    def reached(self) -> None:
        """The server can be reached (again), or the operator wants to know: deliver, and say what could not be read."""
        if self.backstage is not None:
            self.backstage.deciding.reached()
            self._say_notices(self.backstage.journal)

    def _say_refused(self, link: Link) -> None:
        """Say of a key that the server does not take where it was set, and what to do."""
        if link.is_key_refused:
            place = f" ({self.config.key_place})" if self.config.key_place else ""
            words = f"{link.sentence}{place}; have an admin make another one, and start cc-tui with it"
            self.say(words, Level.ERROR, short="this key is not accepted; ! says which")

    def _say_notices(self, journal: Journal) -> None:
        for notice in journal.fresh_notices():
            self.say(notice, Level.ERROR)

    async def close(self) -> int:
        """Deliver what waits (at most two seconds), end everything in order; returns how many decisions are kept."""
        backstage, self.backstage = self.backstage, None
        if backstage is None:
            return 0
        async with AsyncExitStack() as ending:  # from below, each whatever becomes of the others
            ending.callback(backstage.journal.close)
            ending.push_async_callback(backstage.client.aclose)
            ending.push_async_callback(self._end_tasks)
            deciding = backstage.deciding
            return await deciding.flush(2.0) if self.known.link.link.is_up else deciding.waiting_count()

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def decide(self, row: ApprovalRow, verb: Verb, reason: Reason | None = None) -> None:
        """Keep a decision on disk, show it, have it delivered.

        Raises:
            NotConnected: the server has not told who it is.
            AlreadyDecided, JournalUnavailable: it was not kept.
        """
        from cc_tui.decisions.journal import Decision, Seen

        deciding, destination = self._deciding()
        decision = Decision(
            key=new_key(),
            approval_id=row.id,
            verb=verb,
            seen=Seen(row.version, row.payload_sha256),
            decided_at=self.clock.wall(),
            destination=destination,
            recipient=row.to_email,
            subject=row.subject,
            reason=reason,
        )
        deciding.singles.decide(decision)
        self.known.messages.outdate()

    def decide_batch(
        self, action: BatchAction, plan: BatchPlan, items: Sequence[BatchPlanItem], reason: Reason | None = None
    ) -> None:
        """Keep what a dry run listed as one decision on disk, show it, have it delivered.

        Raises:
            NotConnected: the server has not told who it is.
            JournalUnavailable: it was not kept.
        """
        from cc_tui.decisions.batches import Batch, BatchedItem

        deciding, destination = self._deciding()
        batch = Batch(
            key=new_key(),
            action=action.value,
            items=tuple(BatchedItem(one.id, one.version, one.payload_sha256, one.to_email) for one in items),
            selection_sha256=plan.selection_sha256,
            policy_version=plan.policy_version,
            decided_at=self.clock.wall(),
            destination=destination,
            reason=reason,
        )
        deciding.batches.decide(batch)
        self.known.messages.outdate()

    def _deciding(self) -> tuple[Deciding, Destination]:
        """What delivers, and where to.

        Raises:
            NotConnected: the server has not told who it is.
        """
        if self.backstage is None or self.backstage.deciding.destination is None:
            raise NotConnected("not connected yet: the server has not told who it is")
        return self.backstage.deciding, self.backstage.deciding.destination

    def why_not(self, action_id: str) -> str | None:
        """Why an action can't be used now for what was decided here, in a few words, or None."""
        if action_id == "app.undo" and (self.backstage is None or self.backstage.deciding.newest is None):
            return "nothing is left to take back"
        if action_id == "app.kept" and not self.kept_elsewhere():
            return "nothing is kept for another key"
        return None

    def kept_elsewhere(self) -> list[Decision | Batch]:
        """What the journal keeps that this key can't send; nothing is known before the server has told who it is."""
        from cc_tui.decisions.elsewhere import kept_elsewhere

        backstage = self.backstage
        if backstage is None or backstage.deciding.destination is None:
            return []
        return kept_elsewhere(backstage.journal, backstage.deciding.destination)

    def forget(self, kept: Sequence[Decision | Batch]) -> None:
        """The operator's word about what this key can't send: it will never be sent.

        Raises:
            NotConnected: the journal is closed.
            JournalUnavailable: the disk refused; what was not forgotten is kept.
        """
        from cc_tui.decisions.elsewhere import forget

        if self.backstage is None:
            raise NotConnected("not connected: nothing can be forgotten now")
        forget(self.backstage.journal, kept)

    def can_undo(self) -> bool:
        """Whether the newest decision can still be taken back, by what is known here."""
        newest = self.backstage.deciding.newest if self.backstage is not None else None
        if newest is None:
            return False
        return any(self._is_recallable(one) for one in newest.approval_ids)

    def _is_recallable(self, approval_id: str) -> bool:
        approvals = self.known.approvals
        row = approvals.rows.get(approval_id)
        if row is None or approval_id in approvals.local:
            return True
        return row.status == "rejected" or (row.status == "approved" and row.delivery.state in WAITING)

    def _connect_dispatcher(self) -> None:
        from cc_tui.decisions.delivery.batch_port import ClientBatches
        from cc_tui.decisions.elsewhere import kept_words
        from cc_tui.decisions.journal import Destination

        identity, backstage = self.known.identity.identity, self.backstage
        if identity is None or backstage is None:
            return
        destination = Destination(identity.server_id, identity.name)
        if backstage.deciding.destination != destination:
            client = backstage.client
            backstage.deciding.connect(client.approvals, ClientBatches(client.batches), destination)
            if kept := kept_words(backstage.journal, destination):
                short = "another key's decisions are kept · : “kept” shows them"
                self.say(f"{kept} · : “kept” shows them", Level.WARN, short=short)
            if self.config.client:
                self._spawn(self._check_client(self.config.client), "client")

    async def _check_client(self, client_id: str) -> None:
        """Say of a client id that shows nothing where it was set, and what this key sees."""
        from cc_api_client.errors import CommandCenterError
        from cc_tui.sync.client_seen import seen_instead

        try:
            seen = await seen_instead(*self._server, client_id, self._rng)
        except CommandCenterError as error:
            log.info("whether the client %s can be seen is not known: %s", client_id, error)
            return
        if seen is not None:
            place = self.config.place_of("client")
            words = f"client = {client_id!r} ({place}) is none that this key sees; give the id of one it sees"
            short = f"no such client ({place}); ! names those there are"
            self._tell_lists_of_client(
                f"client = {client_id!r} ({place}) is none that this key sees; ! names those there are"
            )
            self.say(f"{words}, or leave it out for all of them: {seen}", Level.ERROR, short=short)

    def _tell_lists_of_client(self, trouble: str) -> None:
        """Have the lists say it in place of what the server answers: that names no setting."""
        self.known.identity.client_trouble = trouble
        if self.backstage is not None:
            self.backstage.sync.refresh()

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        """The one funnel for what nobody foresaw: it is logged with its traceback and said in a sentence."""
        if task.cancelled() or (error := task.exception()) is None:
            return
        self.broke(error)

    def broke(self, error: BaseException) -> None:
        """Something that nobody foresaw: it is logged with its traceback, and said in a sentence."""
        log.error("something broke", exc_info=error)
        self.say(f"something broke ({type(error).__name__}); {self.config.log_path} has more", Level.ERROR)


def _import_backstage() -> None:
    """In a thread: a quarter of a second in which keys are answered."""
    import cc_tui.actions.commands
    import cc_tui.decisions.deciding
    import cc_tui.decisions.delivery.batch_port
    import cc_tui.decisions.elsewhere
    import cc_tui.decisions.journal
    import cc_tui.sync.sync  # noqa: F401  (imported to be there when it is asked for)


def new_key() -> str:
    """A fresh idempotency key."""
    return uuid4().hex
