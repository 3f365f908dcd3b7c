"""Runs beside the requests: what waits is judged again when another policy is in force, or its time has come."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy import Connection

from cc_server.db.database import Database
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.base.refusals import DatabaseUnavailable
from cc_server.domain.controls.begin import Turn, begin
from cc_server.domain.review import rejudging

LOOK_SECONDS = 5.0
PAUSE_SECONDS = 0.05
"""Between two slices, so that two thirds of the writer's time are left to others."""

_log = logging.getLogger("cc_server.judge")


class Rejudging:
    """Judges again, slice by slice."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def run(self) -> None:
        """Look every five seconds, until cancelled; at once again while there is more."""
        while True:
            due = 0
            try:
                due = await self._db.write(self._slice)
            except DatabaseUnavailable as error:
                _log.warning("judging waits: %s", error)
            await asyncio.sleep(PAUSE_SECONDS if due == rejudging.SLICE else LOOK_SECONDS)

    def _slice(self, conn: Connection) -> int:
        unit = begin(conn, SYSTEM, self._db.clock.now(), self._db.ids, Turn.JUDGES)
        return rejudging.rejudge_some(conn, unit)
