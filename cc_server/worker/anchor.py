"""Keeps the anchor of the audit trail: where the trail stands, written to a file after commits, once a second at most.

A trail that does not hold the row of its anchor was cut off, or is of an older copy of the database: it is not served
until somebody has said so. Where that shows only later, the anchor is left as it is, as the proof, and the server says
so until somebody has looked.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection

from cc_server.db.database import Database
from cc_server.domain import installation
from cc_server.domain.base import audit
from cc_server.domain.base.refusals import DatabaseUnavailable
from cc_server.sealing.anchor import Anchor, read_anchor, write_anchor
from cc_server.sealing.chain import Sealed
from cc_server.sealing.keys import SealingError

WRITE_SECONDS = 1.0
LAST_SECONDS = 1.0
NOTHING = -1
"""What is anchored before the first time: a trail without rows stands at 0."""

_log = logging.getLogger("cc_server.audit")


class AnchorKeeper:
    """Runs beside the requests.

    Args:
        db: whose trail it is.
        file: where the anchor is kept.
    """

    def __init__(self, db: Database, file: Path) -> None:
        self._db = db
        self._file = file
        self._epoch = ""
        self._written: int | None = None
        """The row that is anchored; None: the anchor is not touched, as nobody has looked yet, or as it is a proof."""
        self._wake = asyncio.Event()
        self.trouble: str | None = None
        """What is wrong with the trail or its anchor; None while all is well."""

    async def run(self) -> None:
        """Move the anchor on, until cancelled; what was written last is anchored before it ends."""
        loop = asyncio.get_running_loop()

        def hear(_announcements: Sequence[object]) -> None:
            if not self._wake.is_set():
                loop.call_soon_threadsafe(self._wake.set)

        end = self._db.on_commit(hear)
        try:
            await self._begin()
            while True:
                await self._move_on()
                await self._wake.wait()
                self._wake.clear()
                await asyncio.sleep(WRITE_SECONDS)
        finally:
            end()
            await self._move_on_at_last()

    def require_whole(self) -> None:
        """See that the database goes on from where its trail once stood, before it is served.

        Raises:
            DatabaseUnavailable: its trail was cut off, or it is an older copy.
        """
        with contextlib.suppress(SealingError):  # whoever keeps the anchor tells of one that is damaged
            if (anchor := read_anchor(self._file)) and not self._db.read_sync(installation.goes_on_from, anchor):
                raise DatabaseUnavailable(self._contradiction(anchor))

    async def _begin(self) -> None:
        """See where the trail and its anchor stand."""
        self._written = None
        try:
            anchor = await asyncio.to_thread(read_anchor, self._file)
        except SealingError as error:
            self._complain(str(error))
            return
        self._epoch = (await self._db.read(installation.identity)).epoch
        if anchor is not None and not await self._db.read(installation.goes_on_from, anchor):
            self._complain(self._contradiction(anchor))
        else:
            self._written = anchor.seq if anchor is not None and anchor.epoch == self._epoch else NOTHING

    def _contradiction(self, anchor: Anchor) -> str:
        """What whoever runs the server is told of a trail that its anchor contradicts."""
        return (
            f"The audit anchor {self._file} knows row {anchor.seq} of the audit trail, and {self._db.address} does not "
            "hold it: the database is an older copy, or rows were cut off. Where a backup was put back, say so with: "
            "cc-server restored. Else look with: cc-server audit verify; to serve it as it is, move the anchor away. "
            "Give either command the --db or --config that the server has."
        )

    async def _move_on(self) -> None:
        """Write where the trail stands, unless it is written already."""
        if self._written is None:
            return
        try:
            epoch, head = await self._db.read(_standing)
            if epoch == self._epoch and head.seq > self._written:
                await asyncio.to_thread(write_anchor, self._file, Anchor(epoch, head.seq, head.seal))
                self._written = head.seq
        except DatabaseUnavailable as error:
            _log.warning("the anchor of the audit trail waits: %s", error)
        except SealingError as error:
            self._complain(str(error))
        else:
            self.trouble = None

    async def _move_on_at_last(self) -> None:
        """Anchor what was written last; a database that does not answer is not waited for."""
        try:
            async with asyncio.timeout(LAST_SECONDS):
                await self._move_on()
        except TimeoutError:
            _log.warning("the anchor of the audit trail is behind: the database does not answer")

    def _complain(self, trouble: str) -> None:
        if self.trouble != trouble:
            _log.error("%s", trouble)
        self.trouble = trouble


def _standing(conn: Connection) -> tuple[str, Sealed]:
    return installation.identity(conn).epoch, audit.head(conn)
