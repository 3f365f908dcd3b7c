"""The sheet of a dry run: what would be decided, riskiest first. Its keys count as decisions do: seen, then typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

from textual.app import ComposeResult

from cc_tui.actions.action import Action, Where
from cc_tui.decisions.guard import Selected, Shown
from cc_tui.ui.dialogs.sheet import Sheet
from cc_tui.ui.tabs.approvals.batch.drawing import (
    Facts,
    Listed,
    foot_lines,
    head_lines,
    left_lines,
    row_lines,
    visible,
)
from cc_tui.ui.themes.look import Look
from cc_tui.ui.widgets.canvas import Canvas
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.shape import Shape, shape_of

_openings = count(1)


class _Face(Canvas):
    """The list, and where in it one is."""

    def __init__(self, look: Look, facts: Facts) -> None:
        super().__init__(look)
        self.facts = facts
        self.cursor = 0
        self.first = 0
        self.is_yes_focused = False

    def draw(self, width: int, height: int) -> Sequence[Line]:
        """Head, as many items as there is room for, foot."""
        room = self.room()
        self.first = max(0, min(self.first, self.cursor, len(self.facts.items) - room))
        self.first = max(self.first, self.cursor - room + 1)
        has_why = bool(self.facts.why_title)
        lines = head_lines(self.facts, width, self.look, self.first, room)
        for place, one in enumerate(visible(self.facts, self.first, room), start=self.first):
            lines += row_lines(one, width, self.look, is_cursor=place == self.cursor, has_why=has_why)
        return [*lines, *foot_lines(self.facts, width, is_yes_focused=self.is_yes_focused)]

    def room(self) -> int:
        """How many items are in view."""
        width, height = self.size
        is_phone = shape_of(width) is Shape.PHONE
        left = len(left_lines(self.facts, width))
        fixed = (3 if is_phone else 4) + 2 + (left + 1 if left else 0)
        return max(1, (height - fixed) // (2 if is_phone else 1))

    def move(self, steps: int) -> None:
        """Go on by so many items."""
        self.cursor = max(0, min(len(self.facts.items) - 1, self.cursor + steps))
        self.repaint()


class BatchSheet(Sheet):
    """Lists, and asks.

    Args:
        look: colours and signs.
        facts: what is listed.
        on_yes: decides exactly that.
        on_no: told when it is left, and nothing is decided.
        say_why: tells why an item is there.
    """

    places = (Where.DECIDING,)

    def __init__(
        self, look: Look, facts: Facts, *, on_yes: Callable[[], None], on_no: Callable[[], None],
        say_why: Callable[[Listed], None],
    ) -> None:  # fmt: skip
        super().__init__(look, id="batch")
        self._face = _Face(look, facts)
        self._facts = facts
        self._on_yes = on_yes
        self._on_no = on_no
        self._say_why = say_why
        self._is_answered = False
        self._selected = Selected("a dry run", 1, next(_openings), word="list")

    def compose(self) -> ComposeResult:
        """One canvas."""
        yield self._face

    def on_mount(self) -> None:
        """The screen has a size already."""
        self.reshape(*self.app.size)

    def reshape(self, width: int, height: int) -> None:
        """As high as its list needs, and no higher than what the tab's top leaves."""
        items = len(self._facts.items) * (2 if shape_of(width) is Shape.PHONE else 1)
        self.styles.height = min(items + 8 + len(left_lines(self._facts, width)), max(10, round(height * 0.6)))

    def selected(self) -> Selected | None:
        """This list, opened this time."""
        return self._selected

    def shown(self) -> Shown | None:
        """Its first screenful must have been on the screen; a risky or flagged item asks for the longer look."""
        if not self._face.is_mounted or not self._face.is_laid_out:
            return None
        lines = frozenset(range(self._face.size.height))
        painted = frozenset(line for line in lines if self._face.is_painted(line))
        return Shown(
            self._selected, painted, lines, risk=max(one.risk for one in self._facts.items),
            is_warned=any(one.weight == "warn" for one in self._facts.items),
        )  # fmt: skip

    def act(self, action: Action, key: str) -> bool:
        """`y` decides, `n` and `esc` don't; `j k` move, `w` says why."""
        del key
        face = self._face
        match action.id:
            case "deciding.yes":
                self._answer(yes=True)
            case "deciding.press":
                self._answer(yes=face.is_yes_focused)
            case "deciding.no":
                self._answer(yes=False)
            case "deciding.next":
                face.is_yes_focused = not face.is_yes_focused
                face.repaint()
            case "deciding.why":
                self._say_why(self._facts.items[face.cursor])
            case _ if action.id in _MOVES:
                face.move(_MOVES[action.id] * (face.room() if "page" in action.id else 1))
            case _:
                return False
        return True

    def _answer(self, *, yes: bool) -> None:
        if self._is_answered:
            return
        self._is_answered = True
        self.close()
        (self._on_yes if yes else self._on_no)()


_MOVES = {"deciding.down": 1, "deciding.up": -1, "deciding.page_down": 1, "deciding.page_up": -1}
