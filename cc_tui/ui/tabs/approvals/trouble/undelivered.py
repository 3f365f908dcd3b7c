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
    from cc_tui.ui.tabs.approvals.tab import ApprovalsTab

_IN_TROUBLE = (LocalPhase.CONFLICT, LocalPhase.REFUSED)


def ask_about(tab: ApprovalsTab) -> bool:
    """Ask about the decision under the cursor; False when there is none that waits for a word."""
    row = tab.row
    local = tab.session.known.approvals.local.get(row.id) if row is not None else None
    if row is None or local is None or local.phase not in (*_IN_TROUBLE, LocalPhase.OFFERED):
        return False
    about = [Line().add(f"{local.verb}  ", Token.DIM).add(safe_line(f"{row.to_email}  {row.subject}"))]
    if local.sentence:
        about.append(Line().add(safe_line(local.sentence), Token.DIM))
    if local.phase is LocalPhase.OFFERED:
        _ask_to_send(tab, local, about)
    else:
        _ask_to_forget(tab, local, about)
    return True


def _ask_to_send(tab: ApprovalsTab, local: LocalDecision, about: list[Line]) -> None:
    backstage = tab.session.backstage
    if backstage is None:
        return

    def ask_next() -> None:
        tab.stage.when_free(partial(_ask_to_forget, tab, local, about))

    tab.stage.open_sheet(
        QuestionSheet(
            tab.stage.look, "Send this decision now?", about, "send it",
            lambda: backstage.deciding.send([local.key]), ask_next,
        )
    )  # fmt: skip


def _ask_to_forget(tab: ApprovalsTab, local: LocalDecision, about: list[Line]) -> None:
    backstage = tab.session.backstage
    if backstage is not None:
        tab.stage.open_sheet(
            QuestionSheet(
                tab.stage.look, "Forget this decision? The draft stays as the server has it.", about, "forget it",
                lambda: backstage.deciding.drop([local.key]),
            )
        )  # fmt: skip
