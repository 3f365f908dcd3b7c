"""Lives of a sender, one after the other, most of them cut off; and what the database says after each."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from sqlalchemy import text

from cc_api_client.models.settings import MOST_HOURS
from cc_server.db.postgres.url import PostgresUrl
from cc_server.db.tables import approvals, deliveries
from rig.house import House
from tests.reliability.crash.cuts import CUT_BY_OTHERS, Step
from tests.reliability.crash.receiver import Receiver
from tests.reliability.crash.sender_process import Life
from tests.support.patience import PATIENCE_SECONDS

_ROOT = Path(__file__).parent.parent.parent.parent
_LONGEST_LIFE_SECONDS = 0.06
"""Of one that ends at any moment: about as long as an uncut one takes."""
_LOOK_SECONDS = 0.002
_BACKENDS = text(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
)


@dataclass
class Lives:
    """Senders on the database of a house.

    Attributes:
        receiver: who takes the mails; None: they become files.
    """

    house: House
    rng: random.Random
    forks: subprocess.Popen[str]
    receiver: Receiver | None = None

    @property
    def outbox(self) -> Path:
        return self.house.folder / "outbox"

    def approve(self, how_many: int, kinds: tuple[str, ...]) -> None:
        """Drafts of some kinds that somebody approves, and whose hold is over."""
        for _ in range(how_many):
            self.house.approve(self.house.draft(kind=self.rng.choice(kinds)))
        self.house.leave_hold()

    def approve_pairs(self, number: int, how_many: int) -> None:
        """Two mails each to some people of whom nobody heard before, approved, their hold over."""
        for place in range(how_many):
            for body in ("Hi Maya,\n\nfirst", "Hi Maya,\n\nsecond"):
                self.house.approve(self.house.draft(to_email=f"pair{number}-{place}@clinic.example", body=body))
        self.house.leave_hold()

    def mails_to_one(self, delivery_ids: Iterable[str]) -> Counter[str]:
        """How many of these deliveries went to each recipient."""
        recipients = {row["delivery_id"]: row["recipient"] for row in self.house.all(approvals)}
        return Counter(recipients[id_] for id_ in delivery_ids)

    def live(self, step: Step = Step.NEVER, nth: int = 1) -> int:
        """One life, cut off the `nth` time it comes to `step`; returns how it ended: `-SIGKILL`, or 0."""
        if self.receiver is not None:
            self.receiver.fall_silent(step, nth)
        life = Life(
            db=self._address(), audit_key=str(self.house.folder / "house.db.audit-key"), outbox=str(self.outbox),
            now=self.house.clock.now().isoformat(), smtp_port=self.receiver.port if self.receiver else None,
            step=step.value, nth=nth,
        )  # fmt: skip
        backends = self._backends()
        cast("IO[str]", self.forks.stdin).write(life.as_line())
        cast("IO[str]", self.forks.stdin).flush()
        pid = self._told()
        if step in CUT_BY_OTHERS:
            self._end(pid, step)
        ended = self._told()
        self._await_backends(backends)
        if self.receiver is not None:
            self.receiver.go_on()
        return ended

    def lose_leases(self) -> None:
        """Let so much time pass that no lease holds any more."""
        self.house.clock.advance(61)

    def by_state(self) -> dict[str, set[str]]:
        """The ids of all deliveries by their state."""
        found: dict[str, set[str]] = {}
        for row in self.house.all(deliveries):
            found.setdefault(row["state"], set()).add(row["id"])
        return found

    def errors(self) -> Counter[str]:
        """Why deliveries are not sent, and how many."""
        rows = self.house.all(deliveries)
        return Counter(f"{row['state']}: {row['error']}" for row in rows if row["state"] != "sent")

    def under_way(self) -> set[str]:
        """The deliveries that were claimed and not settled."""
        return self.by_state().get("dispatching", set())

    def stable_keys(self) -> dict[str, str]:
        """The ids of all deliveries by the key under which each is sent."""
        rows = self.house.all(deliveries)
        return {f"apr_{row['approval_id']}_v{row['approval_version']}": row["id"] for row in rows}

    def _address(self) -> str:
        address = self.house.db.address
        return address.dsn if isinstance(address, PostgresUrl) else str(address)

    def _backends(self) -> set[int]:
        """PostgreSQL's processes for this database; that of a client which was killed may live on until it is done."""
        if not isinstance(self.house.db.address, PostgresUrl):
            return set()
        return self.house.db.read_sync(lambda conn: set(conn.scalars(_BACKENDS)))

    def _await_backends(self, wanted: set[int]) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while left := self._backends() - wanted:
            assert time.monotonic() < end, f"PostgreSQL still works for a sender that is gone: {left}"
            time.sleep(_LOOK_SECONDS)

    def _end(self, pid: int, step: Step) -> None:
        if step is Step.ANY_MOMENT:
            threading.Event().wait(self.rng.uniform(0, _LONGEST_LIFE_SECONDS))
        elif self.receiver is not None:
            assert self.receiver.wait_silent(), f"nobody came to {step}"
        os.kill(pid, signal.SIGKILL)

    def _told(self) -> int:
        return int(cast("IO[str]", self.forks.stdout).readline())


@contextmanager
def lives_of(house: House, rng: random.Random, receiver: Receiver | None = None) -> Iterator[Lives]:
    """Lives on a house, and the process that they are forked from.

    A thousand lives last longer than what was approved stays fresh for; staleness is none of what they are about.
    """
    house.set("approvals", fresh_hours=MOST_HOURS)
    command = [sys.executable, "-m", "tests.reliability.crash.sender_process"]
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as forks:
        yield Lives(house, rng, forks, receiver)
