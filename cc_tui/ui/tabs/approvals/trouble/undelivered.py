"""What can be done about a decision that did not go through: send it on a word, or forget it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from cc_tui.state.approvals.rows import LocalDecision, LocalPhase
from cc_tui.text.safe import safe_line
from cc_tui.ui.dialogs.question import QuestionSheet
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line

if TYPE_CHECKING:
    from cc_tui.state.approvals.rows import ApprovalRow
    from cc_tui.ui.tabs.tab import Stage

LISTED = 8
"""How many drafts of a batch are named."""
_IN_TROUBLE = (LocalPhase.CONFLICT, LocalPhase.REFUSED)


def ask_about(stage: Stage, row: ApprovalRow | None) -> bool:
    """Ask about the decision on a row; False when there is none that waits for a word."""
    local = stage.session.known.approvals.local.get(row.id) if row is not None else None
    if row is None or local is None or local.phase not in (*_IN_TROUBLE, LocalPhase.OFFERED):
        return False
    together = _decided_together(stage, row, local)
    about = [_about(local, one) for one in together[:LISTED]]
    if len(together) > LISTED:
        about.append(Line().add(f"and {len(together) - LISTED} more", Token.DIM))
    if local.sentence:
        about.append(Line().add(safe_line(local.sentence), Token.DIM))
    if local.phase is LocalPhase.REFUSED:
        about += [Line(), Line().add("to send it after all, leave this and decide the draft again", Token.DIM)]
    if local.phase is LocalPhase.OFFERED:
        _ask_to_send(stage, local, about, len(together))
    else:
        _ask_to_forget(stage, local, about, len(together))
    return True


def _decided_together(stage: Stage, row: ApprovalRow, local: LocalDecision) -> Sequence[ApprovalRow]:
    """What one decision is about: this row first; all of a batch go, or are forgotten, together."""
    approvals = stage.session.known.approvals
    keys = [key for key, one in approvals.local.items() if one.key == local.key and key != row.id]
    return [row, *(found for key in keys if (found := approvals.rows.get(key)) is not None)]


def _about(local: LocalDecision, row: ApprovalRow) -> Line:
    return Line().add(f"{local.verb}  ", Token.DIM).add(safe_line(f"{row.to_email}  {row.subject}"))


def _ask_to_send(stage: Stage, local: LocalDecision, about: list[Line], count: int) -> None:
    backstage = stage.session.backstage
    if backstage is None:
        return

    def ask_next() -> None:
        stage.when_free(partial(_ask_to_forget, stage, local, about, count))

    title = "Send this decision now?" if count == 1 else f"Send this batch now? It decides {count} drafts."
    stage.open_sheet(
        QuestionSheet(
            stage.look, title, about, "send it", lambda: backstage.deciding.send([local.key]), ask_next, decides=True
        )
    )  # fmt: skip


def _ask_to_forget(stage: Stage, local: LocalDecision, about: list[Line], count: int) -> None:
    backstage = stage.session.backstage
    if backstage is None:
        return
    title = "Forget this decision? The draft stays as the server has it."
    if count > 1:
        title = f"Forget this batch? Its {count} drafts stay as the server has them."
    stage.open_sheet(
        QuestionSheet(
            stage.look, title, about, "forget it", lambda: backstage.deciding.drop([local.key]), decides=True
        )
    )  # fmt: skip
