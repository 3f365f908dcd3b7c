"""The signs, one table: each with its ASCII twin of one cell."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len


@dataclass(frozen=True, slots=True)
class Signs:
    """Every sign the app draws; all one cell wide."""

    cursor: str = "▌"
    leads_to: str = "→"
    mark: str = "◆"
    safe: str = "✓"
    warn: str = "▲"
    block: str = "■"
    rejected: str = "✗"
    up: str = "●"
    paused: str = "‖"
    planned: str = "○"
    none: str = "–"
    descending: str = "↓"
    ascending: str = "↑"
    ellipsis: str = "…"
    dot: str = "·"
    rule: str = "─"
    heavy_rule: str = "━"
    divider: str = "│"
    tee_down: str = "┬"
    tee_up: str = "┴"
    cross: str = "┼"
    bar: str = "━"
    half_bar: str = "╸"
    limit: str = "╌"
    back: str = "‹"
    more: str = "›"
    sparks: str = "▁▂▃▄▅▆▇"
    is_ascii: bool = False


UNICODE = Signs()
ASCII = Signs(
    cursor=">",
    leads_to=">",
    mark="*",
    safe="+",
    warn="!",
    block="#",
    rejected="x",
    up="o",
    paused="=",
    planned=".",
    none="-",
    descending="v",
    ascending="^",
    ellipsis="~",
    dot="-",
    rule="-",
    heavy_rule="=",
    divider="|",
    tee_down="+",
    tee_up="+",
    cross="+",
    bar="=",
    half_bar="=",
    limit="-",
    back="<",
    more=">",
    sparks="1234567",
    is_ascii=True,
)

_TWINS = str.maketrans({
    "→": ">", "◆": "*", "✓": "+", "▲": "!", "■": "#", "✗": "x", "●": "o", "‖": "=", "○": ".", "–": "-", "↓": "v",
    "↑": "^", "…": "~", "·": "-", "─": "-", "━": "=", "│": "|", "‹": "<", "›": ">", "“": '"', "”": '"', "‘": "'",
    "’": "'", "▌": ">", "×": "x", "←": "<", "±": "+", "—": "-", "\u00a0": " ", "−": "-",
})  # fmt: skip


def signs_for(ascii_only: bool) -> Signs:
    """The table for this terminal."""
    return ASCII if ascii_only else UNICODE


def in_ascii(text: str) -> str:
    """`text` with our signs replaced by their twins and anything else outside ASCII by `?`, as wide as it was."""
    return "".join(char if char.isascii() else "?" * cell_len(char) for char in text.translate(_TWINS))
