"""A sender in a process of its own, for lives that end too early: `python -m tests.reliability.crash.sender_process`.

Reads one life a line on stdin (JSON), forks, says the child's pid on stdout, and then how it ended: the signal as a
negative number, or the exit code. Forking a process that has everything loaded makes a life cost 30 ms, not 600.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from cc_server.config import ProviderName, ServerSettings, SmtpSecurity, SmtpSettings
from cc_server.db.clock import ManualClock
from cc_server.db.database import Address
from cc_server.db.postgres.url import PostgresUrl, is_postgres
from cc_server.db.schema import Use
from cc_server.sealing.seals import Seals
from cc_server.worker.providers import provider_of
from cc_server.worker.sender import Sender
from tests.reliability.crash.cuts import Cut, CutDatabase, CutProvider, Step, cut_renames


@dataclass(frozen=True, slots=True)
class Life:
    """What one sender is given: where it works, when, by which way it sends, and where it ends."""

    db: str
    audit_key: str
    outbox: str
    now: str
    smtp_port: int | None
    step: str
    nth: int

    def as_line(self) -> str:
        return json.dumps(asdict(self)) + "\n"


def main() -> int:
    """Live one life a line."""
    for line in sys.stdin:
        life = Life(**json.loads(line))
        pid = os.fork()
        if pid == 0:
            _live_and_end(life)
        _tell(pid)
        _, status = os.waitpid(pid, 0)
        _tell(os.waitstatus_to_exitcode(status))
    return 0


def _live_and_end(life: Life) -> None:
    code = 1
    try:
        asyncio.run(_live(life))
        code = 0
    finally:
        if code:
            traceback.print_exc()
        os._exit(code)


def _tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


async def _live(life: Life) -> None:
    """Claim and send until nothing is due."""
    cut = Cut(Step(life.step), life.nth)
    cut_renames(cut)
    clock, seals = ManualClock(datetime.fromisoformat(life.now)), Seals(Path(life.audit_key))
    db = CutDatabase(_address(life), clock, use=Use.BESIDE, seals=seals)
    db.cut = cut
    db.open()
    sender = Sender(db, CutProvider(provider_of(_settings(life)), cut))
    while await sender.round():
        pass
    db.close()


def _address(life: Life) -> Address:
    return PostgresUrl.parse(life.db) if is_postgres(life.db) else Path(life.db)


def _settings(life: Life) -> ServerSettings:
    if life.smtp_port is None:
        return ServerSettings(outbox_dir=Path(life.outbox))
    return ServerSettings(
        outbox_dir=Path(life.outbox),
        provider=ProviderName.SMTP,
        smtp=SmtpSettings(
            host="127.0.0.1", port=life.smtp_port, security=SmtpSecurity.NONE, sender="office@agency.example"
        ),
    )


if __name__ == "__main__":
    sys.exit(main())
