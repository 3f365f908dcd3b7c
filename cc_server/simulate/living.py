"""The business goes on while one watches, at a rate one can set."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import random
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from cc_api_client.models.work.agents import LogLevel
from cc_server.db.database import Database
from cc_server.domain.base.refusals import DatabaseUnavailable
from cc_server.domain.work import agents
from cc_server.domain.work.agents import Said
from cc_server.simulate.cast import AGENTS
from cc_server.simulate.world import Working, World

START_SECONDS = 12.0
COST_SHARE = 0.15
"""What a run costs here of what it cost before anybody watched: far more of them happen."""
LEAD_SECONDS = 45.0
MOVE_SECONDS = 60.0
THOUGHT_SECONDS = 2.5
HEARTBEAT_SECONDS = 10.0
DRAFT_SHARE = 0.6
FAILING_SHARE = 0.004
RECOVER_SECONDS = 420.0
_THOUGHTS = (
    "reading the thread", "looking the company up", "the last mail was answered within a day", "checking the calendar",
    "comparing with the price list", "first draft is too long, cutting it", "no reply since the 3rd",
    "tone: friendly, short", "asking the model again with the contract in view",
)  # fmt: skip

Act = Callable[[Connection], None]

_log = logging.getLogger("cc_server.simulate")


class Living:
    """One business, living.

    Args:
        db: where it lives.
        world: the business.
        rate: how fast things happen; 1 is a small agency on a busy day, 0 stands still.
    """

    def __init__(self, db: Database, world: World, rate: float) -> None:
        self._db = db
        self._world = world
        self._rate = rate
        self._rng = random.Random(f"{world.seed} living")
        self._count = itertools.count()
        self._due: list[tuple[float, int, Act, float]] = []
        self._working: dict[str, Working] = {}

    async def run(self) -> None:
        """Live until cancelled."""
        self._world.cost_share = COST_SHARE
        loop = asyncio.get_running_loop()
        self._every(HEARTBEAT_SECONDS, self._beat, loop.time())
        if self._rate > 0:
            for seconds, act in self._acts():
                self._every(seconds / self._rate, act, loop.time())
        while True:
            at, _place, due, period = heapq.heappop(self._due)
            await asyncio.sleep(max(0.0, at - loop.time()))
            try:
                await self._db.write(self._happen, due)
            except DatabaseUnavailable as error:
                _log.warning("the simulated business waits: %s", error)
                await asyncio.sleep(1.0)
            self._every(period, due, loop.time())

    def _happen(self, conn: Connection, act: Act) -> None:
        self._world.read_settings(conn)
        act(conn)

    def _acts(self) -> tuple[tuple[float, Act], ...]:
        """What happens again and again, and how many seconds apart."""
        return (
            (START_SECONDS, self._start),
            (LEAD_SECONDS, self._lead),
            (MOVE_SECONDS, self._move),
            (THOUGHT_SECONDS, self._think),
            (RECOVER_SECONDS, self._recover),
        )

    def _every(self, seconds: float, act: Act, now: float) -> None:
        wait = seconds * self._rng.uniform(0.4, 1.6)
        heapq.heappush(self._due, (now + wait, next(self._count), act, seconds))

    def _start(self, conn: Connection) -> None:
        now = self._db.clock.now()
        for work in [one for one in self._working.values() if one.ends_at <= now]:
            self._end(conn, work)
        begun = self._world.agent_starts(conn, now)
        if begun is not None:
            ends_at = now + (begun.ends_at - now) / max(1.0, self._rate)
            self._working[begun.run_id] = replace(begun, ends_at=ends_at)

    def _end(self, conn: Connection, work: Working) -> None:
        del self._working[work.run_id]
        now = self._db.clock.now()
        self._world.agent_ends(conn, work, now, drafts_wanted=self._rng.random() < DRAFT_SHARE)
        if self._rng.random() < FAILING_SHARE:
            agents.fail(conn, self._world.unit(now), work.role.id, "the model refuses: quota used up")

    def _lead(self, conn: Connection) -> None:
        self._world.lead_arrives(conn, self._db.clock.now())

    def _move(self, conn: Connection) -> None:
        self._world.lead_moves(conn, self._db.clock.now())

    def _think(self, conn: Connection) -> None:
        now = self._db.clock.now()
        for work in [one for one in self._working.values() if one.ends_at <= now]:
            self._end(conn, work)
        if self._working:
            work = self._rng.choice(list(self._working.values()))
            line = Said(LogLevel.INFO, self._rng.choice(_THOUGHTS), work.run_id, work.client_id)
            agents.log(conn, self._world.unit(now), work.role.id, [line])

    def _beat(self, conn: Connection) -> None:
        self._world.beat(conn, self._db.clock.now())

    def _recover(self, conn: Connection) -> None:
        """Who is in error works again."""
        unit = self._world.unit(self._db.clock.now())
        for role in AGENTS:
            if agents.status_of(conn, role.id) == "error":
                agents.recover(conn, unit, role.id)
