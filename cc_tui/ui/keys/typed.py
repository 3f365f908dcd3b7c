"""Keys typed while an input is open: which of them are more than text."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cc_tui.actions.action import Action
    from cc_tui.decisions.guard import KeyRead
    from cc_tui.ui.dialogs.overlays import Overlays
    from cc_tui.ui.keys.router import KeyRouter
    from cc_tui.ui.widgets.prompt import Prompt

_ENDS_A_PROMPT = frozenset({"enter", "escape", "ctrl+c"})


class TypedKeys:
    """Ends the prompt, or lets the sheet act; all else is text.

    Args:
        overlays: where an input may be open.
        router: judges the key that ends a line which decides.
        find: the action that a key has where the operator is.
    """

    def __init__(self, overlays: Overlays, router: KeyRouter, find: Callable[[str], Action | None]) -> None:
        self._overlays = overlays
        self._router = router
        self._find = find

    def take(self, name: str, key: str, read: KeyRead) -> bool:
        """Whether a key was more than text; `name` as the registry calls it, `key` as Textual does."""
        prompt, sheet = self._overlays.prompt, self._overlays.sheet
        if prompt is not None and name in _ENDS_A_PROMPT:
            self._end(prompt, name, read)
            return True
        if sheet is None:
            return False
        action = self._find(key)
        return action is not None and sheet.act(action, name)

    def _end(self, prompt: Prompt, name: str, read: KeyRead) -> None:
        question = prompt.question
        if name != "enter":
            self._overlays.close_prompt()
            if question.left is not None:
                question.left()
        elif question.decides:
            self._router.judge_typed(read, lambda: prompt.when_typed(partial(self._hand_over, prompt)))
        else:
            prompt.when_typed(partial(self._hand_over, prompt))

    def _hand_over(self, prompt: Prompt, typed: str) -> None:
        if prompt is self._overlays.prompt:
            self._overlays.close_prompt()
            prompt.question.taken(typed)
