"""What a unit of work is given besides its connection: who, when, new ids, by which request, under which settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cc_api_client.models.policy import Policy
from cc_api_client.models.risk_levels import CAREFUL_FROM, HIGH_FROM
from cc_server.db.ids import Ids
from cc_server.domain.actors import Actor
from cc_server.domain.policy.default import DEFAULT_POLICY


@dataclass(frozen=True, slots=True)
class ApprovalSettings:
    """How long things hold (contract, section 6, settings)."""

    hold_seconds: float = 10.0
    batch_hold_seconds: float = 60.0
    """What a batch lets out is held at least so long, unless its policy says how long."""
    reject_undo_seconds: float = 600.0
    expire_hours: float = 72.0
    fresh_hours: float = 24.0
    daily_budget_usd: str | None = "50.00"
    alert_ratio: float = 0.8
    policy: Policy = DEFAULT_POLICY
    """What is safe to send without a person."""

    def hold_for(self, risk: int) -> timedelta:
        """From risk 40 twice as long, from 70 four times."""
        factor = 4 if risk >= HIGH_FROM else 2 if risk >= CAREFUL_FROM else 1
        return timedelta(seconds=self.hold_seconds * factor)


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of work; `now` is read once."""

    actor: Actor
    now: datetime
    ids: Ids
    settings: ApprovalSettings = ApprovalSettings()
    request_id: str | None = None
    idempotency_key: str | None = None
