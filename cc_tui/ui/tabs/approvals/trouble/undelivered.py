"""What can be done about a decision that did not go through: send it on a word, or forget it."""

from __future__ import annotations

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

_IN_TROUBLE = (LocalPhase.CONFLICT, LocalPhase.REFUSED)


def ask_about(stage: Stage, row: ApprovalRow | None) -> bool:
    """Ask about the decision on a row; False when there is none that waits for a word."""
    local = stage.session.known.approvals.local.get(row.id) if row is not None else None
    if row is None or local is None or local.phase not in (*_IN_TROUBLE, LocalPhase.OFFERED):
        return False
    about = [Line().add(f"{local.verb}  ", Token.DIM).add(safe_line(f"{row.to_email}  {row.subject}"))]
    if local.sentence:
        about.append(Line().add(safe_line(local.sentence), Token.DIM))
    if local.phase is LocalPhase.OFFERED:
        _ask_to_send(stage, local, about)
    else:
        _ask_to_forget(stage, local, about)
    return True


def _ask_to_send(stage: Stage, local: LocalDecision, about: list[Line]) -> None:
    backstage = stage.session.backstage
    if backstage is None:
        return

    def ask_next() -> None:
        stage.when_free(partial(_ask_to_forget, stage, local, about))

    stage.open_sheet(
        QuestionSheet(
            stage.look, "Send this decision now?", about, "send it",
            lambda: backstage.deciding.send([local.key]), ask_next,
        )
    )  # fmt: skip


def _ask_to_forget(stage: Stage, local: LocalDecision, about: list[Line]) -> None:
    backstage = stage.session.backstage
    if backstage is not None:
        stage.open_sheet(
            QuestionSheet(
                stage.look, "Forget this decision? The draft stays as the server has it.", about, "forget it",
                lambda: backstage.deciding.drop([local.key]),
            )
        )  # fmt: skip
