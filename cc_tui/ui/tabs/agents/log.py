"""An agent's log: its heading and its lines. A model may have written them. Pure drawing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, overload

from cc_tui.text.formats import clock_seconds
from cc_tui.text.safe import SafeText, safe_line
from cc_tui.ui.tabs.runs import short_id
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.charts import section
from cc_tui.ui.widgets.line import Line, Piece
from cc_tui.ui.widgets.shape import NARROW_FROM, WIDE_FROM, margin_of

if TYPE_CHECKING:
    from cc_tui.state.agents import KeptLine


class Level(IntEnum):
    """The quietest lines that are shown."""

    DEBUG = 0
    INFO = 1
    WARN = 2
    ERROR = 3

    @property
    def words(self) -> str:
        """For the heading."""
        return ("all lines", "info and up", "warnings and up", "errors only")[self]

    def following(self) -> Level:
        """The next one, around."""
        return Level((self + 1) % len(Level))


_LEVELS = {"debug": Level.DEBUG, "info": Level.INFO, "warn": Level.WARN, "error": Level.ERROR}


def heading(agent_id: str, level: Level, width: int, look: Look, *, follows: bool, is_focused: bool) -> Line:
    """`─ outreach  log, following ───── f stop  v info and up ─`."""
    state = "log, following" if follows else "log, standing"
    title: list[Piece] = [(safe_line(agent_id), Token.STRONG), (SafeText(f"  {state}"), Token.DIM)]
    words = level.words if width >= WIDE_FROM else "level"
    right: list[Piece] = [
        (SafeText("f"), Token.STRONG), (SafeText(" stop  " if follows else " follow  "), Token.DIM),
        (SafeText("v"), Token.STRONG), (SafeText(f" {words}"), Token.DIM),
    ]  # fmt: skip
    if is_focused:
        right += [(SafeText("  esc"), Token.STRONG), (SafeText(" back"), Token.DIM)]
    return section(title, right, width, look, margin=margin_of(width))


@dataclass(frozen=True, slots=True)
class ShownLog:
    """A log, and how it is shown; no lines: it was not fetched yet."""

    lines: Sequence[KeptLine] | None
    level: Level
    follows: bool

    def heading(self, agent_id: str, width: int, look: Look) -> Line:
        """Its heading, where it fills the screen."""
        return heading(agent_id, self.level, width, look, follows=self.follows, is_focused=True)


def log_lines(lines: Iterable[KeptLine], level: Level, width: int, look: Look) -> Sequence[Line]:
    """The lines that are loud enough, oldest first."""
    loud = [line for line in lines if _LEVELS.get(line.level, Level.INFO) >= level]
    if not loud:
        return [Line(), Line().add(" " * margin_of(width)).add("no lines of this level", Token.DIM)]
    return _DrawnWhenSeen(loud, width, look)


class _DrawnWhenSeen(Sequence[Line]):
    """Hundreds of lines, of which a screenful is in view: only those are drawn."""

    def __init__(self, lines: Sequence[KeptLine], width: int, look: Look) -> None:
        self._lines, self._width, self._look = lines, width, look

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, place: int) -> Line: ...

    @overload
    def __getitem__(self, place: slice) -> list[Line]: ...

    def __getitem__(self, place: int | slice) -> Line | list[Line]:
        margin = margin_of(self._width)
        if isinstance(place, slice):
            return [_line(line, self._width, margin, self._look) for line in self._lines[place]]
        return _line(self._lines[place], self._width, margin, self._look)


def _line(line: KeptLine, width: int, margin: int, look: Look) -> Line:
    sign, token = {
        "warn": (look.signs.warn, Token.WARN),
        "error": (look.signs.block, Token.BAD),
    }.get(line.level, (look.signs.dot, Token.DIM))
    drawn = Line().add(" " * margin).add(clock_seconds(line.at), Token.DIM)
    if width < NARROW_FROM:
        return drawn.add(f" {sign} ", token).add(safe_line(line.message)).to(width - margin)
    drawn.add(f"  {sign} {safe_line(line.level):<5}", token).to(margin + 19)
    drawn.add(f"{short_id(line.run_id or ''):<6}", Token.DIM)
    return drawn.add(safe_line(line.message)).to(width - margin)
