"""What the operator looks at right now: the item under the cursor and its neighbours, one agent's log, one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cc_api_client.errors import NotFound
from cc_tui.state.approvals.rows import row_of
from cc_tui.state.clock import Clock
from cc_tui.state.known import Known
from cc_tui.state.load import Load

if TYPE_CHECKING:
    from cc_api_client.client import CommandCenterClient

LOG_LINES = 200
NEIGHBOURS_SECONDS = 3.0
"""How long neighbours of the cursor that somebody changes may wait, and what surrounds a draft that somebody changes:
each change of each would be a request."""


class Watch:
    """Names what is looked at; its feeds fetch it.

    `wanted` is called with the name of the feed that has something to fetch, and in how many seconds.
    """

    def __init__(
        self, client: CommandCenterClient, known: Known, clock: Clock, wanted: Callable[[str, float], None]
    ) -> None:
        self._client = client
        self._known = known
        self._clock = clock
        self._wanted = wanted
        self._items: list[str] = []
        self._near: list[str] = []
        self._log_of: str | None = None
        self._agent: str | None = None
        self._run: str | None = None

    def items(self, approval_ids: list[str], *, is_moved: bool) -> None:
        """The approval under the cursor first, then its neighbours, which can wait where the cursor did not move."""
        missing = [one for one in approval_ids if self._known.approvals.whole(one) is None]
        now = missing if is_moved else [one for one in missing if one == approval_ids[0]]
        if now and now != self._items:
            self._items = now
            self._wanted("whole", 0.0)
        if (missing and not is_moved) or any(map(self._known.approvals.is_amended, approval_ids[:1])):
            self._near = approval_ids
            self._wanted("near", NEIGHBOURS_SECONDS)

    def log_of(self, agent_id: str | None) -> None:
        """The agent whose log is on screen."""
        if agent_id != self._log_of:
            self._log_of = agent_id
            if agent_id is not None:
                self._wanted("log", 0.0)

    def agent(self, agent_id: str | None) -> None:
        """The agent whose detail is open."""
        self._agent = agent_id
        if agent_id is not None:
            self._wanted("agent", 0.0)

    def run(self, run_id: str | None) -> None:
        """The run that is open."""
        self._run = run_id
        if run_id is not None:
            self._wanted("run", 0.0)

    async def fetch_near(self) -> None:
        """Fetch the neighbours that are not at hand, and what surrounds the draft under the cursor, all at once."""
        selected = self._near[:1]
        if selected and self._known.approvals.is_amended(selected[0]):
            await self._fetch_whole(selected[0])
        self._items = [one for one in self._near if self._known.approvals.whole(one) is None]
        await self.fetch_wholes()

    async def fetch_wholes(self) -> None:
        """Fetch the items that are looked at and not at hand, the one under the cursor first."""
        while self._items:
            approval_id = self._items[0]
            if self._known.approvals.whole(approval_id) is None:
                await self._fetch_whole(approval_id)
            if self._items and self._items[0] == approval_id:
                self._items = self._items[1:]

    async def _fetch_whole(self, approval_id: str) -> None:
        try:
            snapshot = await self._client.approvals.get(approval_id)
        except NotFound:
            return
        self._known.approvals.put_whole(snapshot.value, row_of(snapshot.value))

    async def fetch_log(self) -> None:
        """Fetch what is new in the log that is on screen."""
        agent_id = self._log_of
        if agent_id is None:
            return
        store = self._known.agents
        after = store.last_log_seq(agent_id)
        snapshot = await self._client.agents.logs(agent_id, after=after or None, limit=LOG_LINES)
        if after is None:
            store.set_log(agent_id, snapshot.value.items, Load().answered(self._clock.wall()))
        else:
            store.add_log(agent_id, snapshot.value.items)

    async def fetch_agent(self) -> None:
        """Fetch the detail that is open, and its runs."""
        if self._agent is None:
            return
        detail = await self._client.agents.get(self._agent)
        runs = await self._client.agents.runs(self._agent, limit=50)
        self._known.agents.put_detail(detail.value)
        self._known.agents.put_runs(detail.value.id, runs.value.items)

    async def fetch_run(self) -> None:
        """Fetch the run that is open."""
        if self._run is None:
            return
        snapshot = await self._client.operations.run(self._run)
        self._known.dashboard.put_run(snapshot.value)
