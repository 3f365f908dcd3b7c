"""What moves, filters, sorts and marks in the queue: everything that decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    from cc_tui.ui.tabs.approvals.tab import ApprovalsTab

_LETTERS = {key.value[0]: key.value for key in SortKey}


class QueueMoves:
    """Carries out the list's actions on the tab."""

    def __init__(self, tab: ApprovalsTab) -> None:
        self._tab = tab
        self._sort = SortAsk(tab.session, _LETTERS, self._sort_by)
        self._acts: dict[str, Callable[[], None]] = {
            "list.down": lambda: self._move(1),
            "list.up": lambda: self._move(-1),
            "list.top": lambda: self._go_end(-1),
            "list.bottom": lambda: self._go_end(1),
            "list.half_down": lambda: self._move_half(1),
            "list.half_up": lambda: self._move_half(-1),
            "list.next_view": lambda: self._step_view(1),
            "list.previous_view": lambda: self._step_view(-1),
            "list.open": tab.open_item,
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
        tab = self._tab
        if tab.pane.choice_name is not None:
            tab.verbs.leave_choice()
        elif tab.is_diff_open:
            tab.is_diff_open = False
            tab.refresh_draft()
        elif tab.is_item_open:
            tab.close_item()
        elif tab.is_preview_focused:
            tab.focus_preview(is_focused=False)
        elif tab.queue.filter_text:
            tab.queue.set_filter("")
            tab.views.repaint()
        elif tab.queue.marks:
            tab.queue.unmark(set(tab.queue.marks))
            tab.views.repaint()
        else:
            return False
        return True

    @property
    def _reads(self) -> bool:
        """Whether the keys that move are for the draft."""
        return self._tab.is_item_open or self._tab.is_preview_focused

    def _move(self, step: int) -> None:
        if self._reads:
            self._scroll(step)
        else:
            self._tab.table.move(step)

    def _move_half(self, direction: int) -> None:
        if self._reads:
            self._scroll(direction * max(1, self._tab.pane.page // 2))
        else:
            self._tab.table.move_half_page(direction)

    def _go_end(self, direction: int) -> None:
        tab = self._tab
        if self._reads:
            self._scroll(direction * max(1, len(tab.pane.lines)))
        else:
            tab.table.go(0 if direction < 0 else tab.sources[tab.view].count() - 1)

    def _turn_to_preview(self) -> None:
        """On a phone the draft opens; elsewhere the keys that move go to it, or back to the list."""
        tab = self._tab
        if tab.shape is Shape.PHONE:
            tab.open_item()
        elif tab.row is not None:
            tab.focus_preview(is_focused=not tab.is_preview_focused)

    def _scroll(self, step: int) -> None:
        self._tab.pane.scroll(step)
        self._tab.stage.look_again()

    def _step_view(self, step: int) -> None:
        tab = self._tab
        if tab.is_item_open:
            tab.table.move(step)
            return
        views = list(View)
        place = views.index(tab.view) + step
        if 0 <= place < len(views):
            tab.show_view(views[place])

    def _sort_by(self, word: str) -> bool:
        self._tab.queue.set_sort(SortKey(word))
        return self._tab.queue.reversed

    def _mark(self) -> None:
        tab = self._tab
        if tab.row is None or tab.verbs.why_row_not() is not None:
            tab.session.say("only what waits can be marked")
            return
        tab.queue.mark([tab.row.id])
        tab.views.repaint()
        if not tab.is_item_open:
            tab.table.move(1)
        tab.stage.frame_changed()

    def _mark_shown(self) -> None:
        tab = self._tab
        count = tab.queue.mark_shown()
        tab.views.repaint()
        words = f"marked the {count} that the filter shows" if tab.queue.filter_text else f"marked all {count} shown"
        hidden = tab.queue.marked_not_shown
        if hidden:
            words += f"; {hidden} more marked are not shown"
        told = words if count else "nothing here waits, so nothing is marked"
        tab.session.say(told, Level.NOTE, (str(count),), short=f"{count} marked, {hidden} more not shown")
        tab.stage.frame_changed()

    def _show_new(self) -> None:
        self._tab.queue.settle()

    def _copy(self) -> None:
        tab = self._tab
        if tab.row is None:
            return
        whole = tab.session.known.approvals.whole(tab.row.id)
        body = whole.body or "" if whole is not None else ""
        text, hidden = without_hidden(f"To: {tab.row.to_email}\nSubject: {tab.row.subject}\n\n{body}")
        tab.app.copy_to_clipboard(text)
        left_out = f", {hidden} hidden characters left out" if hidden else ""
        tab.session.say(f"copied {tab.row.to_email}{left_out}", Level.NOTE, (tab.row.to_email,))

    def _filter(self) -> None:
        tab = self._tab
        before = tab.queue.filter_text
        tab.stage.ask(
            Question(
                label="/", initial=before, verb="keep the filter", taken=self._take_filter, changed=self._filter_by,
                left=lambda: self._take_filter(before),
            )
        )  # fmt: skip

    def _take_filter(self, text: str) -> None:
        """Enter: a filter with a mistake is not taken, and says so."""
        mistake = self._filter_by(text)
        if mistake is not None:
            self._tab.session.say(f"not filtered: {mistake.sentence}", Level.WARN)

    def _filter_by(self, text: str) -> Mistake | None:
        """Filter as it is typed; while it has a mistake the list stays as it was."""
        tab = self._tab
        try:
            tab.queue.set_filter(text)
        except FilterMistake as mistake:
            return Mistake(str(mistake), mistake.start, mistake.end)
        tab.views.repaint()
        tab.table.rows_changed()
        tab.stage.frame_changed()
        return None
