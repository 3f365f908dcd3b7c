"""Decisions that no answer came for, as sheets list them; those that only another key sends are forgotten here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cc_tui.state.messages import Level
from cc_tui.text.formats import clock, day, moment
from cc_tui.text.safe import safe_line
from cc_tui.ui.dialogs.question import QuestionSheet
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line

if TYPE_CHECKING:
    from cc_tui.decisions.batches import Batch
    from cc_tui.decisions.journal import Decision
    from cc_tui.ui.tabs.tab import Stage

LISTED = 8
"""How many are asked about at once: all of them are on the sheet."""
NAMED = 9
"""How many of those that are sent together are named."""


def offered_lines(offered: Sequence[Decision], batches: Sequence[Batch]) -> list[Line]:
    """What waits for the operator's word, oldest first: decisions, how many of them are not named, and batches."""
    more = len(offered) - NAMED
    lines = [_decision_line(one) for one in offered[:NAMED]]
    lines += [Line().add(f"and {more} more decision{'s' if more > 1 else ''}", Token.DIM)] if more > 0 else []
    return lines + [_batch_line(batch) for batch in batches]


def _decision_line(one: Decision) -> Line:
    """When, what, and about whom."""
    return _when(one.decided_at).add(f"  {one.verb.value:<8}").add(safe_line(f"{one.recipient}  {one.subject}"))


def _batch_line(batch: Batch) -> Line:
    """When, what, and how many."""
    done = f", {len(batch.arrived)} of it decided already" if batch.arrived else ""
    return _when(batch.decided_at).add(f"  {batch.verb:<8}").add(f"a batch of {len(batch.items)}{done}")


def _when(decided_at: float) -> Line:
    """The day and the time: what was kept may be of any day."""
    return Line().add(day(moment(decided_at)), Token.DIM).add(" ").add(clock(moment(decided_at)), Token.DIM)


def ask_about_kept_elsewhere(stage: Stage) -> None:
    """Show the oldest that this key can't send, and ask whether they are to be forgotten."""
    from cc_tui.decisions.batches import Batch
    from cc_tui.decisions.journal import JournalUnavailable
    from cc_tui.session import NotConnected

    session = stage.session
    kept = session.kept_elsewhere()
    asked = kept[:LISTED]
    if not asked:
        return
    lines = []
    for one in asked:
        made = _batch_line(one) if isinstance(one, Batch) else _decision_line(one)
        lines.append(made.add(safe_line(f"  made with the key “{one.destination.key_name}”"), Token.DIM))
    told = "what you leave waits for an app with that key; what had arrived before stays as the server has it"
    lines += [Line(), Line().add(told, Token.DIM)]

    def forgotten() -> None:
        try:
            session.forget(asked)
        except (JournalUnavailable, NotConnected) as error:
            session.say(str(error), Level.ERROR)
            return
        left = len(kept) - len(asked)
        more = f"; {left} more are kept, ask again for them" if left else ""
        session.say(f"forgotten: {_counted(len(asked))} of another key{more}", Level.DONE)

    of = f" of {len(kept)}" if len(kept) > len(asked) else ""
    them = "them" if len(asked) > 1 else "it"
    title = f"Forget {_counted(len(asked))}{of} that this key can't send?"
    stage.open_sheet(QuestionSheet(stage.look, title, lines, f"forget {them}", forgotten, decides=True))


def _counted(count: int) -> str:
    return f"{count} decision{'s' if count > 1 else ''}"
