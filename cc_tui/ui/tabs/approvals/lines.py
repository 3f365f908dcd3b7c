"""What opens below a draft: the reason line, the risk line, the line where an amount is typed. Pure drawing."""

from __future__ import annotations

from collections.abc import Sequence

from cc_tui.actions.ladder import Step
from cc_tui.state.approvals.rows import ApprovalRow, Weight
from cc_tui.text.fit import cut_address
from cc_tui.text.safe import safe_line
from cc_tui.ui.tabs.approvals.draft.preview import GUTTER
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line

REASONS = (
    ("1", "wrong_recipient", "wrong recipient"),
    ("2", "wrong_facts", "wrong facts"),
    ("3", "tone", "tone"),
    ("4", "placeholder", "placeholder"),
    ("5", "timing", "timing"),
    ("6", "duplicate", "duplicate"),
    ("7", "policy", "policy"),
)
CODES = {key: code for key, code, _word in REASONS}
WORDS = {code: word for _key, code, word in REASONS} | {"other": "in words"}


def reason_lines(who: str, last: str | None, width: int, look: Look, *, is_typing: bool) -> list[Line]:
    """Why it is rejected; `last` is the reason used last, `is_typing` leaves room for words."""
    lines = [Line().add(look.signs.heavy_rule * width, Token.ACCENT)]
    head = Line().add(" " * GUTTER).add("Reject ", Token.STRONG)
    head.add(cut_address(safe_line(who), max(12, width - 40))).add(", because of", Token.DIM)
    if last is not None and not is_typing:
        head.end("r", Token.STRONG).end(" again: ", Token.DIM).end(WORDS.get(last, last)).end(" ")
    lines.append(head)
    if is_typing:
        return [*lines, Line(), Line().add(" " * GUTTER).add("enter", Token.STRONG).add(" rejects   ", Token.DIM).add(
            "esc", Token.STRONG).add(" leaves", Token.DIM)]  # fmt: skip
    choices = [*((key, word) for key, _code, word in REASONS), ("8", "in words")]
    columns = 4 if width >= 60 else 2
    widths = [max(len(word) for _key, word in choices[place::columns]) + 5 for place in range(columns)]
    for start in range(0, len(choices), columns):
        line = Line()
        for place, (key, word) in enumerate(choices[start : start + columns]):
            line.to(GUTTER + sum(widths[:place])).add(key, Token.STRONG).add(f" {word}")
        lines.append(line)
    return lines


def risk_lines(row: ApprovalRow, parts: Sequence[tuple[str, int]], worst: str, width: int, look: Look) -> list[Line]:
    """Why `a` alone is not enough; `parts` are the score's, `worst` is what its heaviest flag says."""
    signs = look.signs
    lines = [Line().add(signs.heavy_rule * width, Token.BAD)]
    sign = signs.block if row.weight is Weight.BLOCK else signs.warn
    head = Line().add(" " * GUTTER).add(f"{sign} Risk {row.risk}", Token.BAD_STRONG).add("  ")
    lines.append(head.add(safe_line(worst), Token.STRONG))
    words = f" {signs.dot} ".join(f"{code.replace('_', ' ')} {points:+d}" for code, points in parts)
    lines.append(Line().add(" " * GUTTER).add(safe_line(words), Token.DIM))
    keys = Line().add(" " * GUTTER).add("Y", Token.STRONG).add(" approve anyway")
    keys.add("   or ", Token.DIM).add("e", Token.STRONG).add(" edit first", Token.TEXT)
    return [*lines, keys.add("; any other key leaves it", Token.DIM) if width >= 60 else keys]


def typed_lines(row: ApprovalRow, step: Step, width: int, look: Look) -> list[Line]:
    """What is to be typed to let an amount or a contract change out."""
    lines = [Line().add(look.signs.heavy_rule * width, Token.BAD)]
    what = "the amount" if step.amount_usd is not None else "the client's name"
    head = Line().add(" " * GUTTER).add("Approve ", Token.STRONG)
    head.add(cut_address(safe_line(row.to_email), max(12, width - 46)))
    head.add(f": type {what}, ", Token.DIM).add(safe_line(step.phrase), Token.STRONG)
    keys = Line().add(" " * GUTTER).add("enter", Token.STRONG).add(" approves   ", Token.DIM)
    return [*lines, head, Line(), keys.add("esc", Token.STRONG).add(" leaves", Token.DIM)]
