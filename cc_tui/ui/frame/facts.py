"""From the state to what the frame says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cc_tui.session import Session
from cc_tui.state.health import Condition, Tone, is_spend_high, worst
from cc_tui.state.link import LinkPhase
from cc_tui.text.formats import clock, moment, seconds_left
from cc_tui.ui.frame.status_line import BarFacts
from cc_tui.ui.frame.tab_lines import TABS, TabName

STALE_STEPS = (10, 30, 60, 300)


def bar_facts(session: Session, *, is_demo: bool) -> BarFacts:
    """What the status bar says now."""
    known = session.known
    stats = known.dashboard.stats
    stale = stale_seconds(session)
    condition = worst(known.link.link, stats)
    if stale and condition.tone is Tone.OK:
        condition = Condition(Tone.WARN, f"Stale {_step_words(stale)}")
    if known.identity.stops:
        condition = Condition(Tone.BAD, "STOPPED", stop_words(session))
    spend = stats.spend_today_usd if stats is not None else None
    budget = stats.budget_today_usd if stats is not None else None
    scope = session.config.client
    name = known.identity.client_names.get(scope, scope) if scope and scope != "all" else "All clients"
    return BarFacts(
        condition=condition,
        scope=name,
        is_scoped=bool(scope) and scope != "all",
        pending=known.approvals.counts.pending if known.approvals.counts_known else None,
        spend_usd=spend,
        budget_usd=budget,
        spender=session.top_spender(),
        alert_ratio_reached=is_spend_high(stats),
        undelivered=known.approvals.undelivered_count,
        is_fresh=not stale and known.link.link.phase is not LinkPhase.OFFLINE,
        is_demo=is_demo,
        is_read_only=known.identity.is_read_only,
        link=f"stale {_step_words(stale)} · {link_words(session)}" if stale else link_words(session),
    )


def stop_words(session: Session) -> str:
    """What is stopped, since when, by whom and why; and what it holds."""
    known = session.known
    stop, *others = known.identity.stops
    kind, _, which = stop.scope.partition(":")
    what = {"all": "everything", "client": known.identity.client_names.get(which, which)}.get(kind, which or stop.scope)
    told = [f"{what} since {clock(stop.at)}, by {stop.by} “{stop.reason}”"]
    if others:
        told.append(f"{len(others)} more")
    if known.approvals.counts_known and known.approvals.counts.leaving:
        told.append(f"{known.approvals.counts.leaving} held")
    stats = known.dashboard.stats
    if stats is not None and stats.queue is not None and stats.queue.queued:
        told.append(f"{stats.queue.queued} jobs wait")
    return " · ".join(told)


def tab_names(session: Session) -> Sequence[TabName]:
    """The tabs, with the count of what waits."""
    known = session.known.approvals
    pending = known.counts.pending if known.counts_known else None
    return [replace(tab, count=pending) if tab.id == "approvals" else tab for tab in TABS]


def link_words(session: Session) -> str:
    """The link, in the bar's words."""
    link = session.known.link.link
    match link.phase:
        case LinkPhase.CONNECTING:
            return "connecting"
        case LinkPhase.LIVE:
            return "live"
        case LinkPhase.POLLING:
            return f"polling {link.poll_seconds:.0f} s"
        case LinkPhase.REFUSED:
            return "refused"
        case _:
            left = (link.retry_at or 0.0) - session.clock.wall()
            return f"offline · retry in {seconds_left(left)}" if left > 1 else "offline · retrying"


def stale_seconds(session: Session) -> int:
    """How old what is shown is, in steps of 10 s, 30 s, 1 min, 5 min; 0 while it is fresh."""
    known = session.known.link
    if known.heard_at is None or not known.link.is_up:
        return 0
    old = session.clock.wall() - known.heard_at
    patience = max(12.0, known.link.poll_seconds * 2)
    return max((step for step in STALE_STEPS if old >= step), default=0) if old >= patience else 0


def as_of(session: Session) -> str:
    """`as of 13:20` while what is shown is old; empty while it is fresh."""
    known = session.known.link
    is_old = known.link.phase is LinkPhase.OFFLINE or stale_seconds(session) > 0
    return f"as of {clock(moment(known.heard_at))}" if is_old and known.heard_at is not None else ""


def _step_words(step: int) -> str:
    return f"{step} s" if step < 60 else f"{step // 60} min"
