"""Edits of drafts: what was typed is on the disk until the server has it, so that no crash and no conflict loses it.

An edit is a command: it is neither guarded nor delivered later by itself, and saving never approves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from cc_tui.state.messages import Level, Message

if TYPE_CHECKING:
    from cc_tui.actions.commands import Commands
    from cc_tui.decisions.journal import EditDraft, Journal
    from cc_tui.state.approvals.rows import ApprovalRow
    from cc_tui.state.clock import Clock
    from cc_tui.state.known import Known


class Opened(Protocol):
    """What edits ask of a server that is opened."""

    @property
    def journal(self) -> Journal:
        """Keeps what was typed."""

    @property
    def commands(self) -> Commands:
        """Saves it."""


class Edits:
    """What the operator types into drafts, each for the server that has the draft.

    Args:
        known: which server that is, and where things are said.
        clock: what time it is.
        opened: tells what is there of the server; None while none is opened.
    """

    def __init__(self, known: Known, clock: Clock, opened: Callable[[], Opened | None]) -> None:
        self._known = known
        self._clock = clock
        self._opened = opened

    def unsaved(self, approval_id: str) -> EditDraft | None:
        """What was typed into an edit of this draft and not saved, if anything."""
        opened, identity = self._opened(), self._known.identity.identity
        if opened is None or identity is None:
            return None
        return opened.journal.draft_of(identity.server_id, approval_id)

    def keep(self, approval_id: str, version: int, fields: Mapping[str, str]) -> None:
        """Keep on disk what was typed; a disk that refuses is said."""
        from cc_tui.decisions.journal import EditDraft, JournalUnavailable

        opened, identity = self._opened(), self._known.identity.identity
        if opened is None or identity is None:
            return
        try:
            opened.journal.save_draft(
                identity.server_id, EditDraft(approval_id, version, dict(fields), self._clock.wall())
            )
        except JournalUnavailable as error:
            self._say(str(error), Level.ERROR)

    async def save(self, row: ApprovalRow, fields: Mapping[str, str]) -> None:
        """Save an edit that started from `row`; a failure is said, and what was typed is kept."""
        from cc_api_client.errors import CommandCenterError, VersionConflict
        from cc_api_client.models.outbox.approvals import ApprovalEdit

        opened, identity = self._opened(), self._known.identity.identity
        if opened is None or identity is None:
            return
        try:
            await opened.commands.edit(
                row.id, ApprovalEdit(subject=fields["subject"], body=fields["body"]), row.version
            )
        except VersionConflict:
            words = f"{row.to_email} changed while you edited; theirs is shown, yours is kept for the next e"
            self._say(words, Level.WARN, row.to_email)
        except (CommandCenterError, ValueError) as error:
            self._say(f"not saved, kept for the next e: {error}", Level.ERROR)
        else:
            opened.journal.drop_draft(identity.server_id, row.id)
            self._say(f"saved {row.to_email}; it still waits for your word", Level.DONE, row.to_email)

    def _say(self, text: str, level: Level, *strong: str) -> None:
        self._known.messages.say(Message(text, level, self._clock.wall(), strong))
