"""The key reference of the docs, from the registry: `python -m cc_tui.actions.reference > docs/reference/keys.md`."""

from __future__ import annotations

import sys

from cc_tui.actions.action import Action, Where
from cc_tui.actions.keymap import written
from cc_tui.actions.registry import ACTIONS

HEAD = """# Keys

Every action, where its keys count, and its id for the `[keys]` table of the config. In the app `?` shows the same, with
why an action can't be used now. What `A` and `Y` approve was listed or asked about before.
The signs on the screens: [signs and words](signs-and-words.md).
"""


def key_reference() -> str:
    """The page."""
    return "\n".join([HEAD, *(_section(where) for where in Where)])


def _section(where: Where) -> str:
    rows = [_row(action) for action in ACTIONS if action.where is where]
    return "\n".join([f"## {where.value}\n", "| keys | what it does | id |", "|---|---|---|", *rows, ""])


def _row(action: Action) -> str:
    keys = " ".join(f"`{written(key)}`" for key in action.keys) or "in the palette"
    return f"| {keys} | {action.help} | `{action.id}` |"


if __name__ == "__main__":
    sys.stdout.write(key_reference())
