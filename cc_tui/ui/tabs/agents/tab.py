"""The Agents tab: the list, three charts, the log of the agent under the cursor; one agent opens in their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from cc_tui.actions.action import Action, Where
from cc_tui.text.safe import without_hidden
from cc_tui.ui.tabs.agents.charts import CHARTS, ChartFacts, chart_lines, counts_line
from cc_tui.ui.tabs.agents.commands import AgentCommands
from cc_tui.ui.tabs.agents.detail import SECTIONS, DetailDrawing
from cc_tui.ui.tabs.agents.log import Level, heading, log_lines
from cc_tui.ui.tabs.agents.rows import AgentRows
from cc_tui.ui.tabs.facts import waiting_lines
from cc_tui.ui.tabs.soon import Soon
from cc_tui.ui.tabs.tab import Stage, Tab
from cc_tui.ui.themes.tokens import Token
from cc_tui.ui.widgets.drawn import Drawn
from cc_tui.ui.widgets.line import Line
from cc_tui.ui.widgets.pane import Pane
from cc_tui.ui.widgets.shape import Shape, shape_of
from cc_tui.ui.widgets.table import Table

if TYPE_CHECKING:
    from cc_api_client.models.agents import Agent

REDRAW_SECONDS = 0.25
LOG_SECONDS = 0.5
AIRY_FROM_ROWS = 30


class AgentsTab(Tab):
    """Who works, at what price, and why one does not."""

    DEFAULT_CSS = """
    AgentsTab { layout: vertical; }
    AgentsTab #agents-counts { height: 2; }
    AgentsTab #agents-charts { height: 9; }
    AgentsTab #log-heading { height: 1; }
    AgentsTab #agent-head, AgentsTab #agent-body { display: none; }
    AgentsTab.-log #agents-counts, AgentsTab.-log #agents-list, AgentsTab.-log #agents-charts { display: none; }
    AgentsTab.-detail > * { display: none; }
    AgentsTab.-detail #agent-head, AgentsTab.-detail #agent-body { display: block; }
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(id="agents")
        self.stage = stage
        self.session = stage.session
        self._shape = Shape.WIDE
        self._height = 40
        self._chart = 0
        self._section = 0
        self._level = Level.INFO
        self._detail_of: str | None = None
        look = stage.look
        self.counts = Drawn(look, self._counts_lines, id="agents-counts")
        self.rows = AgentRows(look, self._agents, self.session.server_now, self._no_agents)
        self.table = Table(look, self.rows, id="agents-list")
        self.charts = Drawn(look, self._chart_lines, id="agents-charts")
        self.log_heading = Drawn(look, self._heading_lines, id="log-heading")
        self.log_pane = Pane(look, id="log")
        self.log_pane.follows = True
        self.head = Drawn(look, self._head_lines, id="agent-head")
        self.body = Pane(look, id="agent-body")
        self._commands = AgentCommands(self)
        self._soon = Soon(self, REDRAW_SECONDS, self.reveal)
        self._log_soon = Soon(self, LOG_SECONDS, self._show_log)
        self._acts = self._make_acts()

    def compose(self) -> ComposeResult:
        """Counts, list, charts, log; head and body of one agent."""
        yield from (self.counts, self.table, self.charts, self.log_heading, self.log_pane, self.head, self.body)

    def on_mount(self) -> None:
        """Follow the agents."""
        known = self.session.known
        known.agents.changed.subscribe(lambda _ids: self._soon.ask())
        known.dashboard.changed.subscribe(lambda _none: self._soon.ask())
        known.link.changed.subscribe(lambda _link: self._soon.ask())
        known.agents.detail_changed.subscribe(lambda _id: self._soon.ask())
        known.agents.log_changed.subscribe(lambda agent_id: self._log_soon.ask() if agent_id == self.agent_id else None)

    # What the app asks

    def places(self) -> Sequence[Where]:
        """Logs, agents, lists, everywhere; in a log or a detail `l` and `h` belong to the list's keys."""
        if self._detail_of is not None or self.is_log_open:
            return (Where.LOGS, Where.LISTS, Where.AGENTS, Where.EVERYWHERE)
        return (Where.LOGS, Where.AGENTS, Where.LISTS, Where.EVERYWHERE)

    def offers(self, action: Action) -> bool:
        """What it can do here; a log's keys stand in its heading."""
        if action.where is Where.LOGS:
            return False
        return action.where is not Where.LISTS or action.id in self._acts

    def why_not(self, action: Action) -> str | None:
        """What this list has not, or why a command can't be used on this agent."""
        if action.where is Where.LISTS and action.id not in self._acts and action.id != "list.back":
            return "not among the agents"
        return self._commands.why_not(action)

    def act(self, action: Action, key: str) -> bool:
        """Move, open, turn, command."""
        del key
        act = self._acts.get(action.id)
        if act is not None:
            act()
        return act is not None

    def back(self) -> bool:
        """One layer less: detail, log."""
        if self._detail_of is not None:
            self._open_detail(None)
        elif self.is_log_open:
            self._open_log(is_open=False)
        else:
            return False
        return True

    def inner_title(self) -> tuple[str, str] | None:
        """The agent that is open."""
        if self._detail_of is None:
            return None
        return "3 Agents", f"{self._detail_of}, {SECTIONS[self._section]}"

    def tick(self) -> None:
        """Ages change; only what differs is painted."""
        if self._detail_of is None and not self.is_log_open:
            self.table.repaint()

    def reveal(self) -> None:
        """Catch up."""
        if self._detail_of is not None:
            self._show_detail()
            return
        self._fit_heights()
        self.counts.repaint()
        self.table.rows_changed()
        self.charts.repaint()
        self._watch_log()
        self._show_log()

    def reshape(self, width: int, height: int) -> None:
        """Another size."""
        self._shape, self._height = shape_of(width), height
        self.rows.reshape(self._shape)
        self._fit_heights()
        self.call_after_refresh(self.reveal)

    # What others here ask

    @property
    def agent_id(self) -> str | None:
        """The agent under the cursor, or the one that is open."""
        return self._detail_of or self.table.cursor_key

    @property
    def agent(self) -> Agent | None:
        """It, as the server has it."""
        return self.session.known.agents.agents.get(self.agent_id or "")

    @property
    def is_log_open(self) -> bool:
        """Whether the log fills the tab."""
        return self.has_class("-log")

    # Following

    def on_table_moved(self, event: Table.Moved) -> None:
        """Another agent: its log."""
        event.stop()
        self._watch_log()
        self._show_log()
        self.stage.frame_changed()

    def on_table_opened(self, event: Table.Opened) -> None:
        """Enter, or a second click."""
        event.stop()
        self._open_detail(event.key)

    def _watch_log(self) -> None:
        if self.session.backstage is not None and self.agent_id is not None:
            self.session.backstage.sync.watch.log_of(self.agent_id)

    def _open_detail(self, agent_id: str | None) -> None:
        self._detail_of, self._section = agent_id, 0
        self.set_class(agent_id is not None, "-detail")
        if self.session.backstage is not None:
            self.session.backstage.sync.watch.agent(agent_id)
        self.stage.frame_changed()
        self.call_after_refresh(self.reveal)

    def _open_log(self, *, is_open: bool) -> None:
        self.set_class(is_open, "-log")
        self.stage.frame_changed()
        self.call_after_refresh(self.reveal)

    # Drawing

    def _fit_heights(self) -> None:
        """The list is as high as it has rows; charts and counts have what is left over the log."""
        is_airy = self._height >= AIRY_FROM_ROWS and self._shape is Shape.WIDE
        rows = max(1, self.rows.count()) * self.rows.row_height + (0 if self._shape is Shape.PHONE else 1)
        most = max(4, self._height // 2 - 2)
        self.counts.styles.height = 2 if is_airy else 1
        self.table.styles.height = min(rows, most) + (1 if is_airy else 0)
        self.charts.styles.height = 9 if is_airy else 5

    def _show_log(self) -> None:
        if self._detail_of is not None:
            if SECTIONS[self._section] == "log":
                self._show_detail()
            return
        self.log_heading.repaint()
        width = self.log_pane.size.width
        if not width or self.agent_id is None:
            return
        store = self.session.known.agents
        if self.agent_id not in store.logs:
            self.log_pane.show([Line(), Line().add("  loading", Token.DIM)])
            return
        lines = log_lines(store.logs[self.agent_id], self._level, width, self.stage.look)
        self.log_pane.show(lines)

    def _show_detail(self) -> None:
        drawing = self._drawing()
        if drawing is None:
            return
        self.head.styles.height = len(drawing.head(SECTIONS[self._section]))
        self.head.repaint()
        self.body.show(drawing.body(SECTIONS[self._section]))

    def _drawing(self) -> DetailDrawing | None:
        agent, store = self.agent, self.session.known.agents
        width = self.size.width
        if agent is None or not width:
            return None
        return DetailDrawing(
            agent, store.details.get(agent.id), store.runs.get(agent.id), list(store.logs.get(agent.id, ())),
            self.session.server_now(), width, self.stage.look,
        )  # fmt: skip

    def _agents(self) -> Sequence[Agent]:
        return list(self.session.known.agents.agents.values())

    def _chart_facts(self) -> ChartFacts:
        stats = self.session.known.dashboard.stats
        return ChartFacts(self._agents(), stats, self.session.server_now(), CHARTS[self._chart])

    def _counts_lines(self, width: int, height: int) -> Sequence[Line]:
        del height
        return [counts_line(self._chart_facts(), width, self.stage.look)] if self._agents() else []

    def _chart_lines(self, width: int, height: int) -> Sequence[Line]:
        if not self._agents():
            return []
        return chart_lines(self._chart_facts(), width, self._shape, self.stage.look, height)

    def _heading_lines(self, width: int, height: int) -> Sequence[Line]:
        del height
        if self.agent_id is None:
            return []
        follows, is_focused = self.log_pane.follows, self.is_log_open
        look = self.stage.look
        return [heading(self.agent_id, self._level, width, look, follows=follows, is_focused=is_focused)]

    def _head_lines(self, width: int, height: int) -> Sequence[Line]:
        del width, height
        drawing = self._drawing()
        return drawing.head(SECTIONS[self._section]) if drawing is not None else []

    def _no_agents(self, width: int, height: int) -> Sequence[Line]:
        return waiting_lines(self.session.known.agents.load, "agents", width, height, self.stage.look)

    # Acting

    def _make_acts(self) -> dict[str, Callable[[], None]]:
        return {
            "list.down": lambda: self._move(1),
            "list.up": lambda: self._move(-1),
            "list.top": lambda: self._go_end(-1),
            "list.bottom": lambda: self._go_end(1),
            "list.half_down": lambda: self._move(8),
            "list.half_up": lambda: self._move(-8),
            "list.next_view": lambda: self._turn(1),
            "list.previous_view": lambda: self._turn(-1),
            "list.open": self._open,
            "list.copy": self._copy,
            "agents.pause": self._commands.pause,
            "agents.resume": self._commands.resume,
            "agents.logs": lambda: self._open_log(is_open=not self.is_log_open),
            "agents.chart_left": lambda: self._turn(-1),
            "agents.chart_right": lambda: self._turn(1),
            "logs.follow": self._follow,
            "logs.level": self._next_level,
        }

    @property
    def _pane(self) -> Pane | None:
        """What scrolls instead of the list."""
        if self._detail_of is not None:
            return self.body
        return self.log_pane if self.is_log_open else None

    def _move(self, step: int) -> None:
        pane = self._pane
        if pane is None:
            self.table.move(step)
            return
        if pane is self.log_pane and step < 0:
            self.log_pane.follows = False
            self.log_heading.repaint()
        pane.scroll(step)

    def _go_end(self, direction: int) -> None:
        pane = self._pane
        if pane is None:
            self.table.go(0 if direction < 0 else self.rows.count() - 1)
        else:
            pane.scroll(direction * max(1, len(pane.lines)))

    def _turn(self, step: int) -> None:
        """Sections in a detail; one chart at a time below 80 columns; out of an open log."""
        if self._detail_of is not None:
            self._section = (self._section + step) % len(SECTIONS)
            self.body.top = 0
            if SECTIONS[self._section] == "log":
                self._watch_log()
            self._show_detail()
            self.stage.frame_changed()
        elif self.is_log_open:
            self._open_log(is_open=False)
        elif self._shape is Shape.PHONE:
            self._chart = (self._chart + step) % len(CHARTS)
            self.charts.repaint()

    def _open(self) -> None:
        if self._pane is None:
            self.table.open()

    def _follow(self) -> None:
        self.log_pane.follows = not self.log_pane.follows
        self._show_log()

    def _next_level(self) -> None:
        self._level = self._level.following()
        self._show_log()

    def _copy(self) -> None:
        agent = self.agent
        if agent is not None:
            text, _hidden = without_hidden(f"{agent.id} {agent.status} {agent.error_message or ''}")
            self.app.copy_to_clipboard(text)
            self.session.say(f"copied {agent.id}")
