"""What stands below a draft: why it has its score, and what its recipient got before. Pure drawing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cc_tui.text.fit import cells
from cc_tui.text.formats import day
from cc_tui.text.safe import SafeText, safe_line, safe_lines
from cc_tui.ui.tabs.approvals.draft.faces import part_words
from cc_tui.ui.tabs.approvals.draft.preview import GUTTER, PreviewLine
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.shape import Shape

if TYPE_CHECKING:
    from cc_api_client.models.outbox.approvals import ApprovalDetail, HistoryItem

HISTORY_MOST = 3


def section(title: str, width: int, look: Look) -> Line:
    """A hairline with a title, one cell left of the text."""
    rule = look.signs.rule
    line = Line().add(" " * (GUTTER - 1)).add(rule, Token.RULE).add(f" {title} ", Token.DIM)
    used = GUTTER + cells(title) + 2
    return line.add(rule * max(0, width - used), Token.RULE)


def foot_lines(item: ApprovalDetail, name: str, width: int, shape: Shape, look: Look) -> list[PreviewLine]:
    """The foot of a draft; two lines on a phone, sections elsewhere."""
    if shape is Shape.PHONE:
        return [PreviewLine(line) for line in _phone_lines(item, width, look)]
    lines = [*_why(item, width, look)]
    if item.history:
        lines.append(Line())
        lines.extend(_history(item.history, name, width, look))
    return [PreviewLine(line) for line in lines]


def _why(item: ApprovalDetail, width: int, look: Look) -> Iterator[Line]:
    yield section(f"Why {item.risk.score}", width, look)
    if not item.risk.parts:
        yield Line().add(" " * GUTTER).add("nothing found that adds to it", Token.DIM)
    for part in sorted(item.risk.parts, key=lambda one: -one.points):
        line = Line().add(" " * GUTTER).add(safe_line(part_words(part.code))).to(GUTTER + 24)
        yield line.add(f"{part.points:+d}").to(GUTTER + 30).add(safe_line(part.message or ""), Token.DIM).to(width)
    for number, reason in enumerate(item.unsafe_reasons if not item.safe else item.safe_reasons):
        label = "" if number else "safe" if item.safe else "not safe"
        line = Line().add(" " * GUTTER).add(label, Token.DIM).to(GUTTER + 10)
        yield line.add(safe_line(reason), Token.DIM).to(width)


def _history(history: Sequence[HistoryItem], name: str, width: int, look: Look) -> Iterator[Line]:
    yield section(f"History with {safe_line(name)}", width, look)
    for past in history[:HISTORY_MOST]:
        sign, token, word = _state(past.state, str(past.kind), look)
        line = Line().add(" " * GUTTER).add(day(past.at), Token.DIM).to(GUTTER + 9)
        line.add(sign, token).to(GUTTER + 11).add(word).to(GUTTER + 21)
        yield line.add(safe_line(past.subject)).to(width)


def _state(state: str, kind: str, look: Look) -> tuple[str, Token, SafeText]:
    signs = look.signs
    match state:
        case "sent":
            return signs.safe, Token.OK, SafeText("call" if kind == "call_script" else "sent")
        case "rejected":
            return signs.rejected, Token.BAD, SafeText("rejected")
        case "failed" | "unknown":
            return signs.warn, Token.WARN, SafeText(state)
        case _:
            return " ", Token.DIM, safe_line(state)


def _phone_lines(item: ApprovalDetail, width: int, look: Look) -> Iterator[Line]:
    yield Line().add(look.signs.rule * width, Token.RULE)
    parts = sorted(item.risk.parts, key=lambda one: -one.points)
    words = ", ".join(f"{part_words(part.code)} {part.points:+d}" for part in parts) or "nothing found"
    yield from _labelled(f"why {item.risk.score}", words, width)
    if item.history:
        number = len(item.history)
        yield from _labelled(
            "before", f"{number} message{'s' if number > 1 else ''}, last {day(item.history[0].at)}", width
        )


def _labelled(label: str, words: str, width: int) -> Iterator[Line]:
    start = GUTTER + 8
    for number, wrapped in enumerate(safe_lines(words, max(8, width - start))):
        yield Line().add(" " * GUTTER).add("" if number else label, Token.DIM).to(start).add(wrapped.text)


def laid_out(draft: Sequence[PreviewLine], foot: Sequence[PreviewLine], height: int) -> list[PreviewLine]:
    """Draft and foot, the foot pushed down to the end of a pane `height` lines high."""
    gap = max(1, height - len(draft) - len(foot)) if foot else 0
    return [*draft, *(PreviewLine(Line()) for _ in range(gap)), *foot]
