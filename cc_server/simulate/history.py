"""What happened before anybody watched: thirty days of leads, runs, drafts, decisions and mails, as records only.

Everything goes through the domain at the moment it is said to have happened, several hundred units a transaction.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from cc_api_client.models.installation.roles import Role
from cc_server.db.database import Database
from cc_server.domain.base.actors import Actor
from cc_server.domain.outbox import decisions, deliveries, lapses, rows
from cc_server.domain.outbox.decisions import Seen
from cc_server.domain.outbox.sending import claims
from cc_server.domain.work import agents
from cc_server.simulate.cast import OPERATORS
from cc_server.simulate.world import Working, World
from cc_server.worker.providers import RecordingProvider

DAYS = 30
UNITS_AT_ONCE = 300
RUNS_A_DAY_LONG_AGO = 24
RUNS_YESTERDAY = 250
LEADS_A_DAY = 7
MOVES_A_DAY = 9
LOGGED_HOURS = 12
SETTLED_MINUTES = 3
"""Everything that happened before is over this long before now."""
BROKEN_AGENT = "caller"
_HOURS = tuple(1 if hour < 6 or hour > 20 else 5 if 8 <= hour <= 17 else 3 for hour in range(24))
_REASONS = ("wrong_facts", "tone", "timing", "wrong_recipient", "policy", "placeholder")

Act = Callable[[Connection, datetime], None]


class History:
    """The past of one business, up to now."""

    def __init__(self, db: Database, world: World, now: datetime) -> None:
        self._db = db
        self._world = world
        self._now = now
        self._rng = random.Random(f"{world.seed} history")
        self._count = itertools.count()
        self._due: list[tuple[datetime, int, Act]] = []

    def play(self, is_wanted: Callable[[], bool]) -> None:
        """Let it all happen; ends early when it is no longer wanted."""
        began = self._now - timedelta(days=DAYS)
        self._world.logs_since = self._now - timedelta(hours=LOGGED_HOURS)
        self._db.write_sync(self._world.found, began)
        self._plan(began)
        while self._due and is_wanted():
            self._db.write_sync(self._some)

    def _plan(self, began: datetime) -> None:
        """Put what comes from outside on the calendar; what follows from it is put there as it happens."""
        for day in range(DAYS):
            morning = began + timedelta(days=day)
            runs = RUNS_YESTERDAY if day == DAYS - 1 else RUNS_A_DAY_LONG_AGO
            self._spread(runs, morning, self._start)
            self._spread(LEADS_A_DAY, morning, self._world.lead_arrives)
            self._spread(MOVES_A_DAY, morning, self._world.lead_moves)
            self._at(morning + timedelta(hours=12), self._expire)
        self._at(self._now - timedelta(minutes=23), self._break_an_agent)
        for minutes in (24, 2):
            self._at(self._now - timedelta(minutes=minutes), self._beat)

    def _spread(self, times: int, morning: datetime, act: Act) -> None:
        """Spread something over the waking hours of 24 hours."""
        hours = self._rng.choices(range(24), [_HOURS[(morning.hour + ahead) % 24] for ahead in range(24)], k=times)
        for hour in hours:
            self._at(morning + timedelta(hours=hour, seconds=self._rng.randrange(3600)), act)

    def _at(self, moment: datetime, act: Act) -> None:
        heapq.heappush(self._due, (min(moment, self._now), next(self._count), act))

    def _some(self, conn: Connection) -> None:
        self._world.read_settings(conn)
        for _ in range(UNITS_AT_ONCE):
            if not self._due:
                return
            moment, _place, act = heapq.heappop(self._due)
            act(conn, moment)

    def _start(self, conn: Connection, now: datetime) -> None:
        work = self._world.agent_starts(conn, now)
        if work is not None:
            self._at(work.ends_at, lambda conn, then: self._end(conn, then, work))

    def _end(self, conn: Connection, now: datetime, work: Working) -> None:
        last = self._now - timedelta(minutes=SETTLED_MINUTES)
        wants = now < last - timedelta(minutes=10) and self._rng.random() < (0.35 if work.lead else 0.0)
        approval_id = self._world.agent_ends(conn, work, now, drafts_wanted=wants)
        if approval_id is None:
            return
        is_old = now < self._now - timedelta(hours=self._world.settings.approvals.expire_hours + 14)
        if is_old and self._rng.random() < 0.03:
            return
        decided_at = min(now + timedelta(minutes=self._rng.expovariate(1 / 40)), last)
        self._at(decided_at, lambda conn, then: self._decide(conn, then, approval_id))

    def _decide(self, conn: Connection, now: datetime, approval_id: str) -> None:
        name = self._rng.choice(OPERATORS)
        unit = self._world.unit(now, Actor(name, f"operator {name}", Role.OPERATOR))
        row = rows.find(conn, unit.actor, approval_id)
        is_bad = row["high_risk"] or self._rng.random() < 0.08
        if is_bad or not row["deliverable"]:
            decisions.reject(conn, unit, approval_id, Seen(version=1), self._rng.choice(_REASONS), None)
            return
        decisions.approve(conn, unit, approval_id, Seen(version=1), None)
        sent_at = now + deliveries.hold_for(self._world.settings, row["risk_score"]) + timedelta(seconds=1)
        self._at(sent_at, self._send)

    def _send(self, conn: Connection, now: datetime) -> None:
        unit = self._world.unit(now)
        for delivery_id in claims.due(conn, now, 8):
            claimed = claims.claim(conn, unit, delivery_id)
            if claimed is not None:
                claims.settle(conn, unit, claimed, RecordingProvider.record(claimed))

    def _expire(self, conn: Connection, now: datetime) -> None:
        lapses.expire_overdue(conn, self._world.unit(now))

    def _break_an_agent(self, conn: Connection, now: datetime) -> None:
        agents.fail(conn, self._world.unit(now), BROKEN_AGENT, "the telephone gateway refuses the login")

    def _beat(self, conn: Connection, now: datetime) -> None:
        self._world.beat(conn, now)
