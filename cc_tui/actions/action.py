"""What an action is: its id, its keys, where they count, how risky it is, whom it needs, and why not now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from cc_api_client.models.installation.roles import Role
from cc_tui.state.known import Known
from cc_tui.state.link import LinkPhase


class Risk(StrEnum):
    """What a stray key could do."""

    NONE = "none"
    REVERSIBLE = "reversible"
    DECISION = "decision"


class Where(StrEnum):
    """Where an action's keys count; its name heads the section of the help."""

    EVERYWHERE = "everywhere"
    LISTS = "lists"
    APPROVALS = "approvals"
    AGENTS = "agents"
    LOGS = "logs"
    REASON = "reason line"
    RISK = "risk line"
    SETTLE = "settle line"
    DIALOGS = "dialogs"
    EDITOR = "editor"
    DECIDING = "lists and questions that decide"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing an operator can do.

    `short` is the word in the footer (empty: not in the footer); `rank` orders the footer, low first; `why_not` says
    in a few words why it can't be done now, or None.
    """

    id: str
    title: str
    help: str
    keys: tuple[str, ...]
    where: Where
    short: str = ""
    rank: int = 100
    risk: Risk = Risk.NONE
    needs_role: Role = Role.VIEWER
    needs_link: bool = False
    in_palette: bool = True
    why_not: Callable[[Known], str | None] | None = None

    def is_forbidden(self, known: Known) -> bool:
        """Whether nothing of its kind may be done here, by the key's role or by the operator's own choice."""
        return self.needs_role is not Role.VIEWER and known.identity.is_read_only

    def unavailable(self, known: Known) -> str | None:
        """Why it can't be done now, in a few words, or None."""
        identity = known.identity
        if self.is_forbidden(known):
            return "read-only key" if not identity.read_only_by_choice else "read-only by --read-only"
        if self.needs_link and not known.link.link.is_up:
            is_first = known.link.link.phase is LinkPhase.CONNECTING
            return "still connecting, a moment" if is_first else "offline; only decisions are kept"
        return self.why_not(known) if self.why_not is not None else None
