"""The verbs of the queue: approve, reject, edit, diff, why. Opens what the ladder asks for; the triage decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from cc_tui.actions.action import Action
from cc_tui.state.approvals.rows import ApprovalRow
from cc_tui.state.messages import Level
from cc_tui.ui.dialogs.question import QuestionSheet
from cc_tui.ui.tabs.approvals.batch.verbs import BatchVerbs
from cc_tui.ui.tabs.approvals.draft.faces import part_words
from cc_tui.ui.tabs.approvals.draft.questions import CODES, reason_lines, risk_lines, typed_lines
from cc_tui.ui.tabs.approvals.editing import open_in_editor, open_sheet
from cc_tui.ui.tabs.approvals.triage import Next
from cc_tui.ui.tabs.approvals.trouble.settling import LINE, SETTLES, Settling
from cc_tui.ui.tabs.approvals.trouble.settling import why_not as why_not_settled
from cc_tui.ui.widgets.asked import Question
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.shape import Shape

if TYPE_CHECKING:
    from cc_tui.ui.tabs.approvals.desk import Steered

UNANSWERED_SECONDS = 0.8
"""After so long without an answer it is said that a decision is kept: mostly the answer is there before."""
_NEEDS_A_ROW = frozenset({"list.open", "list.mark", "list.copy", "list.preview"})
_ON_A_ROW = frozenset({"approvals.approve", "approvals.reject", "approvals.edit", "approvals.edit_in_editor"})


class QueueVerbs:
    """Carries out the verbs on the row under the cursor, or on the marks."""

    def __init__(self, desk: Steered) -> None:
        self._desk = desk
        self._told_unsaved: set[tuple[str, int]] = set()
        self._batches = BatchVerbs(desk, self._after_decision)
        self._settling = Settling(desk, self._close)
        self._asked_of: tuple[str, int] | None = None
        """The version of the draft that the open line of choices asks about; None where it asks about marks."""
        self._asks_marks = False
        self._acts: dict[str, Callable[[str], None]] = {
            "approvals.approve": self._approve,
            "approvals.reject": self._open_reasons,
            "approvals.edit": lambda _key: self._on_row(partial(open_sheet, desk.stage)),
            "approvals.edit_in_editor": lambda _key: self._on_row(self._open_in_editor),
            "approvals.all_safe": lambda _key: self._batches.all_safe(),
            "approvals.diff": lambda _key: self._toggle_diff(),
            "approvals.why": lambda _key: self._why(),
            "reason.pick": lambda key: self._reject_for(CODES[key]),
            "reason.again": lambda _key: self._reject_again(),
            "reason.words": lambda _key: self._ask_words(),
            "reason.leave": lambda _key: self.leave_choice(),
            "risk.approve": lambda _key: self._approve_anyway(),
            "risk.edit": lambda _key: self._edit_instead(),
            "risk.leave": lambda _key: self.leave_choice(),
            "approvals.settle": self._open_settling,
            "settle.sent": lambda _key: self._settling.ask_how_known("settle.sent"),
            "settle.not_sent": lambda _key: self._settling.ask_how_known("settle.not_sent"),
            "settle.failed": lambda _key: self._settling.ask_how_known("settle.failed"),
            "settle.retry": lambda _key: self._settling.retry(),
            "settle.leave": lambda _key: self.leave_choice(),
        }

    def act(self, action: Action, key: str) -> bool:
        """Carry out one of them; False when it is another's."""
        act = self._acts.get(action.id)
        if act is None:
            return False
        act(key)
        return True

    def why_not(self, action: Action) -> str | None:
        """Why a verb can't be used now."""
        if action.id in _ON_A_ROW and not self._desk.queue.marks:
            return self.why_row_not()
        if action.id in _NEEDS_A_ROW and self._desk.row is None:
            return self._why_no_row()
        if action.id == "approvals.all_safe" and self._desk.session.known.approvals.has_no_safe:
            return "nothing that waits is safe"
        if action.id in SETTLES:
            return why_not_settled(self._desk.row, action.id)
        if action.id == "reason.again" and self._desk.triage.last_reason is None:
            return "no reason was used yet"
        return None

    def why_row_not(self) -> str | None:
        """Why the row under the cursor can't be decided."""
        row = self._desk.row
        return self._why_no_row() if row is None else self._desk.triage.why_not(row)

    def _why_no_row(self) -> str:
        if self._desk.queue.order:
            return "the list is just opening, press it again"
        has_rows = self._desk.session.known.approvals.loads[self._desk.view].has_rows
        return "nothing is selected" if has_rows else "the rows are not here yet"

    def leave_choice(self) -> None:
        """Close the line of choices; nothing is decided."""
        self._close()
        self._desk.session.say("nothing was decided")

    def leave_stale_choice(self) -> bool:
        """A line of choices belongs to the version, or the marks, it was opened for; True when it had to be closed."""
        why = self._why_stale() if self._desk.pane.choice_name is not None else None
        if why is None:
            return False
        self._close()
        self._desk.session.say(f"nothing was decided: {why}", Level.WARN)
        return True

    def _why_stale(self) -> str | None:
        row, asked_of = self._desk.row, self._asked_of
        if self._asks_marks and not self._desk.queue.marks:
            return "no mark is left, somebody else decided"
        if asked_of is None or (row is not None and (row.id, row.version) == asked_of):
            return None
        is_same = row is not None and row.id == asked_of[0]
        return "the draft changed meanwhile" if is_same else "another draft is selected"

    # Approve

    def _approve(self, key: str) -> None:
        desk = self._desk
        if desk.queue.marks:
            self._on_marks(None)
            return
        if desk.shape is Shape.PHONE and not desk.is_item_open:
            desk.open_item()
            return
        row = desk.row
        if row is None or self._says_unsaved(row, key):
            return
        match desk.triage.approve(row):
            case Next.DECIDED:
                self._decided(row)
            case Next.RISK_LINE:
                self._open("risk", self._risk_lines(row), key)
            case Next.TYPED_LINE:
                self._ask_phrase(row)
            case Next.NOTHING:
                pass

    def _says_unsaved(self, row: ApprovalRow, key: str) -> bool:
        """Whether it had to be said that the operator's own edit is not in what would go out; once a version."""
        version = (row.id, row.version)
        if version in self._told_unsaved or self._desk.session.edits.unsaved(row.id) is None:
            return False
        self._told_unsaved.add(version)
        words = f"not approved: your edit is not saved; e goes on with it, {key} again approves without it"
        short = f"edit not saved; e goes on, {key} approves"
        self._desk.session.say(words, Level.WARN, ("e", key), short=short)
        return True

    def _approve_anyway(self) -> None:
        if self.leave_stale_choice():
            return
        row = self._desk.row
        self._close()
        if row is not None and self._desk.triage.approve_now(row) is Next.DECIDED:
            self._decided(row)

    def _ask_phrase(self, row: ApprovalRow) -> None:
        desk = self._desk
        step = desk.triage.step(row)
        pane = desk.pane
        pane.open_choice("typed", typed_lines(row, step, pane.size.width, desk.stage.look, is_airy=pane.is_airy))

        def typed(text: str) -> None:
            if not step.accepts(text):
                ask(f"that was not it; type {step.phrase}:")
                return
            self._close()
            if desk.row != row:
                desk.session.say("not approved: the draft changed meanwhile", Level.WARN)
            elif desk.triage.approve_now(row) is Next.DECIDED:
                self._decided(row)

        def ask(label: str) -> None:
            desk.stage.ask(
                Question(label, "", typed, "approve", left=self.leave_choice, takes_paste=False, decides=True)
            )

        ask(f"type {step.phrase}:")

    # Reject

    def _open_reasons(self, key: str) -> None:
        desk = self._desk
        if desk.shape is Shape.PHONE and not desk.is_item_open and not desk.queue.marks:
            desk.open_item()
            return
        marked, row = len(desk.queue.marks), desk.row
        who = f"{marked} marked" if marked else row.to_email if row is not None else ""
        lines = reason_lines(who, desk.triage.last_reason, desk.pane.size.width, desk.stage.look, is_typing=False,
                             is_airy=desk.pane.is_airy)  # fmt: skip
        self._open("reason", lines, key)

    def _reject_for(self, code: str, words: str | None = None) -> None:
        if self.leave_stale_choice():
            return
        desk = self._desk
        row = desk.row
        self._close()
        if desk.queue.marks:
            self._on_marks((code, words))
        elif row is not None and desk.triage.reject(row, code, words) is Next.DECIDED:
            self._decided(row)

    def _reject_again(self) -> None:
        if self._desk.triage.last_reason is not None:
            self._reject_for(self._desk.triage.last_reason)

    def _ask_words(self) -> None:
        desk = self._desk
        row = desk.row
        asked_of = None if self._asks_marks else row
        who = row.to_email if row is not None else ""
        lines = reason_lines(
            who, None, desk.pane.size.width, desk.stage.look, is_typing=True, is_airy=desk.pane.is_airy
        )
        desk.pane.open_choice("words", lines)

        def typed(text: str) -> None:
            if not text.strip():
                desk.session.say("not rejected: a reason in words needs words", Level.WARN)
                self._close()
            elif (None if desk.queue.marks else desk.row) != asked_of:
                self._close()
                what = "the draft" if asked_of is not None else "what was marked"
                desk.session.say(f"not rejected: {what} changed meanwhile", Level.WARN)
            else:
                self._reject_for("other", text.strip()[:2000])

        desk.stage.ask(Question("because:", "", typed, "reject", left=self.leave_choice, decides=True))

    # Marks: a batch with its dry run; one by one, after a count, where the server can't be asked for one

    def _on_marks(self, reason: tuple[str, str | None] | None) -> None:
        from cc_tui.decisions.journal import Reason

        desk = self._desk
        rows = desk.session.known.approvals.rows
        marked = [rows[one] for one in sorted(desk.queue.marks) if one in rows]
        if self._batches.can_ask:
            told = Reason(*reason) if reason is not None else None
            self._batches.on_marks(marked, told, lambda: self._one_by_one(marked, reason))
        else:
            self._one_by_one(marked, reason)

    def _one_by_one(self, marked: Sequence[ApprovalRow], reason: tuple[str, str | None] | None) -> None:
        desk = self._desk
        plan = desk.triage.plan(marked, approving=reason is None)
        verb = "Approve" if reason is None else "Reject"
        if not plan.decided:
            desk.session.say(f"none of {len(marked)} marked can be decided so: {plan.why_staying}", Level.WARN)
            return
        title = f"{verb} {len(plan.decided)} of {len(marked)} marked?"
        lines = [Line().add(plan.why_staying)] if plan.staying else []
        yes = f"{verb.lower()} these {len(plan.decided)}"
        desk.stage.open_sheet(
            QuestionSheet(
                desk.stage.look, title, lines, yes, lambda: self._decide_marked(plan.decided, reason), decides=True
            )
        )

    def _decide_marked(self, rows: Sequence[ApprovalRow], reason: tuple[str, str | None] | None) -> None:
        desk = self._desk
        done = 0
        for row in rows:
            current = desk.session.known.approvals.rows.get(row.id)
            if current != row or desk.triage.why_not(row) is not None:
                continue
            outcome = desk.triage.approve_now(row) if reason is None else desk.triage.reject(row, *reason)
            if outcome is not Next.DECIDED:
                break
            done += 1
            desk.queue.unmark([row.id])
        desk.session.say(f"{done} decided, {len(desk.queue.marks)} still marked", Level.DONE, (str(done),))
        self._after_decision()

    # Deliveries in trouble

    def _open_settling(self, key: str) -> None:
        desk = self._desk
        if desk.shape is Shape.PHONE and not desk.is_item_open:
            desk.open_item()
            return
        if desk.row is not None:
            self._open(LINE, self._settling.lines(desk.row), key)

    # Others

    def _on_row(self, act: Callable[[ApprovalRow], None]) -> None:
        if self._desk.row is not None:
            act(self._desk.row)

    def _open_in_editor(self, row: ApprovalRow) -> None:
        open_in_editor(self._desk.stage, self._desk.app, row)

    def _edit_instead(self) -> None:
        self._close()
        self._on_row(partial(open_sheet, self._desk.stage))

    def _toggle_diff(self) -> None:
        self._desk.is_diff_open = not self._desk.is_diff_open
        self._desk.refresh_draft()

    def _why(self) -> None:
        desk = self._desk
        row = desk.row
        whole = desk.session.known.approvals.whole(row.id) if row is not None else None
        if row is None or whole is None:
            return
        parts = ", ".join(f"{part_words(part.code)} {part.points:+d}" for part in whole.risk.parts) or "nothing"
        place = f"place {desk.table.cursor + 1} of {desk.sources[desk.view].count()} by {desk.queue.sort.value}"
        short = f"risk {row.risk} · {place}"
        desk.session.say(f"risk {row.risk}: {parts} · {place}", Level.NOTE, (str(row.risk),), short=short)
        desk.pane.scroll(len(desk.pane.lines))

    def _risk_lines(self, row: ApprovalRow) -> list[Line]:
        desk = self._desk
        whole = desk.session.known.approvals.whole(row.id)
        flags = whole.risk.flags if whole is not None else []
        heaviest = sorted(flags, key=lambda flag: {"block": 0, "warn": 1}.get(str(flag.severity), 2))
        worst = (heaviest[0].message or heaviest[0].code) if heaviest else "the score alone asks for a second look"
        parts = [(part.code, part.points) for part in whole.risk.parts] if whole is not None else []
        parts.sort(key=lambda part: -part[1])
        return risk_lines(row, parts, worst, desk.pane.size.width, desk.stage.look, is_airy=desk.pane.is_airy)

    def _open(self, name: str, lines: Sequence[Line], key: str) -> None:
        desk = self._desk
        desk.stage.line_opened(key)
        desk.session.say("nothing is decided yet")
        self._asks_marks = name == "reason" and bool(desk.queue.marks)
        asked_of = None if self._asks_marks else desk.row
        self._asked_of = (asked_of.id, asked_of.version) if asked_of is not None else None
        desk.pane.open_choice(name, lines)
        desk.stage.frame_changed()
        desk.stage.look_again()

    def _close(self) -> None:
        desk = self._desk
        self._asked_of, self._asks_marks = None, False
        desk.pane.close_choice()
        desk.stage.line_closed()
        desk.selection += 1
        desk.refresh_draft()
        desk.stage.frame_changed()

    def _decided(self, row: ApprovalRow) -> None:
        """The decided row stays, dimmed; the cursor goes to the next undecided one."""
        self._desk.queue.unmark([row.id])
        self._desk.stage.later(UNANSWERED_SECONDS, partial(self._desk.triage.tell_unanswered, row))
        self._after_decision()

    def _after_decision(self) -> None:
        desk = self._desk
        if desk.row is not None and desk.queue.is_undecided_here(desk.row.id):
            desk.stage.frame_changed()
            return
        following = desk.queue.next_undecided(desk.table.cursor)
        if following is not None:
            desk.table.go(following, is_all_else_as_drawn=True)
            if desk.is_item_open:
                desk.select_anew()
        else:
            if desk.is_item_open:
                desk.close_item()
            desk.queue.settle()
        desk.stage.frame_changed()
