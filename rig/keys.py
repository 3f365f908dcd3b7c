"""What a keyboard sends: names of keys to the bytes of a terminal that speaks no kitty protocol."""

from __future__ import annotations

import re
from typing import Final

_LETTERED: Final = {
    "up": "A",
    "down": "B",
    "right": "C",
    "left": "D",
    "home": "H",
    "end": "F",
    "f1": "P",
    "f2": "Q",
    "f3": "R",
    "f4": "S",
}
_NUMBERED: Final = {
    "insert": 2,
    "delete": 3,
    "pageup": 5,
    "pagedown": 6,
    "f5": 15,
    "f6": 17,
    "f7": 18,
    "f8": 19,
    "f9": 20,
    "f10": 21,
    "f11": 23,
    "f12": 24,
}
_PLAIN: Final = {"enter": "\r", "tab": "\t", "escape": "\x1b", "backspace": "\x7f", "space": " "}
_NAME: Final = re.compile(r"((?:(?:ctrl|alt|shift)\+)*)(.+)", re.DOTALL)


def encode_key(name: str, application_cursor: bool = False) -> bytes:
    """The bytes of one key: `a`, `A`, `down`, `enter`, `ctrl+q`, `alt+x`, `shift+f3`.

    Args:
        application_cursor: The application asked for `ESC O A` in place of `CSI A` (mode 1).

    Raises:
        ValueError: no keyboard has such a key.
    """
    parsed = _NAME.fullmatch(name)
    modifiers, key = (parsed[1], parsed[2]) if parsed else ("", "")
    bits = ("shift+" in modifiers) + 2 * ("alt+" in modifiers) + 4 * ("ctrl+" in modifiers)
    if key in _LETTERED:
        if bits:
            return f"\x1b[1;{bits + 1}{_LETTERED[key]}".encode()
        is_single_shift = application_cursor or _LETTERED[key] in "PQRS"
        return f"\x1b{'O' if is_single_shift else '['}{_LETTERED[key]}".encode()
    if key in _NUMBERED:
        return f"\x1b[{_NUMBERED[key]}{f';{bits + 1}' if bits else ''}~".encode()
    if key == "tab" and bits & 1:
        return b"\x1b[Z"
    character = _PLAIN.get(key, key)
    if len(character) != 1:
        raise ValueError(f"no key is called {name!r}; for several characters use type()")
    character = character.upper() if bits & 1 else character
    if bits & 4:
        character = chr(ord(character.upper()) & 0x1F)
    return (b"\x1b" if bits & 2 else b"") + character.encode()
