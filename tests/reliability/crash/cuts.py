"""Where a sender is cut off, and how: a process that ends itself with SIGKILL at a named step."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar
from unittest.mock import patch

from sqlalchemy import Connection

from cc_server.db.database import Database
from cc_server.domain.outbox.sending.claims import Claimed, Outcome
from cc_server.worker.providers import Provider

P = ParamSpec("P")
T = TypeVar("T")


class Step(StrEnum):
    """The steps of a sender at which it can be cut off, in the order in which they come."""

    REAP_UNCOMMITTED = "reap.uncommitted"
    REAP_COMMITTED = "reap.committed"
    CLAIM_ASKED = "claim.asked"
    CLAIM_UNCOMMITTED = "claim.uncommitted"
    CLAIM_COMMITTED = "claim.committed"
    SEND_BEGUN = "send.begun"
    FILE_WRITTEN = "file.written"
    FILE_NAMED = "file.named"
    MAIL_ADDRESSED = "mail.addressed"
    MAIL_TAKEN = "mail.taken"
    SEND_ENDED = "send.ended"
    SETTLE_UNCOMMITTED = "settle.uncommitted"
    SETTLE_COMMITTED = "settle.committed"
    ANY_MOMENT = "any moment"
    NEVER = "never"


CUT_BY_OTHERS = frozenset({Step.MAIL_ADDRESSED, Step.MAIL_TAKEN, Step.ANY_MOMENT})
"""Steps that the process does not notice itself: somebody else ends it there."""
BETWEEN_COMMITS = frozenset(
    {
        Step.CLAIM_COMMITTED, Step.SEND_BEGUN, Step.FILE_WRITTEN, Step.FILE_NAMED, Step.MAIL_ADDRESSED,
        Step.MAIL_TAKEN, Step.SEND_ENDED, Step.SETTLE_UNCOMMITTED,
    }
)  # fmt: skip
"""Steps after the commit of a claim and before that of its settlement."""
_UNITS = {"_reap": "reap", "_claim_one": "claim", "_settle": "settle"}
"""What the sender's units of work are called, and what we call them."""


@dataclass(slots=True)
class Cut:
    """Ends this process the `nth` time that it comes to `step`."""

    step: Step
    nth: int = 1
    _come: int = field(default=0, init=False)

    def at(self, place: str) -> None:
        """Say where the process is."""
        if place == self.step.value:
            self._come += 1
            if self._come == self.nth:
                os.kill(os.getpid(), signal.SIGKILL)


class CutDatabase(Database):
    """A database whose process can end around every commit of the sender."""

    cut: Cut

    async def write(self, fn: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `fn` as ever, and say before, within and after its transaction where we are."""
        unit = _UNITS.get(getattr(fn, "__name__", ""), "other")
        self.cut.at(f"{unit}.asked")

        def told(conn: Connection, /, *args: P.args, **kwargs: P.kwargs) -> T:
            result = fn(conn, *args, **kwargs)
            self.cut.at(f"{unit}.uncommitted")
            return result

        result = await super().write(told, *args, **kwargs)
        self.cut.at(f"{unit}.committed")
        return result


class CutProvider:
    """A provider whose process can end before and after it sends."""

    def __init__(self, inner: Provider, cut: Cut) -> None:
        self._inner = inner
        self._cut = cut
        self.knows_stable_keys = inner.knows_stable_keys
        self.leaves_this_machine = inner.leaves_this_machine

    async def send(self, claimed: Claimed) -> Outcome:
        """Send as ever, and say before and after where we are."""
        self._cut.at(Step.SEND_BEGUN)
        outcome = await self._inner.send(claimed)
        self._cut.at(Step.SEND_ENDED)
        return outcome


def cut_renames(cut: Cut) -> None:
    """Let the process end around the moment when a file gets its name."""
    rename = Path.rename

    def told(path: Path, target: Any) -> Path:
        cut.at(Step.FILE_WRITTEN)
        renamed = rename(path, target)
        cut.at(Step.FILE_NAMED)
        return renamed

    patch.object(Path, "rename", told).start()
