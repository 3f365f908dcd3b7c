"""What a policy goes by: facts about one draft, recorded with it, so that any policy can be tried on it later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any


class AgentState(StrEnum):
    """How the agent that drafted is."""

    HEALTHY = "healthy"
    PAUSED = "paused"
    IN_ERROR = "error"
    SILENT = "silent"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a draft at one moment. None: not known, and then a person is asked."""

    kind: str | None = None
    risk_score: int | None = None
    flags: Mapping[str, str] | None = None
    """The severity of each flag, by its code; the worst where a code was found more than once."""
    is_suppressed: bool | None = None
    was_written: bool | None = None
    """Whether the recipient was ever written to."""
    days_since_last: float | None = None
    """Since the last message to the recipient; None with `was_written` False: there was none."""
    is_another_leaving: bool | None = None
    """Whether another approved message to the recipient has not left yet."""
    names_amount: bool | None = None
    agent_name: str | None = None
    agent_state: str | None = None
    agent_success_ratio: float | None = None
    """Of its runs of the last 7 days; None where it had none."""
    sent_today: int | None = None
    """Messages that were sent since the UTC day began, or were approved and have not left yet."""

    def as_json(self) -> dict[str, Any]:
        """As it is stored; what is not known is left out."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in told.items() if value is not None}

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Facts:
        """As it was stored, by this program or another version of it: an unknown fact is left aside."""
        return cls(**{one.name: told[one.name] for one in fields(cls) if one.name in told})
