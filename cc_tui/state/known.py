"""All stores in one place: what the app knows."""

from __future__ import annotations

from cc_tui.state.agents import AgentStore
from cc_tui.state.approvals.store import ApprovalStore
from cc_tui.state.dashboard import DashboardStore
from cc_tui.state.identity import IdentityStore
from cc_tui.state.link import LinkStore
from cc_tui.state.load import Phase
from cc_tui.state.messages import MessageStore


class Known:
    """The stores; made once, shared by all who read."""

    def __init__(self) -> None:
        self.approvals = ApprovalStore()
        self.agents = AgentStore()
        self.dashboard = DashboardStore()
        self.identity = IdentityStore()
        self.link = LinkStore()
        self.messages = MessageStore()

    @property
    def is_worth_retrying(self) -> bool:
        """Whether trying again by hand is of use: the link is down, or something failed before it was ever there."""
        loads = (self.dashboard.load, self.agents.load, *self.approvals.loads.values())
        return not self.link.link.is_up or any(load.phase is Phase.FAILED and not load.has_rows for load in loads)
