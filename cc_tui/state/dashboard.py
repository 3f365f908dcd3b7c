"""The figures of the first screen, and the runs that were opened from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cc_tui.state.load import Load
from cc_tui.state.signal import Signal

if TYPE_CHECKING:
    from cc_api_client.models.dashboard import DashboardStats
    from cc_api_client.models.work.runs import Run


class DashboardStore:
    """The newest answer of `/api/dashboard/stats`, and runs by id."""

    def __init__(self) -> None:
        self.stats: DashboardStats | None = None
        self.load = Load()
        self.runs: dict[str, Run] = {}
        self.changed: Signal[None] = Signal()
        self.run_changed: Signal[str] = Signal()

    def set(self, stats: DashboardStats, load: Load) -> None:
        """Take the figures over."""
        if stats != self.stats or load.phase is not self.load.phase:
            self.stats, self.load = stats, load
            self.changed.emit(None)
        else:
            self.load = load

    def amend(self, change: Callable[[DashboardStats], DashboardStats]) -> None:
        """Apply an event to the figures, once there are any."""
        if self.stats is not None:
            self.set(change(self.stats), self.load)

    def set_load(self, load: Load) -> None:
        """Say how far the figures are filled."""
        if load != self.load:
            self.load = load
            self.changed.emit(None)

    def put_run(self, run: Run) -> None:
        """Keep a whole run."""
        self.runs[run.id] = run
        self.run_changed.emit(run.id)
