"""All safe, and decisions on marks: a dry run is asked for, its list shown, and exactly that is decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cc_tui.state.approvals.rows import ApprovalRow, View, Weight
from cc_tui.state.messages import Level
from cc_tui.text.safe import safe_line
from cc_tui.ui.tabs.approvals.batch.drawing import Facts, Listed
from cc_tui.ui.tabs.approvals.batch.sheet import BatchSheet

if TYPE_CHECKING:
    from cc_api_client.models.outbox.batches import BatchAction, BatchPlan, BatchPlanItem
    from cc_tui.decisions.journal import Reason
    from cc_tui.ui.tabs.approvals.desk import Desk

WHYS_TOLD = 3
BATCH_MOST = 500
DIGEST_SHOWN = 4


class BatchVerbs:
    """Decides many approvals at once.

    Args:
        desk: the queue, and what is known of it.
        decided: called when something was decided, so that the cursor goes on.
    """

    def __init__(self, desk: Desk, decided: Callable[[], None]) -> None:
        self._desk = desk
        self._decided = decided
        self._is_asking = False
        self._has_no_batches = False

    @property
    def can_ask(self) -> bool:
        """Whether the server can be asked for a dry run now."""
        return not self._has_no_batches and self._desk.session.known.link.link.is_up

    def all_safe(self) -> None:
        """List what the server calls safe: of all that waits, or of what the filter shows."""
        from cc_api_client.models.outbox.batches import BatchAction

        queue, rows = self._desk.queue, self._desk.session.known.approvals.rows
        if queue.filter_text:
            shown = [rows[one] for one in queue.order if one in rows and rows[one].safe]
            if not shown:
                self._desk.session.say("nothing that the filter shows is safe to approve", Level.WARN)
                return
            self._ask(BatchAction.APPROVE_SAFE, _riskiest(shown, is_approving=True), None, None)
            return
        self._ask(BatchAction.APPROVE_SAFE, None, None, None)

    def on_marks(self, marked: Sequence[ApprovalRow], reason: Reason | None, otherwise: Callable[[], None]) -> None:
        """List what would be done with the marks; `otherwise` where the server knows no batches."""
        from cc_api_client.models.outbox.batches import BatchAction

        action = BatchAction.APPROVE if reason is None else BatchAction.REJECT
        self._ask(action, _riskiest(marked, is_approving=reason is None), reason, otherwise)

    def _ask(
        self, action: BatchAction, rows: Sequence[ApprovalRow] | None, reason: Reason | None,
        otherwise: Callable[[], None] | None,
    ) -> None:  # fmt: skip
        if not self._is_asking:
            self._is_asking = True
            self._desk.session.say("asking the server what it would do")
            self._desk.stage.run_soon(self._plan(action, rows, reason, otherwise))

    async def _plan(
        self, action: BatchAction, rows: Sequence[ApprovalRow] | None, reason: Reason | None,
        otherwise: Callable[[], None] | None,
    ) -> None:  # fmt: skip
        from cc_api_client.errors import CommandCenterError, NotFound, Unsupported

        backstage = self._desk.session.backstage
        try:
            if backstage is None:
                return
            plan = await backstage.commands.plan_batch(
                action,
                ids=[row.id for row in rows] if rows is not None else None,
                matching={"sort": "-risk"} if rows is None else None,
                reason_code=reason.code if reason is not None else None,
                reason=reason.words if reason is not None else None,
            )
        except (NotFound, Unsupported):
            self._has_no_batches = True
            if otherwise is not None:
                otherwise()
            else:
                self._desk.session.say("this server knows no batches: approve one by one, with a", Level.WARN, ("a",))
        except CommandCenterError as error:
            self._desk.session.say(f"nothing was decided: {error}", Level.ERROR)
        else:
            self._show(action, plan, reason)
        finally:
            self._is_asking = False

    def _show(self, action: BatchAction, plan: BatchPlan, reason: Reason | None) -> None:
        would = sorted((one for one in plan.items if one.would == "ok"), key=lambda one: -one.risk)
        session = self._desk.session
        if not would:
            whys = counted([one.why or "" for one in plan.items])
            session.say(f"nothing can be {_WORDS[action.value][1]} so" + (f": {whys}" if whys else ""), Level.WARN)
            return
        session.say("nothing is decided yet")
        facts = self._facts(action, plan, would)

        def decide() -> None:
            self._decide(action, plan, would, reason)

        def say_why(one: Listed) -> None:
            session.say(f"{one.to_email}: {one.whole_why or 'marked by you'}", Level.NOTE, (one.to_email,))

        def leave() -> None:
            session.say("nothing was decided")

        look = self._desk.stage.look
        self._desk.stage.open_sheet(BatchSheet(look, facts, on_yes=decide, on_no=leave, say_why=say_why))

    def _facts(self, action: BatchAction, plan: BatchPlan, would: Sequence[BatchPlanItem]) -> Facts:
        verb, _past, kind = _WORDS[action.value]
        count, digest = len(would), plan.selection_sha256
        version = plan.policy_version.partition("+")[0]
        shown = f"{digest[:DIGEST_SHOWN]} {digest[DIGEST_SHOWN : 2 * DIGEST_SHOWN]}"
        held = f", held for {plan.hold_seconds} s" if action.value != "reject" else ""
        return Facts(
            title=f"{verb} {count} {kind} draft{'s' if count != 1 else ''}",
            told=(f"policy {version}", "riskiest first", f"digest {shown}"),
            why_title="Why safe" if action.value == "approve_safe" else "",
            yes=f"{verb.lower()} {'these ' + str(count) if count > 1 else 'this one'}{held}",
            left=safe_line(self._left(action, plan, count)),
            items=tuple(self._listed(one) for one in would),
        )

    def _listed(self, one: BatchPlanItem) -> Listed:
        row = self._desk.session.known.approvals.rows.get(one.id)
        why = one.why or ""
        return Listed(
            one.id, one.kind, one.to_email, one.subject, one.risk, str(row.weight) if row is not None else "",
            why.partition(";")[0], why, self._desk.triage.was_seen(one.id, one.version),
            row is not None and row.safe,
        )  # fmt: skip

    def _left(self, action: BatchAction, plan: BatchPlan, count: int) -> str:
        """What is not on the list, and why."""
        if action.value != "approve_safe":
            refused = [one.why or "" for one in plan.items if one.would != "ok"]
            beyond = len(self._desk.queue.marks) - len(plan.items)
            parts = [f"{len(refused)} stay marked: {counted(refused)}"] if refused else []
            parts += [f"{beyond:,} more stay marked: a batch takes {BATCH_MOST}"] if beyond > 0 else []
            return "; ".join(parts)
        known, refused = self._desk.session.known.approvals, [one.why or "" for one in plan.items if one.would != "ok"]
        waiting = [row for row in known.rows.values() if row.view is View.PENDING]
        blocked = sum(row.weight is Weight.BLOCK for row in waiting)
        asking = max(0, known.counts.pending - count - blocked - len(refused))
        parts = [f"{asking} that ask"] if asking else []
        parts += [f"{len(refused)} safe no longer ({counted(refused)})"] if refused else []
        parts += [f"{blocked} with a block flag"] if blocked else []
        more = f" {plan.remaining} more are safe, A lists them next." if plan.remaining else ""
        return f"Left for you: {', '.join(parts) or 'none'}.{more} What arrives meanwhile stays pending."

    def _decide(
        self, action: BatchAction, plan: BatchPlan, would: Sequence[BatchPlanItem], reason: Reason | None
    ) -> None:
        from cc_tui.decisions.journal import JournalUnavailable
        from cc_tui.session import NotConnected

        session = self._desk.session
        try:
            session.decide_batch(action, plan, would, reason)
        except (JournalUnavailable, NotConnected) as error:
            session.say(str(error), Level.ERROR)
            return
        self._desk.queue.unmark([one.id for one in would])
        where = "on their way" if session.known.link.link.is_up else "kept on this disk"
        session.say(f"{where}: {len(would)} drafts · u takes them back", Level.NOTE, ("u",))
        self._decided()


_WORDS = {
    "approve_safe": ("Approve", "approved", "safe"),
    "approve": ("Approve", "approved", "marked"),
    "reject": ("Reject", "rejected", "marked"),
}


def _riskiest(rows: Sequence[ApprovalRow], *, is_approving: bool) -> list[ApprovalRow]:
    """The riskiest first, as many as a batch takes; what a flag blocks takes no room from what can be approved."""

    def place(row: ApprovalRow) -> tuple[bool, int, str]:
        return is_approving and row.weight is Weight.BLOCK, -row.risk, row.id

    return sorted(rows, key=place)[:BATCH_MOST]


def counted(whys: Sequence[str]) -> str:
    """Reasons with how often they were given, the most frequent first; those that have no room are counted too."""
    told = Counter(why for why in whys if why).most_common(WHYS_TOLD)
    others = len(whys) - sum(times for _why, times in told)
    parts = [f"{times} × {why}" if times > 1 else why for why, times in told]
    if told and others:
        parts.append(f"{others} for other reasons" if others > 1 else "1 for another reason")
    return ", ".join(parts)
