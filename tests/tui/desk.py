"""An app on a business that stands still: what a server told once, a clock that does not move, no network."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, cast

from cc_api_client.models.dashboard import DashboardStats
from cc_api_client.models.installation.me import Me
from cc_api_client.models.outbox.approvals import Approval, ApprovalDetail, ApprovalSummary
from cc_api_client.models.outbox.batches import BatchAction, BatchPlan, BatchPlanItem, BatchWould
from cc_api_client.models.work.agents import Agent, AgentDetail, LogLine
from cc_api_client.models.work.runs import Run
from cc_tui.config.model import Config
from cc_tui.decisions.deciding import Deciding
from cc_tui.decisions.journal import Destination, Journal
from cc_tui.session import Backstage, Session
from cc_tui.state.approvals.rows import View, row_of
from cc_tui.state.identity import Identity
from cc_tui.state.link import Link, LinkPhase
from cc_tui.state.load import Load
from cc_tui.sync.views import counts_of
from cc_tui.ui.app import CommandCenter
from tests.support.played_time import played_time


@cache
def business() -> dict[str, Any]:
    """What the server told."""
    told: dict[str, Any] = json.loads((Path(__file__).parent / "business.json").read_text())
    return told


class StandingClock:
    """The moment at which the server told it; monotonic time is the one that is played."""

    def __init__(self) -> None:
        self.moment = Me.model_validate(business()["me"]).server_time.timestamp()

    def wall(self) -> float:
        """That moment."""
        return self.moment

    def monotonic(self) -> float:
        """Played."""
        return played_time.now


class StillWatch:
    """Asks for nothing; remembers what was looked at."""

    def __init__(self) -> None:
        self.looked_at: list[object] = []

    def items(self, approval_ids: list[str], *, is_moved: bool) -> None:
        """Items."""
        del is_moved
        self.looked_at.append(tuple(approval_ids))

    def log_of(self, agent_id: str | None) -> None:
        """A log."""
        self.looked_at.append(agent_id)

    def agent(self, agent_id: str | None) -> None:
        """An agent."""
        self.looked_at.append(agent_id)

    def run(self, run_id: str | None) -> None:
        """A run."""
        self.looked_at.append(run_id)


@dataclass
class StillSync:
    """A sync that fetches nothing."""

    watch: StillWatch = field(default_factory=StillWatch)

    def want_view(self, view: View) -> None:
        """Nothing to fetch."""

    def refresh(self) -> None:
        """Nothing to fetch."""


class StillCommands:
    """Answers a dry run as a server would that calls safe what the business's drafts say."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.error: Exception | None = None

    async def plan_batch(self, action: BatchAction, **asked: Any) -> BatchPlan:
        """What would be done with the drafts that are asked for."""
        self.asked.append(asked)
        if self.error is not None:
            raise self.error
        drafts = [Approval.model_validate(one) for one in business()["page"]["items"]]
        if asked.get("ids") is not None:
            drafts = [one for one in drafts if one.id in asked["ids"]]
        elif action is BatchAction.APPROVE_SAFE:
            drafts = [one for one in drafts if one.safe]
        return BatchPlan(
            items=[_planned(action, one) for one in drafts], selection_sha256="9c41e07a" * 8, policy_version="v7+0",
            hold_seconds=60,
        )  # fmt: skip


def _planned(action: BatchAction, draft: Approval) -> BatchPlanItem:
    approves = action is not BatchAction.REJECT
    blocked = approves and any(flag.severity == "block" for flag in draft.risk.flags)
    alone = approves and draft.kind in ("proposal", "contract_change")
    return BatchPlanItem(
        id=draft.id, version=draft.version, payload_sha256=draft.payload_sha256, kind=str(draft.kind),
        to_email=draft.to_email, subject=draft.subject, risk=draft.risk.score,
        would=BatchWould.REFUSED if blocked or alone else BatchWould.OK,
        why="a flag blocks it" if blocked else "approved one by one" if alone else "; ".join(draft.safe_reasons),
    )  # fmt: skip


def session_of(folder: Path, *, filled: bool = True, **settings: Any) -> Session:
    """A session whose state is full (or empty), and whose decisions go to a journal in `folder` and no further."""
    session = Session(Config(**({"log_file": str(folder / "log")} | settings)), StandingClock(), Random(1))
    journal = Journal(folder / "journal")
    deciding = session.deciding_of(journal)
    deciding.singles._destination = deciding.batches._destination = Destination("server", "you")
    session.backstage = cast("Backstage", _Behind(StillSync(), journal, deciding, StillCommands()))
    if filled:
        fill(session)
    return session


@dataclass
class _Behind:
    """What stands behind a session here."""

    sync: StillSync
    journal: Journal
    deciding: Deciding
    commands: StillCommands
    client: None = None


def fill(session: Session) -> None:
    """Put all that the server told into the stores."""
    told, known = business(), session.known
    load = Load().answered(session.clock.wall())
    me = Me.model_validate(told["me"])
    known.identity.set(Identity("you", str(me.role), me.server_id, me.epoch, None), ())
    known.identity.set_client_names({one["id"]: one["name"] for one in told["clients"]["items"]})
    known.link.heard_at = session.clock.wall()
    known.link.set(Link(LinkPhase.LIVE))
    known.dashboard.set(DashboardStats.model_validate(told["dashboard"]), load)
    known.dashboard.put_run(Run.model_validate(told["run"]))
    known.agents.set_all([Agent.model_validate(one) for one in told["agents"]["items"]], load)
    known.agents.put_detail(AgentDetail.model_validate(told["agent"]))
    known.agents.put_runs("outreach", [Run.model_validate(one) for one in told["runs"]["items"]])
    known.agents.set_log("lead-qualifier", [LogLine.model_validate(one) for one in told["logs"]["items"]], load)
    known.approvals.set_counts(counts_of(ApprovalSummary.model_validate(told["page"]["summary"])))
    known.approvals.load([row_of(Approval.model_validate(one)) for one in told["page"]["items"]])
    for view in View:
        known.approvals.set_load(view, load)
    for one in told["details"]:
        detail = ApprovalDetail.model_validate(one)
        known.approvals.put_whole(detail, row_of(detail))


def app_of(folder: Path, **settings: Any) -> CommandCenter:
    """The app on such a session."""
    session = session_of(folder, **settings)
    return CommandCenter(session.config, session=session)
