"""What stands in place of an empty queue: what, how many, what to do next. Pure drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cc_tui.state.approvals.rows import View
from cc_tui.text.safe import SafeText, safe_lines
from cc_tui.ui.tabs.facts import PROSE_MOST, centred
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line, Piece

if TYPE_CHECKING:
    from cc_tui.session import Session

_WORDS = {
    View.LEAVING: ("nothing is leaving", "what you approve waits here out its hold; u takes it back"),
    View.PROBLEMS: ("no problems", "failed deliveries and undelivered decisions come here"),
    View.SENT: ("nothing was sent yet", "what you approve stands here once it left"),
    View.REJECTED: ("nothing was rejected yet", "what you reject stands here, with your reason"),
    View.EXPIRED: ("nothing expired", "what nobody decides in time comes here; its agent has to draft it again"),
}


def queue_clear_lines(session: Session, view: View, width: int, height: int, look: Look) -> Sequence[Line]:
    """What is empty, what would stand there, and the next key, in the middle."""
    words = _clear(session, look) if view is View.PENDING else _nothing(view, width)
    return centred(words, width, height)


def _nothing(view: View, width: int) -> list[list[Piece]]:
    what, about = _WORDS.get(view, (f"nothing {view.value}", ""))
    wrapped = safe_lines(about, min(PROSE_MOST, width - 4))
    return [
        [(SafeText(what), Token.TEXT)],
        *([(line.text, Token.DIM)] for line in wrapped),
        [],
        [(SafeText("h l"), Token.STRONG), (SafeText(" other views"), Token.DIM)],
    ]


def _clear(session: Session, look: Look) -> list[list[Piece]]:
    """The queue is clear: what this run decided, what is leaving or in trouble, and where to look."""
    counts = session.known.approvals.counts
    words: list[list[Piece]] = [
        [(SafeText(f"{look.signs.safe}  "), Token.OK), (SafeText("Queue clear"), Token.STRONG)],
        [],
        *_tally(session.outcomes.tally),
    ]
    if counts.problems:
        what = f"{look.signs.warn} {counts.problems} problem{'s' if counts.problems != 1 else ''}"
        return [*words, [(SafeText(what), Token.WARN), (SafeText(" · "), Token.DIM), *_key("l l", " shows them")]]
    if counts.leaving:
        return [*words, [(SafeText(f"{counts.leaving} leaving · "), Token.DIM), *_key("l", " shows them")]]
    return [*words, [(SafeText("what arrives is shown here by itself"), Token.DIM)]]


def _tally(tally: dict[str, int]) -> list[list[Piece]]:
    """What was decided since the start; nothing at all where nothing was."""
    if not any(tally.values()):
        return []
    conflicts = "conflict" if tally["conflict"] == 1 else "conflicts"
    told = [(tally["approved"], "approved"), (tally["rejected"], "rejected"), (tally["conflict"], conflicts)]
    pieces: list[Piece] = []
    for place, (number, word) in enumerate(told):
        pieces += [(SafeText("   " if place else ""), Token.DIM), (SafeText(str(number)), Token.TEXT)]
        pieces.append((SafeText(f" {word}"), Token.DIM))
    return [pieces, []]


def _key(key: str, word: str) -> list[Piece]:
    return [(SafeText(key), Token.STRONG), (SafeText(word), Token.DIM)]
