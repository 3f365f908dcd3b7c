"""The one word at the top left: how things are, worst first, and where to look. Pure, from what the stores know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from cc_tui.state.link import Link, LinkPhase

if TYPE_CHECKING:
    from cc_api_client.models.dashboard import Alert, DashboardStats

TABS = {"agent": 3, "delivery": 5, "approval": 5, "run": 3, "budget": 3, "client": 1}
"""The tab that shows more of what an alert is about."""


class Tone(IntEnum):
    """How bad it is."""

    WAITING = -1
    OK = 0
    WARN = 1
    BAD = 2


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is the matter; `since` is server time in seconds, `tab` is where to look."""

    tone: Tone
    word: str
    about: str = ""
    since: float | None = None
    tab: int | None = None
    code: str = ""


OPERATIONAL = Condition(Tone.OK, "Operational")
UNKNOWN = Condition(Tone.WAITING, "Connecting")


def link_condition(link: Link) -> Condition | None:
    """What the link itself says, if it is not well."""
    match link.phase:
        case LinkPhase.OFFLINE:
            return Condition(Tone.WARN, "Offline", "", link.since)
        case LinkPhase.REFUSED:
            return Condition(Tone.BAD, "Refused", link.sentence or "the server refuses this key")
        case _:
            return None


def conditions(stats: DashboardStats | None) -> list[Condition]:
    """What the server's figures say, worst first."""
    if stats is None:
        return []
    found = [_from_alert(alert) for alert in stats.alerts]
    known = {condition.about.split(" ")[0] for condition in found if condition.code.startswith("component")}
    if stats.health is not None:
        for component in stats.health.components:
            if component.status != "ok" and component.name not in known:
                tone = Tone.BAD if component.status == "down" else Tone.WARN
                word = f"{component.name.capitalize()} {component.status}" if tone is Tone.BAD else "Degraded"
                about = component.detail or "" if tone is Tone.BAD else f"{component.name}: {component.detail or ''}"
                found.append(Condition(tone, word, about.rstrip(": "), code="component"))
    return sorted(found, key=lambda condition: -condition.tone)


def _from_alert(alert: Alert) -> Condition:
    tone = Tone.WARN
    word = "Degraded"
    if alert.code == "budget_exceeded":
        tone, word = Tone.BAD, "Over budget"
    elif alert.code.startswith("component") and alert.level == "error":
        tone, word = Tone.BAD, "Down"
    tab = TABS.get(alert.object.type) if alert.object else None
    about = f"{alert.object.id} in error" if alert.code == "agent_error" and alert.object else alert.message
    return Condition(tone, word, about, alert.at.timestamp(), tab, alert.code)


def is_spend_high(stats: DashboardStats | None) -> bool:
    """Whether today's spend is where the server begins to tell of it; where it does not say from when, over budget."""
    if stats is None or stats.spend_today_usd is None or not stats.budget_today_usd:
        return False
    limit = 1.0 if stats.alert_ratio is None else stats.alert_ratio
    return float(stats.spend_today_usd / stats.budget_today_usd) >= limit


def worst(link: Link, stats: DashboardStats | None) -> Condition:
    """The condition that the bar names."""
    of_link = link_condition(link)
    if of_link is not None:
        return of_link
    found = [condition for condition in conditions(stats) if condition.code != "spend_over_ratio"]
    if found:
        return found[0]
    if stats is None:
        return UNKNOWN
    spend = conditions(stats)
    return Condition(Tone.WARN, "Degraded", spend[0].about, tab=spend[0].tab) if spend else OPERATIONAL
