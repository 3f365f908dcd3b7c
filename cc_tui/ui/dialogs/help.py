"""The help: every key by place with what it does and why not now; then what the signs and the words mean."""

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


def help_lines(
    keymap: Keymap, places: Sequence[Where], whys: Mapping[str, str | None], width: int, look: Look
) -> list[Line]:
    """All of it, the places of now first."""
    lines: list[Line] = []
    for where in sorted(Where, key=lambda one: one not in places):
        lines.append(_section(where.value, width, look))
        for action in (action for action in keymap.actions if action.where is where):
            lines.extend(_help_of(action, whys[action.id], width, look))
        lines.append(Line())
    lines.append(_section("signs", width, look))
    for name, told in SIGNS.items():
        lines.extend(_meaning(str(getattr(look.signs, name)), told, width))
    lines += [Line(), _section("words", width, look)]
    for word, told in WORDS.items():
        lines.extend(_meaning(word, told, width))
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


def _meaning(name: str, told: str, width: int) -> Iterator[Line]:
    margin = margin_of(width)
    line = Line().add(" " * margin).add(name, Token.STRONG)
    yield from _told(line, told, Token.DIM, margin + KEYS_WIDE + 1, width)


def _told(line: Line, text: str, token: Token, start: int, width: int) -> Iterator[Line]:
    """The text from `start` on, its first line behind what stands in `line`; never cut."""
    for wrapped in safe_lines(text, max(8, width - start - margin_of(width))):
        yield line.to(start).add(wrapped.text, token)
        line = Line()
