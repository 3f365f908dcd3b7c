"""From a key that counts to a decision: the ladder, the reason, marks. Draws nothing; tells the tab what to open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cc_tui.actions.ladder import Rung, Step, step_for
from cc_tui.state.approvals.rows import ApprovalRow, LocalPhase
from cc_tui.state.messages import Level

if TYPE_CHECKING:
    from cc_tui.session import Session


class Next(StrEnum):
    """What the tab opens."""

    DECIDED = "decided"
    RISK_LINE = "risk line"
    TYPED_LINE = "typed line"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class MarkedPlan:
    """What a decision on marks would do: those decided, and those that stay marked, with why."""

    decided: tuple[ApprovalRow, ...]
    staying: int

    @property
    def why_staying(self) -> str:
        """Why some stay, in words."""
        return f"{self.staying} stay marked: never seen, decided already, or needing more than one key"


class Triage:
    """Decides rows of the store through the session.

    `met` says whether a version of an item met the guard's rule while it was selected.
    """

    def __init__(self, session: Session, met: Callable[[str, int], bool]) -> None:
        self._session = session
        self._met = met
        self.last_reason: str | None = None

    def step(self, row: ApprovalRow) -> Step:
        """What it takes to approve this row."""
        whole = self._session.known.approvals.whole(row.id)
        name = self._session.known.identity.client_names.get(row.client_id)
        return step_for(row, whole.payload if whole is not None else None, name)

    def why_not(self, row: ApprovalRow) -> str | None:
        """Why a row can't be decided, in a few words."""
        local = self._session.known.approvals.local.get(row.id)
        if local is not None and local.is_open:
            return "decided already, not delivered yet"
        if row.status != "pending":
            return f"already {row.status}" + (f" by {row.word.by}" if row.word.by else "")
        if row.expires_at is not None and row.expires_at <= self._session.server_now():
            return "expired"
        return None

    def approve(self, row: ApprovalRow) -> Next:
        """Approve, or say what must be opened first."""
        match self.step(row).rung:
            case Rung.CONFIRM:
                return Next.RISK_LINE
            case Rung.TYPE:
                return Next.TYPED_LINE
            case Rung.KEY:
                return self.approve_now(row)

    def approve_now(self, row: ApprovalRow) -> Next:
        """Approve without a further question."""
        from cc_tui.decisions.journal import Verb

        return self._decide(row, Verb.APPROVE, None, None)

    def reject(self, row: ApprovalRow, code: str, words: str | None = None) -> Next:
        """Reject for a reason."""
        from cc_tui.decisions.journal import Verb

        self.last_reason = code if words is None else self.last_reason
        return self._decide(row, Verb.REJECT, code, words)

    def was_seen(self, approval_id: str, version: int) -> bool:
        """Whether this version of an approval was looked at here, as the guard counts it."""
        return self._met(approval_id, version)

    def plan(self, rows: Sequence[ApprovalRow], *, approving: bool) -> MarkedPlan:
        """Which marked rows a decision would take: each met the rule while selected, and needs one key."""
        decided = tuple(
            row for row in rows
            if self.why_not(row) is None and self._met(row.id, row.version)
            and (not approving or self.step(row).rung is Rung.KEY)
        )  # fmt: skip
        return MarkedPlan(decided, len(rows) - len(decided))

    def _decide(self, row: ApprovalRow, verb: str, code: str | None, words: str | None) -> Next:
        from cc_tui.decisions.journal import AlreadyDecided, JournalUnavailable, Reason, Verb
        from cc_tui.session import NotConnected

        reason = Reason(code, words) if code is not None else None
        try:
            self._session.decide(row, Verb(verb), reason)
        except (AlreadyDecided, JournalUnavailable, NotConnected) as error:
            self._session.say(str(error), Level.ERROR)
            return Next.NOTHING
        if not self._session.known.link.link.is_up:
            self._tell_kept(row, verb)
        return Next.DECIDED

    def tell_unanswered(self, row: ApprovalRow) -> None:
        """Say of a decision that the server has not answered for that it is kept."""
        local = self._session.known.approvals.local.get(row.id)
        is_told = local is None or local.phase is not LocalPhase.UNDELIVERED or local.sentence is not None
        if local is not None and not is_told and self._session.known.link.link.is_up:
            self._tell_kept(row, local.verb, "no answer yet, ")

    def _tell_kept(self, row: ApprovalRow, verb: str, why: str = "") -> None:
        from cc_tui.decisions.journal import Verb

        what = "approved" if verb == Verb.APPROVE else "rejected"
        words = f"{why}kept on this disk: {row.to_email} {what} · u takes it back"
        short = f"kept: {row.to_email} {what} · u undo"
        self._session.say(words, Level.NOTE, (row.to_email, "u"), short=short)
