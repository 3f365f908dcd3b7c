"""From a key and the place it is pressed in to an action; rebinding, and clashes said by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from cc_tui.actions.action import Action, Where
from cc_tui.actions.registry import ACTIONS

UNBOUND_ON_PURPOSE = frozenset({"d", "i", "o", "ctrl+a", "ctrl+b", "ctrl+k", "~", "ctrl+enter"})

_NAMES = {
    "slash": "/", "colon": ":", "question_mark": "?", "exclamation_mark": "!", "asterisk": "*", "minus": "-",
    "plus": "+", "tilde": "~", "less_than_sign": "<", "greater_than_sign": ">",
}  # fmt: skip


class KeyClash(ValueError):
    """A key is given to two actions that are looked for in the same place, or an action is not known."""


class Keymap:
    """The keys in force.

    Args:
        overrides: keys by action id, as the config names them.

    Raises:
        KeyClash: an id is unknown, or two actions would share a key; names both.
    """

    def __init__(self, overrides: Mapping[str, Sequence[str]] | None = None) -> None:
        self.actions = tuple(_rebound(action, overrides or {}) for action in ACTIONS)
        self.by_id = {action.id: action for action in self.actions}
        for name in overrides or {}:
            if name not in self.by_id:
                near = get_close_matches(name, self.by_id, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise KeyClash(f"keys: there is no action {name!r}{hint}")
        self._footers: dict[tuple[Where, ...], list[Action]] = {}
        self._by_place: dict[Where, dict[str, Action]] = {where: {} for where in Where}
        for action in self.actions:
            for key in action.keys:
                self._bind(action, key)

    def _bind(self, action: Action, key: str) -> None:
        place = self._by_place[action.where]
        other = place.get(key)
        if other is not None:
            raise KeyClash(f"keys: {key!r} is given to both {other.id!r} and {action.id!r}")
        place[key] = action

    def find(self, key: str, places: Sequence[Where]) -> Action | None:
        """The action of `key` in the first of `places` that knows it."""
        for place in places:
            action = self._by_place[place].get(key)
            if action is not None:
                return action
        return None

    def of(self, action_id: str) -> Action:
        """The action of that id, with the keys in force."""
        return self.by_id[action_id]

    def first_key(self, action_id: str) -> str:
        """How the action's first key is written for people; empty when it has none."""
        keys = self.by_id[action_id].keys
        return written(keys[0]) if keys else ""

    def footer_key(self, action: Action) -> str:
        """How the footer writes an action's keys: the first, a range of digits, or both ways to turn."""
        if action.id == "list.next_view":
            return " ".join(filter(None, (self.first_key("list.previous_view"), self.first_key(action.id))))
        if len(action.keys) > 2 and all(key.isdigit() for key in action.keys):
            return f"{action.keys[0]}–{action.keys[-1]}"
        return written(action.keys[0]) if action.keys else ""

    def footer(self, places: Sequence[Where]) -> list[Action]:
        """The actions of `places` that stand in the footer, in order."""
        at = tuple(places)
        if at not in self._footers:
            found = [action for action in self.actions if action.where in at and action.short]
            self._footers[at] = sorted(found, key=lambda action: action.rank)
        return self._footers[at]


def _rebound(action: Action, overrides: Mapping[str, Sequence[str]]) -> Action:
    keys = overrides.get(action.id)
    return action if keys is None else replace(action, keys=tuple(plain(key) for key in keys))


def plain(key: str) -> str:
    """A key as the registry names it: Textual's `question_mark` is `?`, `^r` is `ctrl+r`."""
    if len(key) == 2 and key[0] == "^":
        return f"ctrl+{key[1].lower()}"
    if key.startswith("upper_") and len(key) == 7:
        return key[-1].upper()
    return _NAMES.get(key, key)


def written(key: str) -> str:
    """A key as people read it: `ctrl+r` is `^r`."""
    if key.startswith("ctrl+") and len(key) == 6:
        return f"^{key[-1]}"
    return {"escape": "esc", "pagedown": "pgdn", "pageup": "pgup"}.get(key, key)
