"""What moves, filters, sorts and marks in the queue: everything that decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from cc_tui.actions.action import Action
from cc_tui.state.approvals.lists import SortKey
from cc_tui.state.approvals.rows import View
from cc_tui.state.filter import FilterMistake
from cc_tui.state.messages import Level
from cc_tui.text.safe import without_hidden
from cc_tui.ui.tabs.sorting import SortAsk
from cc_tui.ui.widgets.asked import Mistake, Question
from cc_tui.ui.widgets.shape import Shape

if TYPE_CHECKING:
    from cc_tui.ui.tabs.approvals.desk import Steered
    from cc_tui.ui.tabs.approvals.verbs import QueueVerbs

LONG_LIST, PAUSE_SECONDS = 5_000, 0.2
"""From so many rows on a filter that is typed waits for so short a pause of the keys."""
_LETTERS = {key.value[0]: key.value for key in SortKey}


class QueueMoves:
    """Carries out the list's actions on the desk."""

    def __init__(self, desk: Steered, verbs: QueueVerbs) -> None:
        self._desk = desk
        self._verbs = verbs
        self._typed: str | None = None
        """The filter that waits for a pause of the keys."""
        self._sort = SortAsk(desk.session, _LETTERS, self._sort_by)
        self._acts: dict[str, Callable[[], None]] = {
            "list.down": lambda: self._move(1),
            "list.up": lambda: self._move(-1),
            "list.top": lambda: self._go_end(-1),
            "list.bottom": lambda: self._go_end(1),
            "list.half_down": lambda: self._move_half(1),
            "list.half_up": lambda: self._move_half(-1),
            "list.next_view": lambda: self._step_view(1),
            "list.previous_view": lambda: self._step_view(-1),
            "list.open": desk.open_item,
            "list.filter": self._filter,
            "list.sort": self._sort.ask,
            "list.mark": self._mark,
            "list.mark_shown": self._mark_shown,
            "list.copy": self._copy,
            "list.show_new": self._show_new,
            "list.preview": self._turn_to_preview,
            "preview.down": lambda: self._scroll(1),
            "preview.up": lambda: self._scroll(-1),
        }

    def act(self, action: Action, key: str) -> bool:
        """Carry out one of them; False when it is another's."""
        del key
        act = self._acts.get(action.id)
        if act is None:
            return False
        act()
        return True

    def typed_letter(self, key: str) -> bool:
        """The letter after `s`."""
        return self._sort.typed(key)

    def letters(self) -> Sequence[tuple[str, str]]:
        """The letters that sorting waits for."""
        return self._sort.choices

    def back(self) -> bool:
        """One layer less: choices, diff, item, preview, filter, marks."""
        desk = self._desk
        if desk.pane.choice_name is not None:
            self._verbs.leave_choice()
        elif desk.is_diff_open:
            desk.is_diff_open = False
            desk.refresh_draft()
        elif desk.is_item_open:
            desk.close_item()
        elif desk.is_preview_focused:
            desk.focus_preview(is_focused=False)
        elif desk.queue.filter_text:
            desk.queue.set_filter("")
            desk.views.repaint()
        elif desk.queue.marks:
            desk.queue.unmark(set(desk.queue.marks))
            desk.views.repaint()
        else:
            return False
        return True

    @property
    def _reads(self) -> bool:
        """Whether the keys that move are for the draft."""
        return self._desk.is_item_open or self._desk.is_preview_focused

    def _move(self, step: int) -> None:
        if self._reads:
            self._scroll(step)
        else:
            self._desk.table.move(step)

    def _move_half(self, direction: int) -> None:
        if self._reads:
            self._scroll(direction * max(1, self._desk.pane.page // 2))
        else:
            self._desk.table.move_half_page(direction)

    def _go_end(self, direction: int) -> None:
        desk = self._desk
        if self._reads:
            self._scroll(direction * max(1, len(desk.pane.lines)))
        else:
            desk.table.go(0 if direction < 0 else desk.sources[desk.view].count() - 1)

    def _turn_to_preview(self) -> None:
        """On a phone the draft opens; elsewhere the keys that move go to it, or back to the list."""
        desk = self._desk
        if desk.shape is Shape.PHONE:
            desk.open_item()
        elif desk.row is not None:
            desk.focus_preview(is_focused=not desk.is_preview_focused)

    def _scroll(self, step: int) -> None:
        self._desk.pane.scroll(step)
        self._desk.stage.look_again()

    def _step_view(self, step: int) -> None:
        desk = self._desk
        if desk.is_item_open:
            desk.table.move(step)
            return
        views = list(View)
        place = views.index(desk.view) + step
        if 0 <= place < len(views):
            desk.show_view(views[place])

    def _sort_by(self, word: str) -> bool:
        self._desk.queue.set_sort(SortKey(word))
        return self._desk.queue.reversed

    def _mark(self) -> None:
        desk = self._desk
        if desk.row is None or self._verbs.why_row_not() is not None:
            desk.session.say("only what waits can be marked")
            return
        desk.queue.mark([desk.row.id])
        desk.views.repaint()
        if not desk.is_item_open:
            desk.table.move(1)
        desk.stage.frame_changed()

    def _mark_shown(self) -> None:
        desk = self._desk
        count = desk.queue.mark_shown()
        desk.views.repaint()
        words = (
            f"marked the {count:,} that the filter shows" if desk.queue.filter_text else f"marked all {count:,} shown"
        )
        hidden = desk.queue.marked_not_shown
        if hidden:
            words += f"; {hidden:,} more marked are not shown"
        told = words if count else "nothing here waits, so nothing is marked"
        desk.session.say(told, Level.NOTE, (f"{count:,}",), short=f"{count:,} marked, {hidden:,} more not shown")
        desk.stage.frame_changed()

    def _show_new(self) -> None:
        self._desk.queue.settle()

    def _copy(self) -> None:
        desk = self._desk
        if desk.row is None:
            return
        whole = desk.session.known.approvals.whole(desk.row.id)
        body = whole.body or "" if whole is not None else ""
        text, hidden = without_hidden(f"To: {desk.row.to_email}\nSubject: {desk.row.subject}\n\n{body}")
        desk.app.copy_to_clipboard(text)
        left_out = f", {hidden} hidden characters left out" if hidden else ""
        desk.session.say(f"copied {desk.row.to_email}{left_out}", Level.NOTE, (desk.row.to_email,))

    def _filter(self) -> None:
        desk = self._desk
        before = desk.queue.filter_text
        desk.stage.ask(
            Question(
                label="/", initial=before, verb="keep the filter", taken=lambda text: self._take_filter(text, before),
                changed=lambda text: self._filter_typed(text, before), left=lambda: self._take_filter(before, before),
            )
        )  # fmt: skip

    def _take_filter(self, text: str, before: str) -> None:
        """Enter: a filter with a mistake is not taken, and says so."""
        self._typed = None
        mistake = self._filter_by(text, before)
        if mistake is not None:
            self._desk.session.say(f"not filtered: {mistake.sentence}", Level.WARN)

    def _filter_typed(self, text: str, before: str) -> Mistake | None:
        """Filter as it is typed; a long list once the keys pause, so that what is typed is seen at once."""
        desk = self._desk
        if len(desk.session.known.approvals.rows) < LONG_LIST:
            return self._filter_by(text, before)
        self._typed = text
        desk.stage.later(PAUSE_SECONDS, partial(self._filter_paused, text, before))
        try:
            desk.queue.check_filter(text)
        except FilterMistake as made:
            return Mistake(str(made), made.start, made.end)
        return None

    def _filter_paused(self, text: str, before: str) -> None:
        if self._typed == text:
            self._filter_by(text, before)

    def _filter_by(self, text: str, before: str) -> Mistake | None:
        """Filter as it is typed; while it has a mistake the list is as it was before."""
        desk, mistake = self._desk, None
        try:
            desk.queue.set_filter(text)
        except FilterMistake as made:
            mistake = Mistake(str(made), made.start, made.end)
            desk.queue.set_filter(before)
        desk.views.repaint()
        desk.table.rows_changed()
        desk.stage.frame_changed()
        return mistake
