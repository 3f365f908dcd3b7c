"""One agent, open in place of the list: its facts, its sections, its runs, and one of these whole.

Layers, outermost first: the agent, a run of it. `esc` takes them one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.widget import Widget

from cc_tui.ui.tabs.agents.detail import SECTIONS, DetailDrawing
from cc_tui.ui.tabs.agents.log import Level, ShownLog
from cc_tui.ui.tabs.facts import waiting_lines
from cc_tui.ui.tabs.runs import RunRows, run_lines, short_id
from cc_tui.ui.tabs.sorting import SortAsk
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.drawn import Drawn
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.pane import Pane
from cc_tui.ui.widgets.shape import Shape, margin_of
from cc_tui.ui.widgets.table import Table

if TYPE_CHECKING:
    from cc_api_client.models.work.runs import Run
    from cc_tui.ui.tabs.tab import Stage


class AgentScreen:
    """What is shown of the agent that is open, and its widgets.

    Args:
        stage: the app.
        width: the tab's, in cells; 0 while it has none.
        level: the least that is shown of a log.
        changed: told when something was opened, left or turned.
    """

    def __init__(
        self, stage: Stage, width: Callable[[], int], level: Callable[[], Level], changed: Callable[[], None]
    ) -> None:
        self._session = stage.session
        self._width = width
        self._level = level
        self._tell = changed
        self._look = look = stage.look
        self.agent_id: str | None = None
        self.run_id: str | None = None
        self._section = 0
        self.head = Drawn(look, self._head_lines, id="agent-head")
        self.body = Pane(look, id="agent-body")
        self.rows = RunRows(look, self._runs, self._session.server_now, self._no_runs, of_one_agent=True)
        self.table = Table(look, self.rows, id="agent-runs")
        self.sort_ask = SortAsk(self._session, self.rows.sorting.letters, self._sort_by)

    @property
    def widgets(self) -> Sequence[Widget]:
        """For the tab's compose."""
        return self.head, self.table, self.body

    @property
    def is_open(self) -> bool:
        """Whether an agent is open."""
        return self.agent_id is not None

    @property
    def section(self) -> str:
        """The section that is shown."""
        return SECTIONS[self._section]

    @property
    def is_log(self) -> bool:
        """Whether its log is what is shown."""
        return self.is_open and self.run_id is None and self.section == "log"

    @property
    def is_list(self) -> bool:
        """Whether the keys of a list move a cursor here."""
        return self.is_open and self.run_id is None and self.section == "runs"

    @property
    def title(self) -> str:
        """For the narrow title."""
        return f"run {short_id(self.run_id)}" if self.run_id is not None else f"{self.agent_id}, {self.section}"

    # Opening and leaving

    def open(self, agent_id: str) -> None:
        """Open an agent at its runs."""
        self.agent_id, self.run_id, self._section = agent_id, None, 0
        if self._session.backstage is not None:
            self._session.backstage.sync.watch.agent(agent_id)
        self._changed()

    def back(self) -> bool:
        """Leave the run, or else the agent; False when none is open."""
        if self.run_id is not None:
            self.open_run(None)
        elif self.is_open:
            self.agent_id = None
            if self._session.backstage is not None:
                self._session.backstage.sync.watch.agent(None)
            self._changed()
        else:
            return False
        return True

    def open_run(self, run_id: str | None) -> None:
        """Open one of its runs, or close the one that is open."""
        self.run_id = run_id
        self.body.top = 0
        if self._session.backstage is not None:
            self._session.backstage.sync.watch.run(run_id)
        self._changed()

    def turn(self, step: int) -> None:
        """Another section; in an open run there is none."""
        if self.run_id is None:
            self._section = (self._section + step) % len(SECTIONS)
            self.body.top = 0
            self._changed()

    def follow(self, *, follows: bool) -> None:
        """Go on with new lines of the log, or stand still."""
        self.body.follows = follows
        self.show()

    def _changed(self) -> None:
        self.body.follows = self.is_log
        self._tell()

    # Moving

    def move(self, step: int) -> None:
        """Move the cursor over the runs, or scroll."""
        if self.is_list:
            self.table.move(step)
            return
        if step < 0 and self.body.follows:
            self.follow(follows=False)
        self.body.scroll(step)

    def go_end(self, direction: int) -> None:
        """To the first or the last row or line."""
        if self.is_list:
            self.table.go(0 if direction < 0 else self.rows.count() - 1)
        else:
            self.move(direction * max(1, len(self.body.lines)))

    def _sort_by(self, word: str) -> bool:
        is_turned = self.rows.sorting.choose(word)
        self.table.go(0)
        return is_turned

    # Drawing

    def reshape(self, shape: Shape) -> None:
        """Another size."""
        self.rows.reshape(shape)

    def show(self) -> None:
        """Draw what is open."""
        if self.run_id is not None:
            self._show_run(self.run_id)
            return
        drawing = self._drawing()
        if drawing is None:
            return
        self.head.styles.height = len(drawing.head(self.section))
        self.head.repaint()
        if self.is_list:
            self.table.rows_changed()
        else:
            self.body.show(drawing.body(self.section))

    def _show_run(self, run_id: str) -> None:
        run = self._session.known.dashboard.runs.get(run_id) or self.rows.run_of(run_id)
        width = self.body.size.width
        if run is None or not width:
            self.body.show([Line().add("  loading", Token.DIM)])
        else:
            self.body.show(run_lines(run, width, self._look))

    def _head_lines(self, width: int, height: int) -> Sequence[Line]:
        del width, height
        drawing = self._drawing()
        return drawing.head(self.section) if drawing is not None else []

    def _drawing(self) -> DetailDrawing | None:
        store, width = self._session.known.agents, self._width()
        agent = store.agents.get(self.agent_id or "")
        if agent is None or not width:
            return None
        log = ShownLog(store.logs.get(agent.id), self._level(), self.body.follows)
        return DetailDrawing(agent, store.details.get(agent.id), log, self._session.server_now(), width, self._look)

    def _runs(self) -> Sequence[Run]:
        return self._session.known.agents.runs.get(self.agent_id or "") or ()

    def _no_runs(self, width: int, height: int) -> Sequence[Line]:
        store = self._session.known.agents
        margin = " " * margin_of(width)
        if self.agent_id in store.runs:
            return [Line().add(margin).add("no runs yet", Token.DIM)]
        if store.load.error is not None:
            return waiting_lines(store.load, "runs", width, height, self._look)
        return [Line().add(margin).add("loading", Token.DIM)]
