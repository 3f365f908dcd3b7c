"""The agents that are known, their logs and runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from sys import intern
from typing import TYPE_CHECKING

from cc_tui.state.load import Load
from cc_tui.state.signal import ALL, Ids, Signal

if TYPE_CHECKING:
    from cc_api_client.models.work.agents import Agent, AgentDetail, LogLine
    from cc_api_client.models.work.runs import Run

LOG_LINES_KEPT = 300
"""Half as many again as are fetched of one."""


@dataclass(frozen=True, slots=True)
class KeptLine:
    """A line of a log, in a quarter of the room that the client's model takes; there are hundreds of them."""

    seq: int
    at: datetime
    level: str
    run_id: str | None
    message: str

    @classmethod
    def of(cls, line: LogLine) -> KeptLine:
        """A line as the wire has it."""
        run_id = intern(line.run_id) if line.run_id is not None else None
        return cls(line.seq, line.at, intern(str(line.level)), run_id, line.message)


class AgentStore:
    """Agents by id, in the server's order; logs and runs of those that were looked at."""

    def __init__(self) -> None:
        self.agents: dict[str, Agent] = {}
        self.load = Load()
        self.details: dict[str, AgentDetail] = {}
        self.runs: dict[str, list[Run]] = {}
        self.logs: dict[str, deque[KeptLine]] = {}
        self.log_loads: dict[str, Load] = {}
        self.changed: Signal[Ids] = Signal()
        self.log_changed: Signal[str] = Signal()
        self.detail_changed: Signal[str] = Signal()

    def set_all(self, agents: Iterable[Agent], load: Load) -> None:
        """Take the whole list over."""
        fresh = {agent.id: agent for agent in agents}
        order_changed = list(fresh) != list(self.agents)
        changed = {id_ for id_, agent in fresh.items() if self.agents.get(id_) != agent}
        first = self.load.phase is not load.phase
        self.agents, self.load = fresh, load
        if order_changed or first:
            self.changed.emit(ALL)
        elif changed:
            self.changed.emit(frozenset(changed))

    def put(self, agent: Agent) -> None:
        """Take one agent's state over, unless a later one is known; figures that an event leaves out stay."""
        known = self.agents.get(agent.id)
        if known is not None:
            if agent.version < known.version:
                return
            told = {name: getattr(agent, name) for name in agent.model_fields_set}
            agent = known.model_copy(update=told)
        if agent != known:
            self.agents[agent.id] = agent
            self.changed.emit(frozenset({agent.id}) if known is not None else ALL)

    def set_load(self, load: Load) -> None:
        """Say how far the list is filled."""
        if load != self.load:
            self.load = load
            self.changed.emit(ALL)

    def put_detail(self, detail: AgentDetail) -> None:
        """Keep an agent's detail."""
        self.details[detail.id] = detail
        self.detail_changed.emit(detail.id)

    def put_runs(self, agent_id: str, runs: list[Run]) -> None:
        """Keep an agent's newest runs."""
        self.runs[agent_id] = runs
        self.detail_changed.emit(agent_id)

    def set_log(self, agent_id: str, lines: Iterable[LogLine], load: Load) -> None:
        """Replace an agent's log."""
        self.logs[agent_id] = deque(map(KeptLine.of, lines), maxlen=LOG_LINES_KEPT)
        self.log_loads[agent_id] = load
        self.log_changed.emit(agent_id)

    def add_log(self, agent_id: str, lines: Iterable[LogLine]) -> None:
        """Add newer lines to a log that is kept; lines that are known already are left out."""
        log = self.logs.get(agent_id)
        if log is None:
            return
        last = log[-1].seq if log else 0
        fresh = [KeptLine.of(line) for line in lines if line.seq > last]
        if fresh:
            log.extend(fresh)
            self.log_changed.emit(agent_id)

    def last_log_seq(self, agent_id: str) -> int | None:
        """The newest line known of an agent's log, or None when its log was never fetched."""
        log = self.logs.get(agent_id)
        if log is None:
            return None
        return log[-1].seq if log else 0
