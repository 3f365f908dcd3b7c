"""On which line of a TOML file a key stands, so that a mistake can be told where it is. Pure text."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HEADER = re.compile(r"\s*\[{1,2}\s*([^\]]+?)\s*\]{1,2}\s*(?:#.*)?$")
_ASSIGNED = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def line_of(text: str, path: Sequence[str]) -> int | None:
    """The line (from 1) of the key at `path`: tables from the outside in, then the key.

    A key inside an inline table stands on the line of that table. None: it is not there.
    """
    wanted = tuple(path)
    table: tuple[str, ...] = ()
    nearest: int | None = None
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header is not None:
            table = _parts(header[1])
            here = table
        elif (assigned := _ASSIGNED.match(line)) is not None:
            here = (*table, *_parts(assigned[1]))
        else:
            continue
        if here == wanted:
            return number
        if here == wanted[: len(here)] and header is None:
            nearest = number
    return nearest


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))
