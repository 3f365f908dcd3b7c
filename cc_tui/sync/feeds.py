"""What is asked for again and again, how often, and where the answers go: one feed a store, or a part of one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from cc_tui.state.approvals.rows import View
from cc_tui.state.identity import Identity
from cc_tui.state.known import Known
from cc_tui.sync.link_machine import LinkMachine
from cc_tui.sync.schedule import Feed, Schedule
from cc_tui.sync.views import ViewLoader
from cc_tui.sync.watch import Watch

if TYPE_CHECKING:
    from cc_api_client.client import CommandCenterClient

ASSETS_SECONDS = 300.0
CHECK_SECONDS = 30.0
FIGURES_SECONDS = 5.0
IDENTITY = "identity"
"""The feed that tells who the key is: while it was never answered, nothing else is."""


def name_of(view: View) -> str:
    """The feed that fills a view."""
    return f"view:{view}"


class Feeds:
    """Fetches into the stores, and marks in them what could not be fetched.

    Args:
        client: the server.
        known: the stores, which are written.
        machine: is told of the server's clock.
        schedule: whether a stream is there; where the queue is asked for when its counts are not true.
        views: fills the views of approvals.
        now: the present moment: local time in seconds.
    """

    def __init__(
        self,
        client: CommandCenterClient,
        known: Known,
        machine: LinkMachine,
        schedule: Schedule,
        views: ViewLoader,
        now: Callable[[], float],
    ) -> None:
        self._client = client
        self._known = known
        self._machine = machine
        self._schedule = schedule
        self._views = views
        self._now = now

    def of_all(self, poll_seconds: float) -> list[Feed]:
        """What is asked for whatever the operator looks at; the heaviest goes first."""
        poll, check = poll_seconds, CHECK_SECONDS
        agents, dashboard = self._known.agents, self._known.dashboard
        return [
            self._of_view(View.PENDING, poll, 9),
            Feed(IDENTITY, self._identity, check, check, 8),
            Feed("dashboard", self._dashboard, FIGURES_SECONDS, poll, 7,
                 mark_failed=lambda why: dashboard.set_load(dashboard.load.failed(why))),
            self._of_view(View.LEAVING, poll, 6),
            Feed("agents", self._agents, check, poll, 6,
                 mark_failed=lambda why: agents.set_load(agents.load.failed(why))),
            self._of_view(View.PROBLEMS, poll, 5),
            Feed("clients", self._clients, ASSETS_SECONDS, ASSETS_SECONDS, 4),
            self._of_view(View.SENT, check, 3, enabled=False),
            self._of_view(View.REJECTED, check, 3, enabled=False),
            self._of_view(View.EXPIRED, check, 3),
            Feed("counts", self._counts, ASSETS_SECONDS, ASSETS_SECONDS, 2, enabled=False),
        ]  # fmt: skip

    @staticmethod
    def of_watch(watch: Watch, poll_seconds: float) -> list[Feed]:
        """What is asked for only once the operator looks at it."""
        check, assets = CHECK_SECONDS, ASSETS_SECONDS
        return [
            Feed("log", watch.fetch_log, assets, poll_seconds, 8, enabled=False),
            Feed("agent", watch.fetch_agent, check, check, 8, enabled=False),
            Feed("run", watch.fetch_run, check, check, 8, enabled=False),
            Feed("whole", watch.fetch_wholes, assets, assets, 10, enabled=False),
            Feed("near", watch.fetch_near, assets, assets, 1, enabled=False),
        ]

    def _of_view(self, view: View, polling_seconds: float, weight: int, *, enabled: bool = True) -> Feed:
        store = self._known.approvals

        def mark_failed(why: str) -> None:
            store.set_load(view, store.loads[view].failed(why))

        fetch = partial(self._view, view)
        return Feed(
            name_of(view), fetch, CHECK_SECONDS, polling_seconds, weight, enabled=enabled, mark_failed=mark_failed
        )

    async def _view(self, view: View) -> None:
        load = self._known.approvals.loads[view]
        if load.has_rows and self._schedule.is_live and view is View.PENDING and await self._views.counts():
            return
        await self._views.load(view)

    async def _counts(self) -> None:
        if not await self._views.counts():
            self._schedule.ask(name_of(View.PENDING))

    async def _identity(self) -> None:
        me = await self._client.operations.me()
        self._machine.heard(self._now(), me.server_time.timestamp())
        ids = tuple(me.client_ids) if me.client_ids is not None else None
        identity = Identity(me.name, str(me.role), me.server_id, me.epoch, ids)
        self._known.identity.set(identity, tuple(me.kill_switch))

    async def _dashboard(self) -> None:
        store = self._known.dashboard
        store.set_load(store.load.begun())
        snapshot = await self._client.operations.dashboard()
        store.set(snapshot.value, store.load.answered(self._known.link.server_time(self._now())))

    async def _agents(self) -> None:
        store = self._known.agents
        store.set_load(store.load.begun())
        snapshot = await self._client.agents.list()
        store.set_all(snapshot.value.items, store.load.answered(self._known.link.server_time(self._now())))

    async def _clients(self) -> None:
        snapshot = await self._client.clients.list(limit=500)
        self._known.identity.set_client_names({client.id: client.name for client in snapshot.value.items})
