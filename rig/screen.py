"""What a person would see: turns the bytes of a terminal application into a screen, and says what a terminal answers.

pyte holds the cells; the parsing is ours, because pyte's own prints DCS strings, misreads `CSI >` and colon colours,
and lacks the alternate screen. Knows no pty and no clock: bytes in, answers out.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import Final

import pyte

_TOKEN: Final = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f]+)"
    r"|\x1b\[(?P<csi>[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e])"
    r"|\x1b\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1b[PX^_](?P<dcs>[^\x1b]*)\x1b\\"
    r"|\x1b(?P<esc>[\x20-\x2f]*[\x30-\x4f\x51-\x57\x59\x5a\x5c\x60-\x7e])"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f])"
)
_UNFINISHED: Final = re.compile(
    r"\x1b(\[[\x30-\x3f]*[\x20-\x2f]*|\][^\x07\x1b]*\x1b?|[PX^_][^\x1b]*\x1b?|[\x20-\x2f]*)\Z"
)
_CSI: Final = re.compile(r"([<-?]?)([\d;:]*)([ -/]*)([@-~])")
_COLON_COLOUR: Final = re.compile(r"([345]8):2:\d*:(\d+):(\d+):(\d+)")
_UNDERLINE_STYLE: Final = re.compile(r"(?<![\d:])4:(\d)")
_LONGEST_UNFINISHED: Final = 1 << 20
_NAMES: Final = {
    1: "application cursor keys",
    1000: "mouse",
    1002: "mouse",
    1003: "mouse",
    1004: "focus events",
    1006: "mouse",
    1015: "mouse",
    1016: "mouse",
    2004: "bracketed paste",
    2026: "synchronised output",
    2048: "in-band resize",
}
_CURSOR_HIDDEN: Final = "hidden cursor"
_ALTERNATE: Final = frozenset({47, 1047, 1049})
QUERY: Final = re.compile(rb"\x1b\[(?:[>=]?\d*c|\??\d*n|\??\d+\$p)|\x1b\]1[01];\?")
"""What a terminal answers, so that a reader knows when parsing can't wait."""


