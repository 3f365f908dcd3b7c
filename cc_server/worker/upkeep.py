"""The upkeep of the house: expiry, the sign of life, and forgetting what is kept for a time only."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy import Connection

from cc_server.db.database import Database
from cc_server.domain import house, jobs
from cc_server.domain.actors import SYSTEM
from cc_server.domain.begin import Turn, begin
from cc_server.domain.outbox import lapses
from cc_server.domain.refusals import DatabaseUnavailable
from cc_server.domain.unit import Unit

TICK_SECONDS = 10.0
TICKS_BETWEEN_CLEANINGS = 360

_log = logging.getLogger("cc_server.upkeep")


class Upkeep:
    """Runs beside the requests."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def run(self) -> None:
        """Tick every ten seconds, clean every hour, until cancelled."""
        ticks = 0
        while True:
            try:
                while await self._db.write(self._tick) == lapses.EXPIRED_AT_ONCE:
                    pass
                if ticks % TICKS_BETWEEN_CLEANINGS == 0:
                    await self._db.write(self._clean)
                ticks += 1
            except DatabaseUnavailable as error:
                _log.warning("upkeep waits: %s", error)
            await asyncio.sleep(TICK_SECONDS)

    def _tick(self, conn: Connection) -> int:
        unit = self._unit(conn)
        house.tick(conn, unit)
        jobs.reap(conn, unit)
        return lapses.expire_overdue(conn, unit)

    def _clean(self, conn: Connection) -> None:
        house.forget_old(conn, self._unit(conn))

    def _unit(self, conn: Connection) -> Unit:
        return begin(conn, SYSTEM, self._db.clock.now(), self._db.ids, Turn.READS)
