"""The Agents tab: the list, three charts, the log of the agent under the cursor; one agent opens in their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from cc_tui.actions.action import Action, Where
from cc_tui.text.safe import without_hidden
from cc_tui.ui.frame.facts import as_of
from cc_tui.ui.tabs.agents.charts import CHARTS, ChartFacts, chart_lines, counts_line
from cc_tui.ui.tabs.agents.commands import AgentCommands
from cc_tui.ui.tabs.agents.log import Level, heading, log_lines
from cc_tui.ui.tabs.agents.rows import AgentRows
from cc_tui.ui.tabs.agents.screen import AgentScreen
from cc_tui.ui.tabs.facts import waiting_lines
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
    from cc_api_client.models.work.agents import Agent

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
    AgentsTab #agent-head, AgentsTab #agent-body, AgentsTab #agent-runs { display: none; }
    AgentsTab.-none #agents-counts, AgentsTab.-none #agents-charts, AgentsTab.-none #log,
    AgentsTab.-none #log-heading { display: none; }
    AgentsTab.-log #agents-counts, AgentsTab.-log #agents-list, AgentsTab.-log #agents-charts { display: none; }
    AgentsTab.-detail > * { display: none; }
    AgentsTab.-detail #agent-head, AgentsTab.-detail #agent-body { display: block; }
    AgentsTab.-list #agent-runs { display: block; }
    AgentsTab.-list #agent-body, AgentsTab.-run #agent-head { display: none; }
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(id="agents")
        self.stage = stage
        self.session = stage.session
        self._shape = Shape.WIDE
        self._height = 40
        self._chart = 0
        self.level = Level.INFO
        look = stage.look
        self.counts = Drawn(look, self._counts_lines, id="agents-counts")
        self.rows = AgentRows(look, self._agents, self.session.server_now, self._no_agents)
        self.table = Table(look, self.rows, id="agents-list")
        self.charts = Drawn(look, self._chart_lines, id="agents-charts")
        self.log_heading = Drawn(look, self._heading_lines, id="log-heading")
        self.log_pane = Pane(look, id="log")
        self.log_pane.follows = True
        self.one = AgentScreen(stage, lambda: self.size.width, lambda: self.level, self._one_changed)
        self._sort_ask = SortAsk(self.session, self.rows.sorting.letters, self._sort_by)
        self._commands = AgentCommands(stage, lambda: self.agent, lambda: self._shape is Shape.WIDE)
        self._soon = Soon(self, REDRAW_SECONDS, self.reveal)
        self._log_soon = Soon(self, LOG_SECONDS, self._show_log)
        self._acts = self._make_acts()

    def compose(self) -> ComposeResult:
        """Counts, list, charts, log; head and body of one agent."""
        yield from (self.counts, self.table, self.charts, self.log_heading, self.log_pane, *self.one.widgets)

    def on_mount(self) -> None:
        """Follow the agents."""
        known = self.session.known
        known.agents.changed.subscribe(lambda _ids: self._soon.ask())
        known.dashboard.changed.subscribe(lambda _none: self._soon.ask())
        known.link.changed.subscribe(lambda _link: self._soon.ask())
        known.agents.detail_changed.subscribe(lambda _id: self._soon.ask())
        known.dashboard.run_changed.subscribe(lambda _id: self._soon.ask())
        known.agents.log_changed.subscribe(lambda agent_id: self._log_soon.ask() if agent_id == self.agent_id else None)

    # What the app asks

    def places(self) -> Sequence[Where]:
        """Logs, agents, lists, everywhere; in a log or a detail `l` and `h` belong to the list's keys."""
        if self.one.is_open and not self.one.is_log:
            return (Where.LISTS, Where.AGENTS, Where.EVERYWHERE)
        if self.one.is_open or self.is_log_open:
            return (Where.LOGS, Where.LISTS, Where.AGENTS, Where.EVERYWHERE)
        return (Where.LOGS, Where.AGENTS, Where.LISTS, Where.EVERYWHERE)

    def offers(self, action: Action) -> bool:
        """What it can do here; a log's keys stand in its heading."""
        if action.where is Where.LOGS:
            return False
        if self.agent is None and (action.where is Where.AGENTS or action.where is Where.LISTS):
            return False
        if action.id == "list.next_view":
            return self.one.is_open and self.one.run_id is None
        if action.id == "agents.logs":
            return not self.one.is_open and not self.is_log_open
        if action.id in ("list.open", "list.sort"):
            return self.one.is_list or self._is_top
        return action.where is not Where.LISTS or action.id in self._acts

    def typed_letter(self, key: str) -> bool:
        """The letter after `s`."""
        return self._sort_ask.typed(key) or self.one.sort_ask.typed(key)

    def letters(self) -> Sequence[tuple[str, str]]:
        """The letters that sorting waits for."""
        return self._sort_ask.choices or self.one.sort_ask.choices

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
        if self.one.back():
            return True
        if self.is_log_open:
            self._open_log(is_open=False)
            return True
        return False

    def inner_title(self) -> tuple[str, str] | None:
        """The agent that is open."""
        return ("3 Agents", self.one.title) if self.one.is_open else None

    def tick(self) -> None:
        """Ages change; only what differs is painted."""
        if self._is_top:
            self.table.repaint()

    def reveal(self) -> None:
        """Catch up."""
        if self.one.is_open:
            if self.one.section == "log":
                self._watch_log()
            self.one.show()
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
        self.one.reshape(self._shape)
        self._fit_heights()
        self.call_after_refresh(self.reveal)

    # What others here ask

    @property
    def agent_id(self) -> str | None:
        """The agent under the cursor, or the one that is open."""
        return self.one.agent_id or self.table.cursor_key

    @property
    def agent(self) -> Agent | None:
        """It, as the server has it."""
        return self.session.known.agents.agents.get(self.agent_id or "")

    @property
    def is_log_open(self) -> bool:
        """Whether the log fills the tab."""
        return self.has_class("-log")

    @property
    def _is_top(self) -> bool:
        """Whether the list is what the keys are for."""
        return not self.one.is_open and not self.is_log_open

    # Following

    def on_table_moved(self, event: Table.Moved) -> None:
        """Another agent: its log."""
        event.stop()
        if event.table is self.table:
            self._watch_log()
            self._show_log()
            self.stage.frame_changed()

    def on_table_opened(self, event: Table.Opened) -> None:
        """Enter, or a second click."""
        event.stop()
        if event.table is self.table:
            self.one.open(event.key)
        else:
            self.one.open_run(event.key)

    def on_pane_resized(self, event: Pane.Resized) -> None:
        """Log, or what is told of an agent, has another room."""
        event.stop()
        self.reveal()

    def _one_changed(self) -> None:
        """An agent or a run of it was opened or left: show what is open."""
        self.set_class(self.one.is_open, "-detail")
        self.set_class(self.one.is_list, "-list")
        self.set_class(self.one.run_id is not None, "-run")
        self.stage.frame_changed()
        self.call_after_refresh(self.reveal)

    def _watch_log(self) -> None:
        if self.session.backstage is not None and self.agent_id is not None:
            self.session.backstage.sync.watch.log_of(self.agent_id)

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
        self.set_class(not self.rows.count(), "-none")
        self.table.styles.height = min(rows, most) + (1 if is_airy else 0) if self.rows.count() else "1fr"
        self.charts.styles.height = 9 if is_airy else 5

    def _show_log(self) -> None:
        if self.one.is_open:
            if self.one.section == "log":
                self.one.show()
            return
        self.log_heading.repaint()
        width = self.log_pane.size.width
        if not width or self.agent_id is None:
            return
        store = self.session.known.agents
        if self.agent_id not in store.logs:
            self.log_pane.show([Line(), Line().add("  loading", Token.DIM)])
            return
        lines = log_lines(store.logs[self.agent_id], self.level, width, self.stage.look)
        self.log_pane.show(lines)

    def _agents(self) -> Sequence[Agent]:
        return list(self.session.known.agents.agents.values())

    def _chart_facts(self) -> ChartFacts:
        stats = self.session.known.dashboard.stats
        now, chart = self.session.server_now(), CHARTS[self._chart]
        return ChartFacts(self._agents(), stats, now, chart, as_of(self.session))

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
        return [heading(self.agent_id, self.level, width, look, follows=follows, is_focused=is_focused)]

    def _no_agents(self, width: int, height: int) -> Sequence[Line]:
        about = "an agent stands here as soon as it is registered with the server"
        return waiting_lines(self.session.known.agents.load, "agents", width, height, self.stage.look, about=about)

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
            "list.sort": self._sort,
            "list.copy": self._copy,
            "agents.pause": self._commands.pause,
            "agents.resume": self._commands.resume,
            "agents.logs": lambda: self._open_log(is_open=not self.is_log_open),
            "agents.chart_left": lambda: self._turn(-1),
            "agents.chart_right": lambda: self._turn(1),
            "logs.follow": self._follow,
            "logs.level": self._next_level,
        }

    def _move(self, step: int) -> None:
        if self.one.is_open:
            self.one.move(step)
        elif not self.is_log_open:
            self.table.move(step)
        else:
            if step < 0:
                self.log_pane.follows = False
                self.log_heading.repaint()
            self.log_pane.scroll(step)

    def _go_end(self, direction: int) -> None:
        if self.one.is_open:
            self.one.go_end(direction)
        elif self.is_log_open:
            self.log_pane.scroll(direction * max(1, len(self.log_pane.lines)))
        else:
            self.table.go(0 if direction < 0 else self.rows.count() - 1)

    def _turn(self, step: int) -> None:
        """Sections in a detail; one chart at a time below 80 columns; out of an open log."""
        if self.one.is_open:
            self.one.turn(step)
        elif self.is_log_open:
            self._open_log(is_open=False)
        elif self._shape is Shape.PHONE:
            self._chart = (self._chart + step) % len(CHARTS)
            self.charts.repaint()

    def _open(self) -> None:
        if self.one.is_list:
            self.one.table.open()
        elif self._is_top:
            self.table.open()

    def _sort(self) -> None:
        if self.one.is_list:
            self.one.sort_ask.ask()
        elif self._is_top:
            self._sort_ask.ask()

    def _sort_by(self, word: str) -> bool:
        is_turned = self.rows.sorting.choose(word)
        self.table.go(0)
        return is_turned

    def _follow(self) -> None:
        if self.one.is_open:
            self.one.follow(follows=not self.one.body.follows)
            return
        self.log_pane.follows = not self.log_pane.follows
        self._show_log()

    def _next_level(self) -> None:
        self.level = self.level.following()
        self._show_log()

    def _copy(self) -> None:
        agent = self.agent
        if agent is not None:
            text, _hidden = without_hidden(f"{agent.id} {agent.status} {agent.error_message or ''}")
            self.app.copy_to_clipboard(text)
            self.session.say(f"copied {agent.id}")
