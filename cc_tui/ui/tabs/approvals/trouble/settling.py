"""A delivery in trouble: `m` opens a line that settles an unknown one, with a note, or tries a failed one again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from cc_tui.state.approvals.rows import ApprovalRow
from cc_tui.state.messages import Level
from cc_tui.ui.tabs.approvals.draft.questions import settle_lines
from cc_tui.ui.widgets.asked import Question
from cc_tui.ui.widgets.line import Line

if TYPE_CHECKING:
    from cc_api_client.models.outbox.approvals import Delivery
    from cc_tui.ui.tabs.approvals.desk import Desk

LINE = "settle"
NOTE_LONGEST = 2000
_OUTCOMES = {"settle.sent": "sent", "settle.not_sent": "not_sent", "settle.failed": "failed"}
_WORDS = {"sent": "sent", "not_sent": "not sent, so it is sent again", "failed": "failed"}


SETTLES = frozenset({"approvals.settle", "settle.retry", *_OUTCOMES})
"""Actions on a delivery in trouble."""


def why_not(row: ApprovalRow | None, action_id: str) -> str | None:
    """Why a delivery can't be settled, or tried again, in a few words."""
    if row is None:
        return "nothing is selected"
    match action_id, row.delivery.state if row.status == "approved" else "":
        case "approvals.settle", "unknown" | "failed":
            return None
        case "approvals.settle", _:
            return "its delivery is not in trouble"
        case "settle.retry", "unknown":
            return "nobody knows whether it left; say that first"
        case (("settle.sent" | "settle.not_sent" | "settle.failed"), "failed"):
            return "it is known that it failed"
        case _:
            return None


class Settling:
    """Carries out what the line offers, on the row that it was opened for."""

    def __init__(self, desk: Desk, close: Callable[[], None]) -> None:
        self._desk = desk
        self._close = close

    def lines(self, row: ApprovalRow) -> list[Line]:
        """What opens below the draft."""
        desk = self._desk
        return settle_lines(row, desk.pane.size.width, desk.stage.look, is_airy=desk.pane.is_airy)

    def ask_how_known(self, action_id: str) -> None:
        """Ask how the outcome is known; the note settles it."""
        row, outcome = self._desk.row, _OUTCOMES[action_id]
        if row is None:
            return

        def typed(note: str) -> None:
            self._close()
            if not note.strip():
                self._desk.session.say("not settled: say how it is known", Level.WARN)
            elif self._desk.row != row:
                self._desk.session.say("not settled: it changed meanwhile", Level.WARN)
            else:
                self._desk.stage.run_soon(self._settle(row, outcome, note.strip()[:NOTE_LONGEST]))

        label = f"{_WORDS[outcome]}; how is that known?"
        self._desk.stage.ask(Question(label, "", typed, "settle", left=self._left, decides=True))

    def retry(self) -> None:
        """Have it tried again."""
        row = self._desk.row
        self._close()
        if row is not None:
            self._desk.stage.run_soon(self._retry(row))

    async def _settle(self, row: ApprovalRow, outcome: str, note: str) -> None:
        backstage = self._desk.session.backstage
        if backstage is not None:
            answer = backstage.commands.settle(row.delivery.id, outcome, note, row.delivery.version)
            await self._say(row, answer, f"settled as {_WORDS[outcome]}", "not settled")

    async def _retry(self, row: ApprovalRow) -> None:
        backstage = self._desk.session.backstage
        if backstage is not None:
            answer = backstage.commands.retry(row.delivery.id, row.delivery.version)
            await self._say(row, answer, "is tried again", "not tried again")

    async def _say(self, row: ApprovalRow, asked: Awaitable[Delivery], done: str, failed: str) -> None:
        from cc_api_client.errors import CommandCenterError

        session = self._desk.session
        try:
            await asked
        except (CommandCenterError, ValueError) as error:
            session.say(f"{row.to_email} {failed}: {error}", Level.ERROR, (row.to_email,))
            if session.backstage is not None:
                session.backstage.sync.refresh()
        else:
            words = f"the server confirmed: {row.to_email} {done}"
            session.say(words, Level.DONE, (row.to_email,), short=f"{row.to_email} {done}")

    def _left(self) -> None:
        self._close()
        self._desk.session.say("nothing was settled")
