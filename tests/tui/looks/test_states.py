"""Every state a tab can be in, at three sizes: loading, failed, empty, stale, offline, read-only, too small."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from cc_tui.session import Session
from cc_tui.state.approvals.rows import View
from cc_tui.state.approvals.store import Counts
from cc_tui.state.link import Link, LinkPhase
from cc_tui.state.load import Load
from cc_tui.ui.app import CommandCenter
from tests.tui.desk import fill, session_of
from tests.tui.piloting import press, settled

SIZES = [(120, 40), (80, 24), (45, 24)]
TABS = ["approvals", "dashboard", "agents"]
REFUSED = "the server answered 503: the database is locked; it is asked again in 8 s"


def loading(session: Session) -> None:
    """Nothing was answered yet."""
    session.known.link.set(Link(LinkPhase.CONNECTING))
    for load in _loads(session):
        load(Load().begun())


def failed(session: Session) -> None:
    """The first answer was an error."""
    session.known.link.set(Link(LinkPhase.LIVE))
    for load in _loads(session):
        load(Load().failed(REFUSED))


def empty(session: Session) -> None:
    """There is nothing, and that is known."""
    fill(session)
    known = session.known
    stats = known.dashboard.stats
    assert stats is not None
    nothing = {"recent_runs": [], "approvals_pending": 0, "alerts": [], "series": None, "health": None}
    known.dashboard.set(stats.model_copy(update=nothing), known.dashboard.load)
    known.agents.set_all([], known.agents.load)
    known.approvals.clear()
    for view in View:
        known.approvals.set_load(view, known.dashboard.load)
    known.approvals.set_counts(Counts(sent=3))
    session.lists[View.PENDING].settle()


def stale(session: Session) -> None:
    """The link is up, but nothing was heard for half a minute."""
    fill(session)
    session.known.link.heard_at = session.clock.wall() - 31
    session.known.link.set(Link(LinkPhase.POLLING, poll_seconds=5.0))


def offline(session: Session) -> None:
    """The server can't be reached."""
    fill(session)
    now = session.clock.wall()
    session.known.link.heard_at = now - 180
    session.known.link.set(Link(LinkPhase.OFFLINE, now - 180, retry_at=now + 8))


def read_only(session: Session) -> None:
    """A viewer's key."""
    fill(session)
    identity = session.known.identity.identity
    assert identity is not None
    session.known.identity.set(replace(identity, role="viewer"), ())


def over_budget(session: Session) -> None:
    """An agent burns money."""
    fill(session)
    stats = session.known.dashboard.stats
    assert stats is not None
    spent = {"spend_today_usd": Decimal("41.20"), "budget_today_usd": Decimal(50)}
    session.known.dashboard.set(stats.model_copy(update=spent), session.known.dashboard.load)
    agents = list(session.known.agents.agents.values())
    dear = [one.model_copy(update={"cost_1h_usd": Decimal("6.10")}) if one.id == "outreach" else one for one in agents]
    session.known.agents.set_all(dear, session.known.agents.load)


def _loads(session: Session) -> Sequence[Callable[[Load], None]]:
    known = session.known
    views = [lambda load, view=view: known.approvals.set_load(view, load) for view in View]
    return [known.dashboard.set_load, known.agents.set_load, *views]


def text_of(app: CommandCenter) -> str:
    """What stands on the screen, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


STATES: list[Callable[[Session], None]] = [loading, failed, empty, stale, offline, read_only, over_budget]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
@pytest.mark.parametrize("tab", TABS)
async def test_each_state_says_what_it_is_and_what_to_do(
    tmp_path: Path, snapshot: SnapshotAssertion, tab: str, state: Callable[[Session], None], size: tuple[int, int]
) -> None:
    session = session_of(tmp_path, filled=False, tab=tab)
    state(session)
    app = CommandCenter(session.config, session=session)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await _drawn(pilot)
        shown = text_of(app)
        assert all(len(line) <= size[0] for line in shown.splitlines())
        assert shown == snapshot


async def _drawn(pilot: Pilot[Any]) -> None:
    """Until the tab drew what it follows."""
    await pilot.pause(0.6)
    await settled(pilot)


async def test_too_small_says_so_and_what_is_needed(tmp_path: Path) -> None:
    session = session_of(tmp_path)
    app = CommandCenter(session.config, session=session)
    async with app.run_test(size=(20, 5)) as pilot:
        await settled(pilot)
        assert "too small: 40×10" in text_of(app)


async def test_an_error_stays_until_a_key_and_is_kept_in_the_log(tmp_path: Path) -> None:
    from cc_tui.state.messages import Level

    session = session_of(tmp_path)
    app = CommandCenter(session.config, session=session)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        session.say("the disk is full", Level.ERROR)
        session.say("something lesser")
        await settled(pilot)
        assert "the disk is full" in text_of(app)
        await press(pilot, "j")
        assert "the disk is full" not in text_of(app)
        await press(pilot, "!")
        await settled(pilot)
        assert "the disk is full" in text_of(app)
        assert "something lesser" in text_of(app)
