"""What text looks like, as a terminal is told it, and the shortest way from one look to another."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

PLAIN = 0
"""The terminal's own style."""

_RESET = "\x1b[m"
_ON = {
    "1": "weight",
    "2": "weight",
    "3": "italic",
    "4": "line",
    "5": "blink",
    "7": "reverse",
    "8": "hidden",
    "9": "strike",
}
_OFF = {"weight": "22", "italic": "23", "line": "24", "blink": "25", "reverse": "27", "hidden": "28", "strike": "29"}


@dataclass(frozen=True, slots=True)
class _Style:
    """Codes of SGR (ECMA-48, 8.3.117), each empty where it is the terminal's own."""

    color: str = ""
    ground: str = ""
    weight: str = ""
    italic: str = ""
    line: str = ""
    blink: str = ""
    reverse: str = ""
    hidden: str = ""
    strike: str = ""

    @property
    def is_bare(self) -> bool:
        """Whether of a blank in it only the ground is seen."""
        return not (self.line or self.reverse or self.strike)


class Styles:
    """Styles by number, so that cells can be compared quickly; 0 is the terminal's own."""

    def __init__(self) -> None:
        self._all = [_Style()]
        self._numbers = {_Style(): PLAIN}
        self._after: dict[tuple[int, str], int | None] = {}
        self._changes: dict[tuple[int, int], str] = {}
        self.grounds: list[str | int] = [""]
        """What a blank in each style looks like; equal where it looks the same."""
        self.rows: dict[tuple[object, ...], tuple[str, int, tuple[int, int] | None]] = {}
        """How rows were written that came before: what was told, and the pen behind it. `difference` keeps it."""

    def after(self, style: int, codes: str) -> int | None:
        """The style that a sequence of codes leads to; None when one of them is not known here."""
        if (style, codes) not in self._after:
            styled = _styled(self._all[style], codes)
            self._after[style, codes] = None if styled is None else self._number(styled)
        return self._after[style, codes]

    def change(self, before: int, after: int) -> str:
        """The shortest sequence that leads from one style to another."""
        if (before, after) not in self._changes:
            self._changes[before, after] = _change(self._all[before], self._all[after])
        return self._changes[before, after]

    def alike_in_blanks(self, one: int, other: int) -> bool:
        """Whether a blank looks the same in both."""
        return self.grounds[one] == self.grounds[other]

    def is_bare(self, style: int) -> bool:
        """Whether of a blank in it only the ground is seen."""
        return self._all[style].is_bare

    def _number(self, style: _Style) -> int:
        number = self._numbers.setdefault(style, len(self._all))
        if number == len(self._all):
            self._all.append(style)
            self.grounds.append(style.ground if style.is_bare else number)
        return number


def _styled(style: _Style, codes: str) -> _Style | None:
    left = codes.split(";")[::-1]
    while left:
        code = left.pop()
        if code in ("", "0"):
            style = _Style()
        elif code in _ON:
            name = _ON[code]
            both = name == "weight" and style.weight not in ("", code)
            style = replace(style, **{name: "1;2" if both else code})
        elif code in ("38", "48"):
            parts = {"2": 4, "5": 2}.get(left[-1], 0) if left else 0
            if not parts or len(left) < parts:
                return None
            value = ";".join([code, *(left.pop() for _ in range(parts))])
            style = replace(style, color=value) if code == "38" else replace(style, ground=value)
        elif code in ("39", "49"):
            style = replace(style, color="") if code == "39" else replace(style, ground="")
        elif re.fullmatch(r"3[0-7]|9[0-7]", code):
            style = replace(style, color=code)
        elif re.fullmatch(r"4[0-7]|10[0-7]", code):
            style = replace(style, ground=code)
        else:
            return None
    return style


def _change(before: _Style, after: _Style) -> str:
    if before == after:
        return ""
    if after == _Style():
        return _RESET
    anew = [code for code in (getattr(after, name) for name in _Style.__slots__) if code]
    steps: list[str] = []
    for name in _Style.__slots__:
        old, new = getattr(before, name), getattr(after, name)
        if old == new:
            continue
        if name in _OFF:
            steps += [_OFF[name]] if old else []
            steps += [new] if new else []
        else:
            steps.append(new or ("39" if name == "color" else "49"))
    return min(f"\x1b[{';'.join(steps)}m", f"\x1b[0;{';'.join(anew)}m", key=len)
