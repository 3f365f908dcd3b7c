"""The same picture in fewer bytes: what is written to the terminal, with only the changes of style that are seen.

Textual names the whole style of every piece of text and resets it behind: some 40 bytes each on a remote line. Here a
style is named as the difference to the one before, a blank needs no colour of its own, and a line's end before a move
of the cursor is left out. A write that holds anything else than text, styles and moves goes out as it came.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from textual.drivers.linux_driver import LinuxDriver

_TOKEN = re.compile(
    r"\x1b\[(?P<style>[0-9;]*)m|(?P<move>\x1b\[[0-9]+;[0-9]+H|\x1b\[\?2026[hl])|(?P<end>\n)|(?P<text>[^\x00-\x1f\x7f]+)"
)
_MOVE = re.compile(r"\x1b\[[0-9]+;[0-9]+H")
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
    """What text looks like: codes of SGR (ECMA-48, 8.3.117), each empty where it is the terminal's own."""

    color: str = ""
    ground: str = ""
    weight: str = ""
    italic: str = ""
    line: str = ""
    blink: str = ""
    reverse: str = ""
    hidden: str = ""
    strike: str = ""

    def on_blanks(self, before: _Style) -> _Style:
        """The style nearest to `before` in which blanks look the same as in this one."""
        is_plain = not (self.line or self.reverse or self.strike or before.line or before.reverse or before.strike)
        return replace(before, ground=self.ground) if is_plain else self


_PLAIN = _Style()


class TerseDriver(LinuxDriver):
    """Textual's driver, with every write made terse."""

    def write(self, data: str) -> None:
        """Write to the terminal."""
        super().write(terse(data))


def terse(sequence: str) -> str:
    """What draws the same as `sequence`, which begins and ends in the terminal's own style, in fewer bytes.

    Args:
        sequence: text, styles, moves; one that holds anything else is returned as it is.
    """
    if "m" not in sequence or "\x1b" not in sequence:
        return sequence
    told: list[str] = []
    is_now, wanted, at = _PLAIN, _PLAIN, 0
    while at < len(sequence):
        token = _TOKEN.match(sequence, at)
        if token is None:
            return sequence
        at = token.end()
        if (codes := token["style"]) is not None:
            styled = _styled(wanted, codes)
            if styled is None:
                return sequence
            wanted = styled
            continue
        if token["end"] and _MOVE.match(sequence, at):
            continue
        if not token["move"]:
            seen = wanted.on_blanks(is_now) if token["text"] and token["text"].isspace() else wanted
            told.append(_change(is_now, seen))
            is_now = seen
        told.append(token[0].replace(";1H", "H") if token["move"] else token[0])
    told.append(_change(is_now, _PLAIN))
    return "".join(told)


@lru_cache(1024)
def _styled(style: _Style, codes: str) -> _Style | None:
    """`style` after a sequence of codes; None when one of them is not known here."""
    left = codes.split(";")[::-1]
    while left:
        code = left.pop()
        if code in ("", "0"):
            style = _PLAIN
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


@lru_cache(1024)
def _change(before: _Style, after: _Style) -> str:
    """The shortest sequence that leads from one style to another."""
    if before == after:
        return ""
    if after == _PLAIN:
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
