"""Events become state, and answers to commands: what each means for the stores.

An event carries the whole new object, so applying it twice or late does no harm. A malformed one is left out, counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from cc_api_client.models.events import Event, EventType, Topic
from cc_api_client.models.installation.status import QueueCounts
from cc_api_client.models.outbox.approvals import Approval, Delivery
from cc_api_client.models.work.agents import Agent, LogLine
from cc_api_client.models.work.runs import Run
from cc_tui.state.approvals.rows import ApprovalRow, View, delivery_of, row_of
from cc_tui.state.approvals.told import told_row
from cc_tui.state.known import Known

if TYPE_CHECKING:
    from cc_api_client.models.dashboard import DashboardStats

RECENT_RUNS = 15


class Intake:
    """Applies events to the stores.

    `wanted` is called with the name of a feed when an event tells that its figures changed but not to what.
    """

    def __init__(self, known: Known, wanted: Callable[[str], None]) -> None:
        self._known = known
        self._wanted = wanted
        self.counts_at = 0
        """Events up to this seq are in the counts already."""

    def apply(self, event: Event) -> None:
        """Take one event over."""
        try:
            match event.topic:
                case Topic.APPROVALS:
                    self._approval(event)
                case Topic.AGENTS:
                    self._agent(event)
                case Topic.RUNS:
                    self._run(event)
                case Topic.JOBS:
                    self._jobs(event)
                case Topic.COSTS | Topic.LEADS:
                    self._wanted("dashboard")
                case Topic.SYSTEM:
                    self._wanted("identity")
                    self._wanted("dashboard")
        except ValidationError:
            self._known.link.unread_events += 1

    def _approval(self, event: Event) -> None:
        store = self._known.approvals
        if event.type == EventType.DELIVERY_CHANGED:
            self.take_delivery(Delivery.model_validate(event.data), event.seq)
            return
        row = _row_of_event(event.data)
        store.tell_whole(row.id, event.data)
        if event.seq is not None and event.seq <= self.counts_at:
            store.load([row])
        else:
            store.put([row])
        if store.counts_doubtful or self._may_change_the_oldest(row):
            self._wanted("counts")

    def _may_change_the_oldest(self, row: ApprovalRow) -> bool:
        """Whether another approval than before may be the oldest of those that wait."""
        oldest = self._known.approvals.counts.oldest_created_at
        if oldest is None or row.created_at > oldest:
            return False
        return row.created_at < oldest or row.view is not View.PENDING

    def take_agent(self, agent: Agent) -> None:
        """Take over the answer to a command on an agent."""
        self._known.agents.put(agent)

    def take_approval(self, approval: Approval) -> None:
        """Take over the answer to a command on an approval."""
        store = self._known.approvals
        store.put([row_of(approval)])
        store.forget_wholes([approval.id])
        store.whole_changed.emit(approval.id)

    def take_delivery(self, delivery: Delivery, seq: int | None = None) -> None:
        """Take over how a delivery is now; `seq` is the event's that told it."""
        store = self._known.approvals
        row = store.rows.get(delivery.approval_id)
        if row is None:
            self._wanted("counts")
            return
        if delivery.id == row.delivery.id and delivery.version <= row.delivery.version:
            return
        changed = row.with_delivery(delivery_of(delivery))
        if seq is not None and seq <= self.counts_at:
            store.load([changed])
        else:
            store.put([changed])

    def _agent(self, event: Event) -> None:
        store = self._known.agents
        match event.type:
            case EventType.AGENT_LOG:
                self._log(event.id, event.data)
            case EventType.AGENT_HEARTBEAT:
                known = store.agents.get(event.id)
                if known is not None:
                    store.put(known.model_copy(update={"last_heartbeat_at": event.at}))
            case _:
                store.put(Agent.model_validate(event.data))
                self._wanted("dashboard")

    def _log(self, agent_id: str, told: dict[str, Any]) -> None:
        if told.get("truncated"):
            self._wanted("log")
            return
        lines = told.get("lines")
        if isinstance(lines, list) and agent_id in self._known.agents.logs:
            self._known.agents.add_log(agent_id, [LogLine.model_validate(line) for line in lines])

    def _run(self, event: Event) -> None:
        run = Run.model_validate(event.data)

        def with_run(stats: DashboardStats) -> DashboardStats:
            others = [one for one in stats.recent_runs if one.id != run.id]
            places = [place for place, one in enumerate(stats.recent_runs) if one.id == run.id]
            others.insert(places[0] if places else 0, run)
            return stats.model_copy(update={"recent_runs": others[:RECENT_RUNS]})

        self._known.dashboard.amend(with_run)
        if run.id in self._known.dashboard.runs:
            self._wanted("run")
        self._wanted("agents")

    def _jobs(self, event: Event) -> None:
        if event.type == EventType.JOB_COUNTS:
            queue = QueueCounts.model_validate(event.data)
            self._known.dashboard.amend(lambda stats: stats.model_copy(update={"queue": queue}))


def _row_of_event(told: dict[str, Any]) -> ApprovalRow:
    """The row an event brings; by the model where it is told in a way that only that understands.

    Raises:
        ValidationError: not even by that.
    """
    try:
        return told_row(told)
    except ValueError:
        return row_of(Approval.model_validate(told))
