"""A question: what would happen, Cancel focused, and one word for yes. Dead for its first quarter of a second.

One that decides takes its keys as a draft does: it must have been on the screen, whole, before they were pressed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import count

from textual.app import ComposeResult

from cc_tui.actions.action import Action, Where
from cc_tui.decisions.guard import Selected, Shown
from cc_tui.text.safe import SafeText
from cc_tui.ui.dialogs.sheet import Sheet
from cc_tui.ui.themes.look import Look
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line, Piece, wrapped
from cc_tui.ui.widgets.shape import margin_of

DEAD_SECONDS = 0.25
_openings = count(1)


class _Face(Canvas):
    """What the question looks like."""

    def __init__(self, look: Look, title: str, lines: Sequence[Line], yes: str, *, is_risky: bool) -> None:
        super().__init__(look)
        self._title = title
        self._lines = lines
        self._yes = yes
        self._is_risky = is_risky
        self.is_yes_focused = False

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """Heavy rule, title, what it says, the two buttons."""
        margin = " " * margin_of(width)
        title, said = self.told(width)
        rule = Line().add(self.look.signs.heavy_rule * width, Token.BAD if self._is_risky else Token.ACCENT)
        lines = [rule, Line(), *title, Line(), *said[: max(0, height - 6 - len(title))], Line()]
        cancel, yes = (Token.TEXT, Token.FOCUSED) if self.is_yes_focused else (Token.FOCUSED, Token.TEXT)
        buttons = Line().add(margin).add(" Cancel ", cancel).add("     ")
        lines.append(buttons.add("y", Token.STRONG).add(f" {self._yes} ", yes))
        return lines

    def told(self, width: int) -> tuple[list[Line], list[Line]]:
        """The title, and what it says, in as many lines of `width` cells as it takes."""
        margin = margin_of(width)
        indent: Piece = (SafeText(" " * margin), Token.TEXT)
        title = [(SafeText(self._title), Token.STRONG)]
        return (
            [Line([indent, *one]) for one in wrapped(title, width - 2 * margin)],
            [Line([indent, *one]) for line in self._lines for one in wrapped(line.left, width - 2 * margin)],
        )


class QuestionSheet(Sheet):
    """Asks before something happens; `decides`: yes sends, keeps from leaving, or forgets what somebody decided."""

    def __init__(
        self,
        look: Look,
        title: str,
        lines: Sequence[Line],
        yes: str,
        on_yes: Callable[[], None],
        on_no: Callable[[], None] | None = None,
        *,
        is_risky: bool = False,
        decides: bool = False,
    ) -> None:
        super().__init__(look)  # no id: one may follow another that is still going
        self._selected: Selected | None = None
        if decides:
            self._selected = Selected(f"question {next(_openings)}", 1, 1, word="question")
            self.places, self.keys = (Where.DECIDING,), (("y", "yes"), ("n", "no"), ("tab", "next"))
        self._face = _Face(look, title, lines, yes, is_risky=is_risky)
        self._on_yes = on_yes
        self._on_no = on_no
        self._opened_at = asyncio.get_running_loop().time()
        self._answered = False

    def on_mount(self) -> None:
        """The screen has a size already."""
        self.reshape(*self.app.size)

    def reshape(self, width: int, height: int) -> None:
        """As high as what it says needs, and no higher than what the tab's top leaves."""
        title, said = self._face.told(width)
        self.styles.height = min(20, max(8, height - 4), len(title) + len(said) + 7)

    def compose(self) -> ComposeResult:
        """One canvas."""
        yield self._face

    def selected(self) -> Selected | None:
        """This question, where yes decides."""
        return self._selected

    def shown(self) -> Shown | None:
        """All of it must have been on the screen."""
        if self._selected is None or not self._face.is_mounted or not self._face.is_laid_out:
            return None
        lines = frozenset(range(self._face.size.height))
        return Shown(self._selected, frozenset(filter(self._face.is_painted, lines)), lines)

    def act(self, action: Action, key: str) -> bool:
        """`y` does it, `n` and `esc` don't, `tab` and `enter` are the buttons."""
        del key
        if asyncio.get_running_loop().time() - self._opened_at < DEAD_SECONDS:
            return True
        match action.id:
            case "dialog.yes" | "deciding.yes":
                self._answer(yes=True)
            case "dialog.no" | "deciding.no":
                self._answer(yes=False)
            case "dialog.next" | "deciding.next":
                self._face.is_yes_focused = not self._face.is_yes_focused
                self._face.repaint()
            case "dialog.press" | "deciding.press":
                self._answer(yes=self._face.is_yes_focused)
            case _:
                return False
        return True

    def leave(self) -> None:
        """Left without an answer is no."""
        if not self._answered and self._on_no is not None:
            self._answered = True
            self._on_no()

    def _answer(self, *, yes: bool) -> None:
        if self._answered:
            return
        self._answered = True
        self.close()
        if yes:
            self._on_yes()
        elif self._on_no is not None:
            self._on_no()
