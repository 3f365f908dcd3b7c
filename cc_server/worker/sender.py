"""The sender: takes deliveries after their hold, hands each to the provider, and writes down what became of it.

Claim and settlement are transactions; sending stands between them. It outlives a provider that breaks, a delivery that
can't be claimed and a database that goes away; when it stops it first writes down what is under way.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from sqlalchemy import Connection

from cc_server.db.database import Database
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.base.refusals import DatabaseUnavailable, DomainRefusal
from cc_server.domain.base.unit import Unit
from cc_server.domain.controls.begin import Turn, begin
from cc_server.domain.outbox.sending import claims
from cc_server.domain.outbox.sending.claims import Accepted, Claimed, Outcome, Unclear
from cc_server.worker.providers import Provider

CLAIMED_AT_ONCE = 8
SEEN_AT_ONCE = 64
"""How many of what is due it looks at: several senders pass by what another one is at."""
LOOK_SECONDS = 0.5
"""How often it looks at least for what has become due."""
STEP_ASIDE_SECONDS = 0.1
"""How long it leaves what is due to others, where they are at all of it."""
SEND_SECONDS = claims.LEASE_SECONDS / 2
LAST_SECONDS = 2.0
"""How long the end of the process waits for what is being sent."""
DATABASE_SECONDS = 1.0

_log = logging.getLogger("cc_server.sender")


class Sender:
    """One sender of one process.

    Args:
        db: where deliveries wait.
        provider: by which way they leave.
    """

    def __init__(self, db: Database, provider: Provider) -> None:
        self._db = db
        self._provider = provider
        self._stopping = asyncio.Event()
        self._resting = asyncio.Event()
        self._resting.set()

    async def run(self) -> None:
        """Send what is due, until stopped."""
        while not self._stopping.is_set():
            try:
                await self._until_due()
                self._resting.clear()
                while not self._stopping.is_set() and await self.round() == CLAIMED_AT_ONCE:
                    pass
            except DatabaseUnavailable as error:
                _log.warning("the sender waits: %s", error)
                await asyncio.sleep(DATABASE_SECONDS)
            finally:
                self._resting.set()

    async def stop(self) -> None:
        """Claim no more; wait until what is being sent is written down, two seconds at most."""
        self._stopping.set()
        try:
            async with asyncio.timeout(LAST_SECONDS):
                await self._resting.wait()
        except TimeoutError:
            _log.warning("the sender was cut off while it was sending")

    async def round(self) -> int:
        """Claim and send once; returns how many were sent."""
        await self._db.write(self._reap)
        due = await self._db.read(claims.due, self._db.clock.now(), SEEN_AT_ONCE)
        claimed: list[Claimed] = []
        for delivery_id in due:
            if len(claimed) == CLAIMED_AT_ONCE or self._stopping.is_set():
                break
            if (one := await self._claim(delivery_id)) is not None:
                claimed.append(one)
        if due and not claimed:
            await asyncio.sleep(STEP_ASIDE_SECONDS)
        await asyncio.gather(*(self._send(one) for one in claimed))
        return len(claimed)

    async def _until_due(self) -> None:
        """Wait until something is due, looking for what is new every half second."""
        while not self._stopping.is_set():
            due = await self._db.read(claims.next_look)
            left = (due - self._db.clock.now()) / timedelta(seconds=1) if due is not None else LOOK_SECONDS
            if left <= 0:
                return
            await asyncio.sleep(min(LOOK_SECONDS, left))

    async def _claim(self, delivery_id: str) -> Claimed | None:
        try:
            return await self._db.write(self._claim_one, delivery_id)
        except DatabaseUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one delivery that can't be claimed must not stop the others
            _log.exception("delivery %s can't be claimed", delivery_id)
            await self._db.write(self._give_up, delivery_id, f"it can't be sent ({type(error).__name__})")
            return None

    async def _send(self, claimed: Claimed) -> None:
        outcome = await self._hand_over(claimed)
        if not isinstance(outcome, Accepted):
            _log.warning("delivery %s: %s", claimed.delivery["id"], outcome.error)
        while True:
            try:
                await self._db.write(self._settle, claimed, outcome)
            except DatabaseUnavailable as error:
                _log.warning("what became of delivery %s can't be written yet: %s", claimed.delivery["id"], error)
                await asyncio.sleep(DATABASE_SECONDS)
            except DomainRefusal as refusal:
                _log.warning("delivery %s: %s", claimed.delivery["id"], refusal.detail)
                return
            except Exception:  # noqa: BLE001 - one delivery that can't be written down must not stop the others
                _log.exception("delivery %s could not be settled", claimed.delivery["id"])
                if isinstance(outcome, Unclear):
                    return
                outcome = Unclear("what became of it could not be written down; the server's log says why")
            else:
                return

    async def _hand_over(self, claimed: Claimed) -> Outcome:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                return await self._provider.send(claimed)
        except TimeoutError:
            return Unclear(f"no answer within {SEND_SECONDS:.0f} s; whether it left is not known")
        except Exception as error:  # noqa: BLE001 - a provider is anybody's code; what it broke on is logged
            _log.exception("the provider broke on delivery %s", claimed.delivery["id"])
            return Unclear(f"sending broke ({type(error).__name__}); whether it left is not known")

    def _unit(self, conn: Connection) -> Unit:
        return begin(conn, SYSTEM, self._db.clock.now(), self._db.ids, Turn.JUDGES)

    def _reap(self, conn: Connection) -> int:
        return claims.reap(conn, self._unit(conn), knows_stable_keys=self._provider.knows_stable_keys)

    def _claim_one(self, conn: Connection, delivery_id: str) -> Claimed | None:
        return claims.claim(conn, self._unit(conn), delivery_id)

    def _give_up(self, conn: Connection, delivery_id: str, error: str) -> None:
        claims.give_up(conn, self._unit(conn), delivery_id, error)

    def _settle(self, conn: Connection, claimed: Claimed, outcome: Outcome) -> bool:
        return claims.settle(conn, self._unit(conn), claimed, outcome)
