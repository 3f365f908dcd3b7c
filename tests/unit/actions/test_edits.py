"""Edits: what was typed is kept until the server has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from cc_api_client.client import CommandCenterClient
from cc_api_client.errors import VersionConflict
from cc_api_client.models.outbox.approvals import Approval, ApprovalEdit
from cc_tui.actions.commands import Commands
from cc_tui.actions.edits import Edits
from cc_tui.decisions.journal import Journal
from cc_tui.state.approvals.rows import row_of
from cc_tui.state.identity import Identity
from cc_tui.state.known import Known
from cc_tui.sync.intake import Intake
from tests.support.rows import approval
from tests.unit.decisions.support import StandingClock

MINE = {"subject": "mine", "body": "my text"}


@dataclass
class Approvals:
    """The client's side of a server that has one draft."""

    now: Approval
    asked: list[tuple[str, int]] = field(default_factory=list)

    async def edit(self, approval_id: str, edit: ApprovalEdit, *, version: int, idempotency_key: str) -> Approval:
        self.asked.append((approval_id, version))
        if version != self.now.version:
            conflict = VersionConflict("it is at another version", status=412)
            conflict.item = self.now
            raise conflict
        self.now = self.now.model_copy(
            update={"subject": edit.subject, "body": edit.body, "version": self.now.version + 1}
        )
        return self.now


@dataclass
class Server:
    """What of the client is asked."""

    approvals: Approvals


@dataclass
class Opened:
    """A server that is opened."""

    journal: Journal
    commands: Commands


@dataclass
class Desk:
    """An operator who edits the first draft."""

    known: Known
    approvals: Approvals
    journal: Journal
    edits: Edits
    draft: Approval

    @property
    def told(self) -> str:
        shown = self.known.messages.shown
        return shown.text if shown is not None else ""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    known, draft = Known(), approval()
    known.identity.set(Identity("ana", "operator", "server-1", "epoch-1"), ())
    known.approvals.load([row_of(draft)])
    approvals, journal = Approvals(draft), Journal(tmp_path / "journal")
    client = cast("CommandCenterClient", Server(approvals))
    opened = Opened(journal, Commands(client, Intake(known, lambda _feed: None), lambda: "key"))
    yield Desk(known, approvals, journal, Edits(known, StandingClock(), lambda: opened), draft)
    journal.close()


async def test_what_was_saved_is_shown_as_the_server_has_it_and_is_kept_no_more(desk: Desk) -> None:
    row = desk.known.approvals.rows[desk.draft.id]
    desk.edits.keep(row.id, row.version, MINE)
    await desk.edits.save(row, MINE)
    assert desk.edits.unsaved(row.id) is None
    assert desk.known.approvals.rows[row.id].subject == "mine"
    assert desk.told == f"saved {row.to_email}; it still waits for your word"


async def test_who_saves_over_what_somebody_else_changed_sees_theirs_and_keeps_the_own(desk: Desk) -> None:
    row = desk.known.approvals.rows[desk.draft.id]
    theirs: dict[str, Any] = {"subject": "theirs", "version": desk.draft.version + 1}
    desk.approvals.now = desk.draft.model_copy(update=theirs)
    desk.edits.keep(row.id, row.version, MINE)
    await desk.edits.save(row, MINE)
    kept = desk.edits.unsaved(row.id)
    assert kept is not None and kept.fields == MINE
    assert desk.known.approvals.rows[row.id].subject == "theirs"
    assert desk.told == f"{row.to_email} changed while you edited; theirs is shown, yours is kept for the next e"
    assert desk.approvals.asked == [(row.id, row.version)]


async def test_without_a_server_nothing_is_kept_and_nothing_is_asked(desk: Desk) -> None:
    edits, row = Edits(desk.known, StandingClock(), lambda: None), desk.known.approvals.rows[desk.draft.id]
    edits.keep(row.id, row.version, MINE)
    await edits.save(row, MINE)
    assert edits.unsaved(row.id) is None
    assert (desk.edits.unsaved(row.id), desk.approvals.asked) == (None, [])
