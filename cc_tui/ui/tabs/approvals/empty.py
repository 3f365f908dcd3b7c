"""What stands in place of an empty queue: what was done, and what to do next. Pure drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cc_tui.state.approvals.rows import View
from cc_tui.text.safe import SafeText
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line, Piece, width_of

if TYPE_CHECKING:
    from cc_tui.session import Session


def queue_clear_lines(session: Session, view: View, width: int, height: int) -> Sequence[Line]:
    """Three centred lines: what, count, next key."""
    if view is not View.PENDING:
        words: list[list[Piece]] = [[(SafeText(f"nothing {view.value}" if view is not View.PROBLEMS else "no problems"),
                                      Token.DIM)]]  # fmt: skip
    else:
        tally = session.outcomes.tally
        words = [
            [(SafeText("✓  "), Token.OK), (SafeText("Queue clear"), Token.STRONG)],
            [],
            [
                (SafeText(f"{tally['approved']}"), Token.TEXT), (SafeText(" approved     "), Token.DIM),
                (SafeText(f"{tally['rejected']}"), Token.TEXT), (SafeText(" rejected     "), Token.DIM),
                (SafeText(f"{tally['conflict']}"), Token.TEXT), (SafeText(" conflict"), Token.DIM),
            ],
            [],
            [(SafeText("l"), Token.STRONG), (SafeText(" shows what is leaving"), Token.DIM)],
        ]  # fmt: skip
    top = max(0, (height - len(words)) // 2 - 1)
    return [Line() for _ in range(top)] + [_centred(pieces, width) for pieces in words]


def _centred(pieces: list[Piece], width: int) -> Line:
    return Line().add(" " * max(0, (width - width_of(pieces)) // 2)).extend(pieces)
