"""The upkeep of the house: expiry, the sign of life, and forgetting what is kept for a time only."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from cc_server.db.database import Database
from cc_server.db.transaction import locks
from cc_server.domain import installation
from cc_server.domain.access import keys
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.base.refusals import DatabaseUnavailable
from cc_server.domain.base.unit import Unit
from cc_server.domain.controls.begin import Turn, begin
from cc_server.domain.outbox import lapses
from cc_server.domain.work import jobs

UPKEEP = "upkeep"
TICK_SECONDS = 10.0
TICKS_BETWEEN_CLEANINGS = 360
USES_WRITTEN_SECONDS = 60

_STEADY: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps, where the system has such a clock: a machine that slept was down."""
_log = logging.getLogger("cc_server.upkeep")


def _since_boot() -> float:
    return time.clock_gettime(_STEADY)


class KeyUses:
    """When keys were last used, to be written down once a minute at most."""

    def __init__(self) -> None:
        self._used: dict[str, datetime] = {}
        self._written: dict[str, datetime] = {}

    def note(self, key_id: str, now: datetime) -> None:
        """A key is used."""
        self._used[key_id] = now

    def due(self, now: datetime) -> dict[str, datetime]:
        """The uses that are to be written down now."""
        quiet = timedelta(seconds=USES_WRITTEN_SECONDS)
        return {
            key_id: at
            for key_id, at in self._used.items()
            if key_id not in self._written or now - self._written[key_id] >= quiet
        }

    def written(self, uses: Mapping[str, datetime], now: datetime) -> None:
        """They are written down."""
        for key_id, at in uses.items():
            self._written[key_id] = now
            if self._used.get(key_id) == at:
                del self._used[key_id]


class Upkeep:
    """Runs beside the requests.

    Args:
        db: of the house.
        uses: when keys were used.
        steady: seconds of a clock that nobody sets, and that goes on while the machine sleeps.
    """

    def __init__(self, db: Database, uses: KeyUses, steady: Callable[[], float] = _since_boot) -> None:
        self._db = db
        self._uses = uses
        self._steady = steady
        self._said = -math.inf

    async def run(self) -> None:
        """Tick every ten seconds, clean every hour, until cancelled."""
        ticks = 0
        while True:
            try:
                await self.say_alive()
                while await self._db.write(self._tick) == lapses.EXPIRED_AT_ONCE:
                    pass
                if ticks % TICKS_BETWEEN_CLEANINGS == 0:
                    await self._db.write(self._clean)
                await self.write_uses()
                ticks += 1
            except DatabaseUnavailable as error:
                _log.warning("upkeep waits: %s", error)
            await asyncio.sleep(TICK_SECONDS)

    async def write_uses(self) -> None:
        """Write down when keys were last used, as far as it is time to."""
        now = self._db.clock.now()
        if due := self._uses.due(now):
            await self._db.write(keys.used, due)
            self._uses.written(due, now)

    async def say_alive(self) -> None:
        """Say that the server is up; a clock that was set is no outage.

        A unit of its own: it writes to the row that every unit with an event ends with.
        """
        now = self._steady()
        was_up = now - self._said <= installation.OUTAGE_SECONDS
        await self._db.write(self._say_up if was_up else self._say_up_again)
        self._said = now

    def _say_up(self, conn: Connection) -> None:
        installation.seen(conn, self._unit(conn))

    def _say_up_again(self, conn: Connection) -> None:
        installation.came_up(conn, self._unit(conn))

    def _tick(self, conn: Connection) -> int:
        if not locks.attempt(conn, UPKEEP):
            return 0  # another process is at it
        unit = self._unit(conn)
        jobs.reap(conn, unit)
        return lapses.expire_overdue(conn, unit)

    def _clean(self, conn: Connection) -> None:
        if locks.attempt(conn, UPKEEP):
            installation.forget_old(conn, self._unit(conn))

    def _unit(self, conn: Connection) -> Unit:
        return begin(conn, SYSTEM, self._db.clock.now(), self._db.ids, Turn.READS)
