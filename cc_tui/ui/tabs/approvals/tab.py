"""The Approvals tab: the views, the queue, the draft. It draws the state and turns actions into decisions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual.app import ComposeResult
from textual.containers import Container

from cc_tui.actions.action import Action, Where
from cc_tui.decisions.guard import Selected, Shown
from cc_tui.state.approvals.lists import ApprovalList
from cc_tui.state.approvals.rows import ApprovalRow, View
from cc_tui.state.signal import Ids
from cc_tui.ui.tabs.approvals.draft.pane import DraftPane
from cc_tui.ui.tabs.approvals.facts import QueueFacts
from cc_tui.ui.tabs.approvals.moves import QueueMoves
from cc_tui.ui.tabs.approvals.offers import offers
from cc_tui.ui.tabs.approvals.queue.empty import queue_clear_lines
from cc_tui.ui.tabs.approvals.queue.room import room_of
from cc_tui.ui.tabs.approvals.queue.rows import QueueRows, countdown_left
from cc_tui.ui.tabs.approvals.queue.views_bar import Rule, ViewsBar
from cc_tui.ui.tabs.approvals.showing import DraftShowing
from cc_tui.ui.tabs.approvals.triage import Triage
from cc_tui.ui.tabs.approvals.trouble.undelivered import ask_about
from cc_tui.ui.tabs.approvals.verbs import QueueVerbs
from cc_tui.ui.tabs.soon import Soon
from cc_tui.ui.tabs.tab import Stage, Tab
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.pane import Pane
from cc_tui.ui.widgets.shape import Shape, shape_of
from cc_tui.ui.widgets.table import Table

SETTLE_PREVIEW_SECONDS = 0.1
REDRAW_SECONDS = 0.1


class ApprovalsTab(Tab):
    """What waits for a person's word."""

    DEFAULT_CSS = """
    ApprovalsTab { layout: vertical; }
    ApprovalsTab #queue-body { layout: horizontal; height: 1fr; }
    ApprovalsTab #queue { width: 48; }
    ApprovalsTab #queue-divider { width: 1; height: 1fr; }
    ApprovalsTab.-narrow #queue-body { layout: vertical; }
    ApprovalsTab.-narrow #queue { width: 1fr; height: 7; }
    ApprovalsTab.-narrow #queue-divider { width: 1fr; height: 1; }
    ApprovalsTab.-narrow #views-rule, ApprovalsTab.-phone #views-rule { display: none; }
    ApprovalsTab.-phone #queue { width: 1fr; }
    ApprovalsTab.-phone #queue-divider, ApprovalsTab.-phone #draft { display: none; }
    ApprovalsTab.-phone.-item #queue, ApprovalsTab.-phone.-item #views { display: none; }
    ApprovalsTab.-phone.-item #draft { display: block; }
    ApprovalsTab.-empty #queue-divider, ApprovalsTab.-empty #draft { display: none; }
    """

    def __init__(self, stage: Stage, triage: Triage) -> None:
        super().__init__(id="approvals")
        self.stage = stage
        self.session = stage.session
        self.triage = triage
        self.view = View.PENDING
        self.shape = Shape.WIDE
        self.selection = 0
        self.is_item_open = False
        self.is_diff_open = False
        self.is_preview_focused = False
        store = self.session.known.approvals
        self.sources = {
            view: QueueRows(store, shown, stage.look, self.session.server_now, self._clear_lines)
            for view, shown in self.session.lists.items()
        }
        self.table = Table(stage.look, self.sources[self.view], id="queue")
        self.pane = DraftPane(stage.look)
        self.facts = QueueFacts(self.session, stage.look)
        self.draft = DraftShowing(self.pane, self.facts, stage.look)
        self.rule = Rule(stage.look, id="views-rule", crossing=lambda: self.table.size.width)
        self.views = ViewsBar(stage.look, lambda: self.facts.of_views(self.view, self.queue))
        self.verbs = QueueVerbs(self)
        self.moves = QueueMoves(self, self.verbs)
        self._room = (120, 40)
        self._shares: tuple[int | str, int | str] = ("", "")
        self._moved_at = float("-inf")
        self.is_settling = False
        self._changed: set[str] = set()
        self._soon = Soon(self, REDRAW_SECONDS, self._redraw, at_once=True)

    def compose(self) -> ComposeResult:
        """Views, hairline, queue, divider, draft."""
        look = self.stage.look
        yield self.views
        yield self.rule
        with Container(id="queue-body"):
            yield self.table
            yield Rule(look, id="queue-divider")
            yield self.pane

    def on_mount(self) -> None:
        """Follow the store."""
        known = self.session.known
        for view, shown in self.session.lists.items():
            shown.changed.subscribe(partial(self._list_changed, view))
        known.approvals.changed.subscribe(lambda _ids: self._soon.ask())
        known.approvals.whole_changed.subscribe(self._whole_changed)
        known.link.changed.subscribe(lambda _link: self._link_changed())
        known.identity.changed.subscribe(lambda _none: self._link_changed())
        self.session.outcomes.came_back.subscribe(self._came_back)

    # What the app asks

    def places(self) -> Sequence[Where]:
        """A line of choices takes all keys; else approvals, lists, everywhere."""
        match self.pane.choice_name:
            case "reason":
                return (Where.REASON,)
            case "risk":
                return (Where.RISK,)
            case "settle":
                return (Where.SETTLE,)
            case _:
                return (Where.APPROVALS, Where.LISTS, Where.EVERYWHERE)

    def offers(self, action: Action) -> bool:
        """What is of use here and now."""
        return offers(self, self.verbs, action)

    def act(self, action: Action, key: str) -> bool:
        """Moves, or verbs."""
        return self.moves.act(action, key) or self.verbs.act(action, key)

    def why_not(self, action: Action) -> str | None:
        """Why a verb can't be used on the selected row."""
        return self.verbs.why_not(action)

    def back(self) -> bool:
        """Take away one layer: choices, diff, item screen, filter, marks."""
        return self.moves.back()

    def selected(self) -> Selected | None:
        """The row under the cursor, as the guard knows it; None where the list alone is on screen."""
        row = self.row
        if row is None or (self.shape is Shape.PHONE and not self.is_item_open):
            return None
        line = self.pane.choice_name
        return Selected(row.id, row.version, self.selection, line)

    def reveal_line(self, place: int) -> None:
        """A line of the draft that the guard missed."""
        self.pane.reveal(place)

    def look_first(self) -> None:
        """On a phone the list opens the draft."""
        self.open_item()

    def shown(self) -> Shown | None:
        """What was painted of the selected draft."""
        selected = self.selected()
        if selected is None or self.is_settling or self.is_diff_open or self.session.known.approvals.whole(
            selected.item_id) is None:  # fmt: skip
            return None
        return self.pane.shown(selected)

    def has_marks(self) -> bool:
        """Whether a decision acts on marks."""
        return bool(self.queue.marks) and self.pane.choice_name != "risk"

    def inner_title(self) -> tuple[str, str] | None:
        """On a phone, the item's place."""
        if self.shape is not Shape.PHONE or not self.is_item_open:
            return None
        return "5 Approvals", f"{self.table.cursor + 1} of {self.sources[self.view].count()}"

    def typed_letter(self, key: str) -> bool:
        """The letter after `s`."""
        return self.moves.typed_letter(key)

    def letters(self) -> Sequence[tuple[str, str]]:
        """The letters that sorting waits for."""
        return self.moves.letters()

    def tick(self) -> None:
        """A second has passed: countdowns run; ages are looked at every ten seconds, the draft's every minute."""
        now = self.session.server_now()
        rows = self.session.known.approvals.rows
        shown = [rows[key] for key in self.table.visible_keys if key in rows]
        is_tenth, is_minute = int(now) % 10 == 0, int(now) % 60 == 0
        if is_tenth or any(countdown_left(row, now) for row in shown):
            self.table.repaint()
        if is_tenth:
            self.views.repaint()
        row = self.row
        if row is not None and (countdown_left(row, now) or (is_minute and not row.is_decided)):
            self.refresh_draft()

    def reveal(self) -> None:
        """The tab is shown: catch up."""
        self.table.rows_changed()
        self.views.repaint()
        self.refresh_draft()

    def shown_again(self) -> None:
        """The draft is selected anew: its hold begins once it is on the screen again."""
        self.selection += 1
        self.call_after_refresh(self.refresh_draft)

    def reshape(self, width: int, height: int) -> None:
        """Side by side, one over the other, or one at a time."""
        if shape_of(width) is not self.shape:
            self.focus_preview(is_focused=False)
            if self.pane.choice_name is not None:
                self.verbs.leave_choice()
        self.shape = shape_of(width)
        for source in self.sources.values():
            source.reshape(self.shape)
        self.set_class(self.shape is Shape.NARROW, "-narrow")
        self.set_class(self.shape is Shape.PHONE, "-phone")
        self.set_class(self.shape is Shape.PHONE and self.is_item_open, "-item")
        self._room = (width, height)
        self._fit()
        self.draft.forget()
        self.call_after_refresh(self.reveal)

    def _fit(self) -> None:
        """Share the room between queue and draft; an empty queue has all of it."""
        is_empty = self.sources[self.view].is_told_empty
        self.set_class(is_empty, "-empty")
        room = room_of(self.shape, *self._room)
        across = room.columns if self.shape is Shape.WIDE and not is_empty else "1fr"
        down = room.rows if room.rows is not None and not is_empty else "1fr"
        if (across, down) != self._shares:
            self._shares = (across, down)
            self.table.styles.width, self.table.styles.height = across, down
            self.call_after_refresh(self.rule.repaint)

    # What others here ask

    @property
    def queue(self) -> ApprovalList:
        """The list of the view that is shown."""
        return self.session.lists[self.view]

    @property
    def row(self) -> ApprovalRow | None:
        """The row under the cursor."""
        key = self.table.cursor_key
        return self.session.known.approvals.rows.get(key) if key is not None else None

    def show_view(self, view: View) -> None:
        """Show another view, settled."""
        if self.session.backstage is not None:
            self.session.backstage.sync.want_view(view)
        self.queue.settle()
        self.view = view
        self.table.source = self.sources[view]
        self.queue.settle()
        self._fit()
        self.table.go(0)
        self.views.repaint()
        self.select_anew()
        self.stage.frame_changed()

    def select_anew(self) -> None:
        """Another row, or the same one again, is selected: what was held before does not count."""
        self.focus_preview(is_focused=False)
        self.selection += 1
        self.is_diff_open = False
        self.refresh_draft()
        self._watch_items(is_moved=True)

    def open_item(self) -> None:
        """A decision that did not go through: what to do about it. On a phone: the draft in place of the list."""
        if ask_about(self.stage, self.row):
            return
        if self.shape is Shape.PHONE and self.row is not None:
            self.is_item_open = True
            self.set_class(True, "-item")
            self.selection += 1
            self.draft.forget()
            self.stage.frame_changed()
            self.call_after_refresh(self.refresh_draft)

    def close_item(self) -> None:
        """Back to the list."""
        self.is_item_open = False
        self.set_class(False, "-item")
        self.stage.frame_changed()
        self.call_after_refresh(self.table.repaint)

    def focus_preview(self, *, is_focused: bool) -> None:
        """Give the keys that move to the draft, or back to the list; the list's cursor says which."""
        if is_focused is self.is_preview_focused:
            return
        self.is_preview_focused = is_focused
        self.table.is_focused_pane = not is_focused
        self.table.repaint()
        if is_focused:
            words = "j k scroll the draft; tab or esc goes back to the list"
            self.session.say(words, strong=("j", "k", "tab", "esc"))

    def refresh_draft(self) -> None:
        """Draw the selected draft, where there is room for it and no line of choices belongs to it."""
        if not self.pane.is_mounted or not self.pane.is_laid_out or self.verbs.leave_stale_choice():
            return
        self.draft.show(self.row, self.selection, self.shape, is_diff_open=self.is_diff_open)
        if self.row is not None:
            self.stage.look_again()

    # Following the state

    def on_table_moved(self, event: Table.Moved) -> None:
        """The cursor stands on another row: show it as soon as that is painted, or when a held key rests."""
        event.stop()
        now = self.session.clock.monotonic()
        quick = now - self._moved_at < SETTLE_PREVIEW_SECONDS
        self._moved_at = now
        self.selection += 1
        self.is_diff_open = False
        self.is_settling = True
        self.verbs.leave_stale_choice()
        if quick:
            self.set_timer(SETTLE_PREVIEW_SECONDS, self._preview_settled)
        else:
            self.call_after_refresh(self._show_preview)
        self.stage.frame_changed()

    def on_pane_resized(self, event: Pane.Resized) -> None:
        """The draft has another room: wrap it anew."""
        event.stop()
        self.draft.forget()
        self.refresh_draft()

    def _show_preview(self) -> None:
        if self.is_settling:
            self.is_settling = False
            self.select_anew()

    def on_table_opened(self, event: Table.Opened) -> None:
        """Enter, or a second click."""
        event.stop()
        self.open_item()

    def on_views_bar_chosen(self, event: ViewsBar.Chosen) -> None:
        """A click on a view."""
        event.stop()
        self.show_view(event.view)

    def _preview_settled(self) -> None:
        rested = self.session.clock.monotonic() - self._moved_at >= SETTLE_PREVIEW_SECONDS * 0.9
        if self.is_settling and rested:
            self.is_settling = False
            self.select_anew()

    def _list_changed(self, view: View, ids: Ids) -> None:
        if view is self.view:
            self._changed |= ids
            self._soon.ask()

    def _redraw(self) -> None:
        """Draw what changed since the last time: at once, but at most ten times a second."""
        ids, self._changed = self._changed, set()
        if not self.table.is_mounted:
            return
        before = self.table.cursor_key
        self._fit()
        self.views.repaint()
        self.table.rows_changed(frozenset(ids))
        self.verbs.leave_stale_choice()
        if self.table.cursor_key is not None and (self.table.cursor_key in ids or before != self.table.cursor_key):
            self.refresh_draft()
            self._watch_items(is_moved=before != self.table.cursor_key)
        elif self.draft.is_blank and self.table.cursor_key is not None:
            self.select_anew()

    def _whole_changed(self, approval_id: str) -> None:
        if approval_id == self.table.cursor_key:
            self.refresh_draft()
            self._watch_items()

    def _came_back(self, approval_id: str) -> None:
        """A decision was taken back: the cursor returns to it."""
        if self.view is View.PENDING and self.table.select(approval_id):
            self.select_anew()

    def _link_changed(self) -> None:
        """What the draft says of the link may differ; a draft that was selected without one is fetched now."""
        self.refresh_draft()
        self._watch_items()

    def _watch_items(self, *, is_moved: bool = False) -> None:
        """The item under the cursor and its neighbours are wanted whole."""
        if self.session.backstage is None or self.table.cursor_key is None:
            return
        source, at = self.sources[self.view], self.table.cursor
        near = [place for place in (at, at + 1, at + 2, at - 1) if 0 <= place < source.count()]
        self.session.backstage.sync.watch.items([source.key_at(place) for place in near], is_moved=is_moved)

    def _clear_lines(self) -> Sequence[Line]:
        width, height = self.table.size
        return queue_clear_lines(self.session, self.view, width, height, self.stage.look)
