"""Makes a tab at its first visit: only then is what it draws with imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cc_tui.ui.tabs.tab import Stage, Tab


def make_tab(tab_id: str, stage: Stage, met: Callable[[str, int], bool]) -> Tab:
    """The tab of that id, on the stage that the app gives it; `met` tells whether a version of an item was seen."""
    match tab_id:
        case "dashboard":
            from cc_tui.ui.tabs.dashboard.tab import DashboardTab

            return DashboardTab(stage)
        case "agents":
            from cc_tui.ui.tabs.agents.tab import AgentsTab

            return AgentsTab(stage)
        case _:
            from cc_tui.ui.tabs.approvals.tab import ApprovalsTab
            from cc_tui.ui.tabs.approvals.triage import Triage

            return ApprovalsTab(stage, Triage(stage.session, met))
