"""The help, in three pages: the keys of here and now; every key with what it does and why not now; signs and words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from cc_tui.actions.action import Action, Where
from cc_tui.actions.keymap import Keymap, written
from cc_tui.text.legend import SIGNS, WORDS
from cc_tui.text.safe import SafeText, safe_lines
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.charts import section
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.shape import NARROW_FROM, margin_of

KEYS_WIDE, NAMES_WIDE, INDENT = 12, 24, 4
SIGN_WIDE = 3
SHORT_KEY, SHORT_NAME = 6, 19
"""How wide a key and its name are on the first page, which has as many columns of them as fit."""
PAIRS = {
    "list.up": ("list.down", "Down, up"),
    "list.bottom": ("list.top", "First, last"),
    "list.half_up": ("list.half_down", "Half a page"),
    "list.next_view": ("list.previous_view", "Views, sections"),
    "preview.up": ("preview.down", "Scroll the draft"),
    "agents.chart_right": ("agents.chart_left", "Charts"),
}
"""Two actions that are told as one on the first page: by the second, the first and what both do."""
TAB_OF = {Where.APPROVALS: "tab.approvals", Where.AGENTS: "tab.agents", Where.LOGS: "tab.agents"}
"""The action that leads to where a place is, for places of one tab."""


def reasons(
    keymap: Keymap, places: Sequence[Where], why_not: Callable[[Action], str | None]
) -> Mapping[str, str | None]:
    """By action id why it can't be used now, or None.

    Args:
        keymap: the keys in force.
        places: where keys are looked for now; what belongs to another tab is not used from here.
        why_not: why an action of these places can't be used.
    """
    found: dict[str, str | None] = {}
    for action in keymap.actions:
        tab = TAB_OF.get(action.where)
        if tab is not None and action.where not in places:
            found[action.id] = f"not here: {keymap.first_key(tab)} goes to the {keymap.of(tab).title.lower()}"
        else:
            found[action.id] = why_not(action) if action.where in places else None
    return found


def short_lines(
    keymap: Keymap, places: Sequence[Where], whys: Mapping[str, str | None], width: int, look: Look
) -> list[Line]:
    """The keys of these places by name, in columns: what can't be used now is dim, what has no use here is left out."""
    margin = margin_of(width)
    wide = SHORT_KEY + SHORT_NAME
    columns = max(1, (width - 2 * margin) // wide)
    lines: list[Line] = []
    for where in places:
        told = _short(keymap, where, whys)
        lines.append(_section(where.value, width, look))
        rows = -(-len(told) // columns)
        for row in range(rows):
            line = Line()
            for column, (key, name, is_usable) in enumerate(told[row::rows]):
                line.to(margin + column * wide).add(key, Token.STRONG if is_usable else Token.DIM)
                line.to(margin + column * wide + SHORT_KEY).add(name, Token.TEXT if is_usable else Token.DIM)
            lines.append(line)
    return lines


def _short(keymap: Keymap, where: Where, whys: Mapping[str, str | None]) -> list[tuple[str, str, bool]]:
    """Key, name, and whether it can be used now, of each action of a place that has a use there."""
    seconds = {first: (keymap.of(second), name) for second, (first, name) in PAIRS.items()}
    told = []
    for action in keymap.actions:
        why = whys[action.id]
        if action.where is not where or action.id in PAIRS or not action.keys or (why or "").startswith("not "):
            continue
        second, name = seconds.get(action.id, (None, action.title))
        keys = written(action.keys[0])
        if second is not None and second.keys:
            keys += f" {written(second.keys[0])}"
        told.append((keys if len(keys) < SHORT_KEY else written(action.keys[0]), name, why is None))
    return told


def help_lines(
    keymap: Keymap, places: Sequence[Where], whys: Mapping[str, str | None], width: int, look: Look
) -> list[Line]:
    """Every key, the places of now first."""
    lines: list[Line] = []
    for where in sorted(Where, key=lambda one: one not in places):
        lines.append(_section(where.value, width, look))
        for action in (action for action in keymap.actions if action.where is where):
            lines.extend(_help_of(action, whys[action.id], width, look))
        lines.append(Line())
    return lines


def legend_lines(width: int, look: Look) -> list[Line]:
    """What the signs and the words of the screens mean."""
    lines = [_section("signs", width, look)]
    for name, told in SIGNS.items():
        lines.extend(_meaning(str(getattr(look.signs, name)), told, SIGN_WIDE, width))
    lines += [Line(), _section("words", width, look)]
    for word, told in WORDS.items():
        lines.extend(_meaning(word, told, KEYS_WIDE + 1, width))
    return lines


def _section(title: str, width: int, look: Look) -> Line:
    return section([(SafeText(title), Token.DIM)], [], width, look, margin=margin_of(width))


def _help_of(action: Action, why: str | None, width: int, look: Look) -> Iterator[Line]:
    """One action: keys, name, what it does and why not now, as many lines as that takes."""
    margin = margin_of(width)
    line = Line().add(" " * margin).add(" ".join(written(key) for key in action.keys), Token.STRONG)
    line.to(margin + KEYS_WIDE).add(action.title)
    is_wide = width >= NARROW_FROM
    start = margin + (KEYS_WIDE + NAMES_WIDE if is_wide else INDENT)
    if not is_wide:
        yield line
        line = Line()
    yield from _told(line, action.help, Token.DIM, start, width)
    if why is not None:
        yield from _told(Line(), f"{look.signs.warn} {why}", Token.WARN, start, width)


def _meaning(name: str, told: str, wide: int, width: int) -> Iterator[Line]:
    margin = margin_of(width)
    line = Line().add(" " * margin).add(name, Token.STRONG)
    yield from _told(line, told, Token.DIM, margin + wide, width)


def _told(line: Line, text: str, token: Token, start: int, width: int) -> Iterator[Line]:
    """The text from `start` on, its first line behind what stands in `line`; never cut."""
    for wrapped in safe_lines(text, max(8, width - start - margin_of(width))):
        yield line.to(start).add(wrapped.text, token)
        line = Line()
