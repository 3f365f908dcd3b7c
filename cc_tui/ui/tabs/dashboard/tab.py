"""The Dashboard tab: the figures above, the newest runs below; a run opens in their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from cc_tui.actions.action import Action, Where
from cc_tui.text.safe import without_hidden
from cc_tui.ui.frame.facts import as_of
from cc_tui.ui.tabs.dashboard.figures import CHARTS, FiguresFacts, figures_lines
from cc_tui.ui.tabs.facts import waiting_lines
from cc_tui.ui.tabs.runs import RunRows, run_lines, short_id
from cc_tui.ui.tabs.soon import Soon
from cc_tui.ui.tabs.sorting import SortAsk
from cc_tui.ui.tabs.tab import Stage, Tab
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.drawn import Drawn
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.pane import Pane
from cc_tui.ui.widgets.shape import Shape, shape_of
from cc_tui.ui.widgets.table import Table

if TYPE_CHECKING:
    from cc_api_client.models.work.runs import Run

REDRAW_SECONDS = 0.5
AIRY_FROM_ROWS = 30
_AIRY, _DENSE, _PHONE = 18, 13, 13


class DashboardTab(Tab):
    """What waits, what is wrong, how the business does."""

    DEFAULT_CSS = """
    DashboardTab { layout: vertical; }
    DashboardTab #figures { height: 18; }
    DashboardTab #run { display: none; }
    DashboardTab.-run #figures, DashboardTab.-run #runs { display: none; }
    DashboardTab.-run #run { display: block; }
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(id="dashboard")
        self.stage = stage
        self._session = stage.session
        self._shape = Shape.WIDE
        self._is_airy = True
        self._chart = 0
        self._open_run: str | None = None
        self.figures = Drawn(stage.look, self._figures_lines, id="figures")
        self.rows = RunRows(stage.look, self._runs, self._session.server_now, self._no_runs)
        self.table = Table(stage.look, self.rows, id="runs")
        self.pane = Pane(stage.look, id="run")
        self._sort_ask = SortAsk(self._session, self.rows.sorting.letters, self._sort_by)
        self._soon = Soon(self, REDRAW_SECONDS, self.reveal)
        self._acts: dict[str, Callable[[], None]] = {
            "list.down": lambda: self._move(1),
            "list.up": lambda: self._move(-1),
            "list.top": lambda: self._go(0),
            "list.bottom": lambda: self._go(self.rows.count() - 1),
            "list.half_down": lambda: self._move_half(1),
            "list.half_up": lambda: self._move_half(-1),
            "list.next_view": lambda: self._turn(1),
            "list.previous_view": lambda: self._turn(-1),
            "list.open": self._open,
            "list.sort": self._sort,
            "list.copy": self._copy,
        }

    def compose(self) -> ComposeResult:
        """Figures, runs, and the pane that a run opens in."""
        yield self.figures
        yield self.table
        yield self.pane

    def on_mount(self) -> None:
        """Follow the figures."""
        known = self._session.known
        known.dashboard.changed.subscribe(lambda _none: self._soon.ask())
        known.agents.changed.subscribe(lambda _ids: self._soon.ask())
        known.link.changed.subscribe(lambda _link: self._soon.ask())
        known.dashboard.run_changed.subscribe(lambda _run: self._soon.ask())

    def places(self) -> Sequence[Where]:
        """Lists, everywhere."""
        return (Where.LISTS, Where.EVERYWHERE)

    def offers(self, action: Action) -> bool:
        """What its list can do; an open run can only be copied and left."""
        if action.where is not Where.LISTS:
            return True
        if not self.rows.count() and action.id != "list.next_view":
            return False
        if action.id == "list.next_view":
            return self._shape is Shape.PHONE and self._open_run is None
        return action.id in self._acts and (self._open_run is None or action.id == "list.copy")

    def why_not(self, action: Action) -> str | None:
        """What this list has not."""
        known = action.where is not Where.LISTS or action.id in self._acts or action.id == "list.back"
        return None if known else "not on the dashboard"

    def typed_letter(self, key: str) -> bool:
        """The letter after `s`."""
        return self._sort_ask.typed(key)

    def letters(self) -> Sequence[tuple[str, str]]:
        """The letters that sorting waits for."""
        return self._sort_ask.choices

    def act(self, action: Action, key: str) -> bool:
        """Move, open, copy."""
        del key
        act = self._acts.get(action.id)
        if act is not None:
            act()
        return act is not None

    def back(self) -> bool:
        """Close the run that is open."""
        if self._open_run is None:
            return False
        self._open_run = None
        self.set_class(False, "-run")
        if self._session.backstage is not None:
            self._session.backstage.sync.watch.run(None)
        self.stage.frame_changed()
        self.call_after_refresh(self.reveal)
        return True

    def inner_title(self) -> tuple[str, str] | None:
        """The run that is open."""
        return ("1 Dashboard", f"run {short_id(self._open_run)}") if self._open_run is not None else None

    def tick(self) -> None:
        """Ages change."""
        if self._open_run is None:
            self.figures.repaint()
            self.table.repaint()

    def reveal(self) -> None:
        """Catch up."""
        if self._open_run is not None:
            self._show_run()
            return
        if self._shape is Shape.PHONE and self.size.width:
            self.figures.styles.height = len(self._figures_lines(self.size.width, 0))
        self.figures.repaint()
        self.table.rows_changed()

    def reshape(self, width: int, height: int) -> None:
        """Another size."""
        self._shape = shape_of(width)
        self._is_airy = self._shape is Shape.WIDE and height >= AIRY_FROM_ROWS
        self.rows.reshape(self._shape)
        self.figures.styles.height = _PHONE if self._shape is Shape.PHONE else _AIRY if self._is_airy else _DENSE
        self.call_after_refresh(self.reveal)

    def on_table_opened(self, event: Table.Opened) -> None:
        """Open a run."""
        event.stop()
        self._open_run = event.key
        self.set_class(True, "-run")
        if self._session.backstage is not None:
            self._session.backstage.sync.watch.run(event.key)
        self.stage.frame_changed()
        self.call_after_refresh(self._show_run)

    def on_table_moved(self, event: Table.Moved) -> None:
        """Nothing follows the cursor here."""
        event.stop()

    def on_pane_resized(self, event: Pane.Resized) -> None:
        """An open run has another room."""
        event.stop()
        self.reveal()

    def _show_run(self) -> None:
        known = self._session.known.dashboard
        run = known.runs.get(self._open_run or "") or self.rows.run_of(self._open_run)
        width = self.pane.size.width
        if run is None or not width:
            self.pane.show([Line().add("  loading", Token.DIM)], from_top=True)
            return
        self.pane.show(run_lines(run, width, self.stage.look))

    def _runs(self) -> Sequence[Run]:
        stats = self._session.known.dashboard.stats
        return stats.recent_runs if stats is not None else ()

    def _no_runs(self, width: int, height: int) -> Sequence[Line]:
        load, look = self._session.known.dashboard.load, self.stage.look
        what = "runs" if load.has_rows else "figures"
        return waiting_lines(load, what, width, height, look, about="what agents do stands here")

    def _figures_lines(self, width: int, height: int) -> Sequence[Line]:
        known = self._session.known
        if known.dashboard.stats is None:
            return [Line()] * (height // 2)
        facts = FiguresFacts(
            known.dashboard.stats,
            self._session.server_now(),
            self._session.top_spender(),
            CHARTS[self._chart],
            as_of(self._session),
        )
        return figures_lines(facts, width, self._shape, self.stage.look, airy=self._is_airy)

    def _move(self, step: int) -> None:
        if self._open_run is not None:
            self.pane.scroll(step)
        else:
            self.table.move(step)

    def _move_half(self, direction: int) -> None:
        if self._open_run is not None:
            self.pane.scroll(direction * max(1, self.pane.size.height // 2))
        else:
            self.table.move_half_page(direction)

    def _go(self, place: int) -> None:
        if self._open_run is None:
            self.table.go(place)

    def _turn(self, step: int) -> None:
        """Below 80 columns there is room for one chart."""
        if self._shape is Shape.PHONE and self._open_run is None:
            self._chart = (self._chart + step) % len(CHARTS)
            self.figures.repaint()

    def _open(self) -> None:
        if self._open_run is None:
            self.table.open()

    def _sort(self) -> None:
        if self._open_run is None:
            self._sort_ask.ask()

    def _sort_by(self, word: str) -> bool:
        is_turned = self.rows.sorting.choose(word)
        self.table.go(0)
        return is_turned

    def _copy(self) -> None:
        run = self.rows.run_of(self._open_run or self.table.cursor_key)
        if run is None:
            return
        text, _hidden = without_hidden(f"{run.id} {run.agent_name} {run.status} {run.error_message or ''}")
        self.app.copy_to_clipboard(text)
        self._session.say(f"copied run {short_id(run.id)}")