class Screen:
    """The screen of one terminal of `cols` by `rows` cells.

    Args:
        answer: Takes each answer to a query, true at the point of the stream where it was asked.
    """

    def __init__(self, cols: int, rows: int, answer: Callable[[bytes], None]) -> None:
        self._answer = answer
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._carry = ""
        self._main, self._alternate = pyte.Screen(cols, rows), pyte.Screen(cols, rows)
        self._cells = self._main
        self._modes: set[int] = set()
        self._cursor_hidden = False
        self._kitty: list[int] = []
        self._shown: list[tuple[pyte.screens.Char, ...]] = [()] * rows
        self._rows = [""] * rows
        self.title = ""
        self.bells = 0

    @property
    def is_updating(self) -> bool:
        """Inside a synchronised update (mode 2026): nothing of it is visible yet."""
        return 2026 in self._modes

    @property
    def has_bracketed_paste(self) -> bool:
        return 2004 in self._modes

    @property
    def has_application_cursor_keys(self) -> bool:
        return 1 in self._modes

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column, from 1, as the answer to `CSI 6n` tells them."""
        return self._cells.cursor.y + 1, min(self._cells.cursor.x, self._cells.columns - 1) + 1

    def rows(self) -> list[str]:
        """What is visible, a string a row, without blanks at the end."""
        return list(self._rows)

    def cells(self, row: int) -> tuple[pyte.screens.Char, ...]:
        """The visible cells of `row` (from 0) with their colours."""
        return self._shown[row]

    def modes_left(self) -> list[str]:
        """What an application switched on and has not switched off, in words, sorted."""
        names = {_NAMES[mode] for mode in self._modes if mode in _NAMES}
        names |= {"alternate screen"} if self._cells is self._alternate else set()
        names |= {_CURSOR_HIDDEN} if self._cursor_hidden else set()
        names |= {"kitty keyboard"} if self._kitty else set()
        return sorted(names)

    def resize(self, cols: int, rows: int) -> None:
        """Become `cols` by `rows`; what no longer fits is gone."""
        for cells in (self._main, self._alternate):
            cells.resize(rows, cols)
            cells.cursor.x, cells.cursor.y = min(cells.cursor.x, cols - 1), min(cells.cursor.y, rows - 1)
        self._shown, self._rows = [()] * rows, [""] * rows
        self._cells.dirty.update(range(rows))
        self.refresh()

    def feed(self, output: bytes) -> bool:
        """Take `output` in; True when something visible changed by it."""
        text = self._carry + self._decoder.decode(output)
        self._carry, at = "", 0
        while at < len(text):
            token = _TOKEN.match(text, at)
            if token is None:
                if _UNFINISHED.match(text, at) and len(text) - at < _LONGEST_UNFINISHED:
                    self._carry = text[at:]
                    break
                at += 1
                continue
            at = token.end()
            self._take(token)
        return not self.is_updating and self.refresh()

    def refresh(self) -> bool:
        """Make visible what was drawn; True when it differs from what was visible."""
        cells, changed = self._cells, False
        for y in cells.dirty.intersection(range(cells.lines)):
            line = cells.buffer[y]
            row = tuple(line[x] for x in range(cells.columns))
            if row == self._shown[y]:
                continue
            text = "".join(cell.data for cell in row).rstrip()
            changed = changed or bool(self._shown[y]) or bool(text)
            self._shown[y], self._rows[y] = row, text
        cells.dirty.clear()
        return changed

    def _take(self, token: re.Match[str]) -> None:
        match token.lastgroup:
            case "text":
                self._cells.draw(token["text"])
            case "csi":
                self._control_sequence(token["csi"])
            case "osc":
                self._operating_system_command(token["osc"])
            case "esc":
                self._escape(token["esc"])
            case "control":
                self._control(token["control"])

    def _control(self, character: str) -> None:
        if character == "\x07":
            self.bells += 1
        elif character in pyte.Stream.basic and character not in "\x0e\x0f":
            getattr(self._cells, pyte.Stream.basic[character])()

    def _escape(self, sequence: str) -> None:
        if sequence in pyte.Stream.escape:
            getattr(self._cells, pyte.Stream.escape[sequence])()

    def _operating_system_command(self, command: str) -> None:
        number, _, rest = command.partition(";")
        if number in ("0", "2"):
            self.title = rest
        elif number in ("10", "11") and rest == "?":
            colour = "rgb:e0e0/e0e0/e0e0" if number == "10" else "rgb:1e1e/1e1e/1e1e"
            self._answer(f"\x1b]{number};{colour}\x1b\\".encode())

    def _control_sequence(self, sequence: str) -> None:
        parsed = _CSI.fullmatch(sequence)
        if parsed is None:
            return
        private, body, between, final = parsed.groups()
        kind = private + between + final
        if kind == "m":
            self._colours(body)
            return
        numbers = [min(int(part or 0), 9999) for part in re.split("[;:]", body)] if body else []
        if kind in ("?h", "?l"):
            for mode in numbers:
                self._set_mode(mode, on=final == "h")
        elif kind in ("c", "n", "?n", "?$p"):
            self._ask(kind, numbers[0] if numbers else 0)
        elif kind in (">u", "<u"):
            self._kitty_keyboard(kind, numbers)
        elif not private and not between and final in pyte.Stream.csi:
            limit = 2 if final in "Hfr" else 1
            getattr(self._cells, pyte.Stream.csi[final])(*numbers[:limit])

    def _colours(self, body: str) -> None:
        plain = _COLON_COLOUR.sub(r"\1;2;\2;\3;\4", body)
        plain = _UNDERLINE_STYLE.sub(lambda style: "24" if style[1] == "0" else "4", plain).replace(":", ";")
        self._cells.select_graphic_rendition(*(int(part or 0) for part in plain.split(";")))

    def _ask(self, kind: str, number: int) -> None:
        row, col = self.cursor
        match kind, number:
            case "c", 0:
                self._answer(b"\x1b[?62;22c")
            case "n", 5:
                self._answer(b"\x1b[0n")
            case "n", 6:
                self._answer(f"\x1b[{row};{col}R".encode())
            case "?n", 6:
                self._answer(f"\x1b[?{row};{col}R".encode())
            case "?$p", 2026:
                self._answer(f"\x1b[?2026;{1 if self.is_updating else 2}$y".encode())
            case "?$p", _:
                self._answer(f"\x1b[?{number};0$y".encode())

    def _kitty_keyboard(self, kind: str, numbers: list[int]) -> None:
        if kind == ">u":
            self._kitty.append(numbers[0] if numbers else 0)
        else:
            del self._kitty[-max(1, numbers[0] if numbers else 1) :]

    def _set_mode(self, mode: int, on: bool) -> None:
        if mode == 25:
            self._cursor_hidden = not on
        elif mode in (6, 7):
            (self._cells.set_mode if on else self._cells.reset_mode)(mode, private=True)
        elif mode in _ALTERNATE:
            self._show_alternate(on)
        elif on:
            self._modes.add(mode)
        else:
            self._modes.discard(mode)

    def _show_alternate(self, on: bool) -> None:
        if on and self._cells is self._main:
            self._alternate.reset()
        self._cells = self._alternate if on else self._main
        self._cells.dirty.update(range(self._cells.lines))
