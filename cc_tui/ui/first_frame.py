"""The first frame, drawn before Textual is there: the bars, and the rows of the queue that were asked for ahead.

It is drawn by the same functions as every later one, at the same places; what has to be computed for (the draft, the
footer's keys) is left blank. Knows no Textual.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.color import ColorSystem
from rich.style import Style

from cc_tui.session import Session
from cc_tui.state.approvals.rows import View
from cc_tui.text.signs import in_ascii
from cc_tui.ui.frame.facts import bar_facts, tab_names
from cc_tui.ui.frame.status_line import status_line
from cc_tui.ui.frame.tab_lines import HAIRLINE_FROM_ROWS, hairline, tab_line
from cc_tui.ui.tabs.approvals.queue.room import Room, room_of
from cc_tui.ui.tabs.approvals.queue.rows import QueueRows
from cc_tui.ui.terminal.taken import give_back, take
from cc_tui.ui.themes.look import Look, choose_look
from cc_tui.ui.themes.tokens import Ground, Token
from cc_tui.ui.widgets.line import Line, with_mark
from cc_tui.ui.widgets.shape import TOO_SMALL, Shape, shape_of

VIEWS_LINE = 1
_BELOW = 2
"""The message line and the footer."""


def show_first_frame(session: Session, environment: Mapping[str, str], *, is_demo: bool) -> None:
    """Take the terminal and show the first frame, where the terminal can be taken and has room for one."""
    terminal = take()
    if terminal is None:
        return
    columns, rows = terminal.picture.columns, len(terminal.picture.rows)
    if columns < TOO_SMALL[0] or rows < TOO_SMALL[1]:
        give_back()
        return
    look = choose_look(session.config.theme, session.config.ascii, environment)
    lines = first_frame(session, look, columns, rows, is_demo=is_demo)
    terminal.show(as_written(lines, columns, look, colours_of(environment)))


def first_frame(session: Session, look: Look, columns: int, rows: int, *, is_demo: bool) -> list[Line]:
    """The lines of the screen, `rows` of them."""
    tabs, active = tab_names(session), session.config.tab
    lines = [status_line(bar_facts(session, is_demo=is_demo), columns, look)]
    lines.append(tab_line(tabs, active, None, columns, look))
    if rows >= HAIRLINE_FROM_ROWS:
        lines.append(hairline(tabs, active, columns, look))
    if active == "approvals" and session.lists[View.PENDING].order:
        lines += _queue(session, look, columns, rows, rows - len(lines) - _BELOW)
    lines += [Line()] * (rows - 1 - len(lines))
    return [*lines[: rows - 1], Line(ground=Ground.RAISED)]


def as_written(lines: Sequence[Line], columns: int, look: Look, colours: ColorSystem) -> str:
    """Lines as text, styles and moves for a terminal of so many colours."""
    told = []
    for number, line in enumerate(lines):
        told.append(f"\x1b[{number + 1};1H")
        for text, token in line.pieces(columns):
            shown = in_ascii(text) if look.signs.is_ascii else text
            told.append(f"\x1b[{_codes(look.style(token, line.ground), colours)}m{shown}\x1b[m")
    return "".join(told)


def colours_of(environment: Mapping[str, str]) -> ColorSystem:
    """How many colours a terminal has, as Textual finds out."""
    if environment.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return ColorSystem.TRUECOLOR
    kind = environment.get("TERM", "").strip().lower().rpartition("-")[2]
    return ColorSystem.EIGHT_BIT if kind in ("256color", "kitty") else ColorSystem.STANDARD


def _queue(session: Session, look: Look, columns: int, rows: int, height: int) -> list[Line]:
    """The rows of the queue where the table will show them, the cursor on the first."""
    shape = shape_of(columns)
    room = room_of(shape, columns, rows)
    source = QueueRows(session.known.approvals, session.lists[View.PENDING], look, session.server_now, list)
    source.reshape(shape)
    head = source.header(room.columns)
    lines = [head] if head is not None else []
    above = VIEWS_LINE + (shape is Shape.WIDE)
    most = (height - above if room.rows is None else room.rows) - len(lines)
    for place in range(min(source.count(), most // source.row_height)):
        drawn = source.row_lines(place, room.columns, is_cursor=place == 0)
        lines += with_mark(drawn, look.signs.cursor if place == 0 else " ", Token.ACCENT if place == 0 else Token.TEXT)
    if shape is not Shape.WIDE:
        return [*[Line()] * above, *lines]
    lines += [Line()] * (height - above - len(lines))
    beside = [Line().extend(line.pieces(room.columns)).add(look.signs.divider, Token.RULE) for line in lines]
    return [Line(), _rule(room, columns, look), *beside]


def _rule(room: Room, columns: int, look: Look) -> Line:
    signs, at = look.signs, room.columns
    return Line().add(signs.rule * at + signs.tee_down + signs.rule * (columns - at - 1), Token.RULE)


def _codes(style: Style, colours: ColorSystem) -> str:
    """A style's codes (SGR), without rich's own memory of them: that belongs to the terminal it knows."""
    codes = [code for code, is_on in (("1", style.bold), ("2", style.dim), ("3", style.italic), ("4", style.underline),
                                      ("7", style.reverse)) if is_on]  # fmt: skip
    if style.color is not None:
        codes += style.color.downgrade(colours).get_ansi_codes()
    if style.bgcolor is not None:
        codes += style.bgcolor.downgrade(colours).get_ansi_codes(foreground=False)
    return ";".join(codes)
