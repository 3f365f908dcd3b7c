"""What opens below a draft: the reason line, the risk line, the line where an amount is typed. Pure drawing."""

from __future__ import annotations

from collections.abc import Sequence

from cc_tui.actions.ladder import Step
from cc_tui.state.approvals.rows import ApprovalRow, Weight
from cc_tui.text.fit import cut_address
from cc_tui.text.safe import safe_line, safe_lines
from cc_tui.ui.tabs.approvals.draft.faces import part_words
from cc_tui.ui.tabs.approvals.draft.preview import GUTTER
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line, width_of

NARROW = 60
"""Columns below which choices take two lines."""
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


def reason_lines(
    who: str, last: str | None, width: int, look: Look, *, is_typing: bool, is_airy: bool = False
) -> list[Line]:
    """Why it is rejected; `last` is the reason used last, `is_typing` leaves room for words."""
    gap = [Line()] if is_airy else []
    head = Line().add(" " * GUTTER).add("Reject ", Token.STRONG)
    if last is not None and not is_typing:
        head.end("r", Token.STRONG).end(" again: ", Token.DIM).end(WORDS.get(last, last)).end("  " if is_airy else " ")
    because = ", because of" if width >= NARROW else ""
    room = width - width_of(head.left) - len(because) - width_of(head.right) - 2
    head.add(cut_address(safe_line(who), max(12, room))).add(because, Token.DIM)
    lines = [Line().add(look.signs.heavy_rule * width, Token.ACCENT), *gap, head, *gap]
    if is_typing:
        return [*lines, Line(), _keys(("enter", " rejects"), ("esc", " leaves")), *gap]
    choices = [*((key, word) for key, _code, word in REASONS), ("8", "in words")]
    columns = 4 if width >= 60 else 2
    widths = [max(len(word) for _key, word in choices[place::columns]) + 5 for place in range(columns)]
    for start in range(0, len(choices), columns):
        line = Line()
        for place, (key, word) in enumerate(choices[start : start + columns]):
            line.to(GUTTER + sum(widths[:place])).add(key, Token.STRONG).add(f" {word}")
        lines.append(line)
    return [*lines, *gap]


def risk_lines(
    row: ApprovalRow, parts: Sequence[tuple[str, int]], worst: str, width: int, look: Look, *, is_airy: bool = False
) -> list[Line]:
    """Why `a` alone is not enough; `parts` are the score's, `worst` is what its heaviest flag says."""
    signs = look.signs
    gap = [Line()] if is_airy else []
    sign = signs.block if row.weight is Weight.BLOCK else signs.warn
    title = f"{sign} Risk {row.risk}  "
    lines = [Line().add(signs.heavy_rule * width, Token.BAD), *gap]
    for number, wrapped in enumerate(safe_lines(worst, max(12, width - GUTTER - len(title) - 2))):
        line = Line().add(" " * GUTTER).add(title if number == 0 else " " * len(title), Token.BAD_STRONG)
        lines.append(line.add(wrapped.text, Token.STRONG))
    words = f" {signs.dot} ".join(f"{part_words(code)} {points:+d}" for code, points in parts)
    lines += [
        Line().add(" " * GUTTER).add(wrapped.text, Token.DIM) for wrapped in safe_lines(words, width - GUTTER - 2)
    ]
    edit, leave = (" edit first", " leaves it") if width >= NARROW else (" edit", " leaves")
    return [*lines, *gap, _keys(("Y", " approve anyway"), ("e", edit), ("esc", leave)), *gap]


def typed_lines(row: ApprovalRow, step: Step, width: int, look: Look, *, is_airy: bool = False) -> list[Line]:
    """What is to be typed to let an amount or a contract change out."""
    gap = [Line()] if is_airy else []
    what = "the amount" if step.amount_usd is not None else "the client's name"
    lines = [Line().add(look.signs.heavy_rule * width, Token.BAD), *gap]
    head = Line().add(" " * GUTTER).add("Approve ", Token.STRONG)
    head.add(cut_address(safe_line(row.to_email), max(12, width - GUTTER - 10)))
    asked = Line().add(" " * GUTTER).add(f"type {what}, ", Token.DIM).add(safe_line(step.phrase), Token.STRONG)
    if width < NARROW:
        asked = Line().add(" " * GUTTER).add(safe_line(step.phrase), Token.STRONG)
        head = Line().add(" " * GUTTER).add("Approve ", Token.STRONG).add(f"by typing {what}", Token.DIM)
    return [*lines, head, asked, *gap, _keys(("enter", " approves"), ("esc", " leaves")), *gap]


def settle_lines(row: ApprovalRow, width: int, look: Look, *, is_airy: bool = False) -> list[Line]:
    """What became of a delivery in trouble, and what can be said or done about it."""
    is_unknown = row.delivery.state == "unknown"
    gap = [Line()] if is_airy else []
    lines = [Line().add(look.signs.heavy_rule * width, Token.WARN), *gap]
    head = Line().add(" " * GUTTER).add(f"{look.signs.warn} ", Token.WARN)
    head.add("It may or may not have left" if is_unknown else "It failed, nothing left", Token.STRONG)
    lines.append(head)
    told = safe_lines(row.delivery.trouble or "the server does not say why", max(20, width - GUTTER - 1))
    lines += [Line().add(" " * GUTTER).add(one.text, Token.DIM) for one in told[:3]]
    choices = [("1", " sent"), ("2", " not sent, send it"), ("3", " failed")] if is_unknown else [("t", " try again")]
    choices.append(("esc", " leaves it"))
    a_line = 2 if width < NARROW and is_unknown else len(choices)
    keys = [_keys(*choices[start : start + a_line]) for start in range(0, len(choices), a_line)]
    return [*lines, *gap, *keys, *gap]


def _keys(*keys: tuple[str, str]) -> Line:
    line = Line().add(" " * GUTTER)
    for place, (key, word) in enumerate(keys):
        line.add("   " if place else "").add(key, Token.STRONG).add(word, Token.DIM)
    return line
