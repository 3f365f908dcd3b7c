"""How the list of a dry run looks: riskiest first, one line an item, two below 80 columns. Pure drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from cc_tui.text.fit import cut_address
from cc_tui.text.safe import SafeText, safe_line
from cc_tui.ui.tabs.approvals.draft.faces import kind_word
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.line import Line, field_piece
from cc_tui.ui.widgets.shape import Shape, margin_of, shape_of

KIND, TO, SUBJECT, RISK = 9, 25, 33, 4
OPENED = "opened"


@dataclass(frozen=True, slots=True)
class Listed:
    """One item of the list; `why` in a few words, `whole_why` in all of them."""

    id: str
    kind: str
    to_email: str
    subject: str
    risk: int
    weight: str
    why: str
    whole_why: str
    is_opened: bool
    is_safe: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What the list is about: its words, and its items in order."""

    title: str
    told: tuple[str, ...]
    why_title: str
    yes: str
    left: str
    items: tuple[Listed, ...]

    @property
    def never_opened(self) -> int:
        """How many of them nobody looked at here."""
        return sum(not one.is_opened for one in self.items)


def head_lines(facts: Facts, width: int, look: Look, first: int, room: int) -> list[Line]:
    """Rule, title, what it is pinned to, the columns."""
    margin = " " * margin_of(width)
    lines = [Line().add(look.signs.heavy_rule * width, Token.ACCENT)]
    title = Line().add(margin).add(facts.title, Token.STRONG)
    if shape_of(width) is not Shape.PHONE:
        dot = f" {look.signs.dot} "
        told = facts.told if shape_of(width) is Shape.WIDE else facts.told[::2]  # that the riskiest is first, is seen
        title.add(f"   {safe_line(dot.join(told))}", Token.DIM)
    if facts.never_opened:
        title.end(f"{look.signs.warn} ", Token.WARN).end(f"{facts.never_opened} never opened", Token.WARN)
    lines += [title.end(margin), Line()]
    if shape_of(width) is not Shape.PHONE:
        lines.append(_header(facts, width, look, first, room))
    return lines


def row_lines(one: Listed, width: int, look: Look, *, is_cursor: bool, has_why: bool) -> list[Line]:
    """One item."""
    mark = (look.signs.cursor, Token.ACCENT) if is_cursor else (" ", Token.TEXT)
    line = Line().add(*mark).add("  ").add(*_sign(one, look)).add(" ")
    name = Token.STRONG if is_cursor else Token.TEXT
    if shape_of(width) is Shape.PHONE:
        line.add(cut_address(safe_line(one.to_email), width - 11), name).end(f"{one.risk} ")
        second = Line().add(" " * 5).add(safe_line(f"{kind_word(one.kind)} {look.signs.dot} {one.subject}"), Token.DIM)
        return [line, second.end(" ")]
    return [_columns(line, one, width, name, has_why=has_why)]


def foot_lines(facts: Facts, width: int, *, is_yes_focused: bool) -> list[Line]:
    """What is left, and the two buttons."""
    margin = " " * margin_of(width)
    cancel, yes = (Token.TEXT, Token.FOCUSED) if is_yes_focused else (Token.FOCUSED, Token.TEXT)
    left = [Line().add(margin).add(safe_line(line), Token.DIM) for line in left_lines(facts, width)]
    gap = "  " if shape_of(width) is Shape.PHONE else "     "
    buttons = Line().add(margin).add(" Cancel ", cancel).add(gap).add("y", Token.STRONG)
    return [Line(), *left, *([Line()] if left else []), buttons.add(f" {facts.yes} ", yes)]


def left_lines(facts: Facts, width: int) -> list[str]:
    """What is left, in as many lines as it takes."""
    return wrap(facts.left, max(20, width - 2 * margin_of(width)))


def _header(facts: Facts, width: int, look: Look, first: int, room: int) -> Line:
    subject, why = _places(width, has_why=bool(facts.why_title))
    line = Line().add(" " * 5).add("Kind", Token.DIM).to(5 + KIND + 1).add("To", Token.DIM).to(subject)
    line.add("Subject", Token.DIM)
    if why:
        line.to(why).add(facts.why_title, Token.DIM)
    if len(facts.items) > room:
        line.end(f"{first + 1} to {min(len(facts.items), first + room)} of {len(facts.items)}   ", Token.DIM)
    return line.end(f"{look.signs.descending} Risk", Token.DIM).end(" " * margin_of(width))


def _sign(one: Listed, look: Look) -> tuple[str, Token]:
    match one.weight:
        case "block":
            return look.signs.block, Token.BAD
        case "warn":
            return look.signs.warn, Token.WARN
        case _:
            return (look.signs.safe, Token.OK) if one.is_safe else (" ", Token.TEXT)


def _columns(line: Line, one: Listed, width: int, name: Token, *, has_why: bool) -> Line:
    subject, why = _places(width, has_why=has_why)
    line.extend([field_piece(safe_line(kind_word(one.kind)), KIND, Token.TEXT), (SafeText(" "), Token.TEXT)])
    line.add(cut_address(safe_line(one.to_email), TO), name).to(subject)
    end = width - margin_of(width) - RISK - 2
    opened = end - len(OPENED) - 1
    line.extend([field_piece(safe_line(one.subject), (why or opened) - subject - 1, Token.TEXT)])
    if why:
        line.to(why).extend([field_piece(safe_line(one.why), opened - why - 1, Token.TEXT)])
    if one.is_opened:
        line.to(opened).add(OPENED, Token.DIM)
    return line.end(f"{one.risk:>{RISK}}").end(" " * margin_of(width))


def _places(width: int, *, has_why: bool) -> tuple[int, int]:
    """Where the subject and the reason stand; no reason (0) where there is no room."""
    subject = 5 + KIND + 1 + TO + 2
    return subject, subject + SUBJECT + 1 if has_why and shape_of(width) is Shape.WIDE else 0


def visible(facts: Facts, first: int, room: int) -> Sequence[Listed]:
    """The items that are in view."""
    return facts.items[first : first + room]
