"""What a unit of work is given besides its connection: who, when, new ids, by which request, under which settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cc_api_client.models.outbox.policy import Policy
from cc_api_client.models.settings import Settings
from cc_server.db.ids import Ids
from cc_server.domain.base.actors import Actor
from cc_server.domain.policy.default import DEFAULT_POLICY

DEFAULTS = Settings()
"""What holds where nobody reads the settings."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of work; `now` and `settings` are read once."""

    actor: Actor
    now: datetime
    ids: Ids
    settings: Settings = DEFAULTS
    request_id: str | None = None
    idempotency_key: str | None = None

    @property
    def policy(self) -> Policy:
        """What is safe to send without a person."""
        return self.settings.approvals.policy or DEFAULT_POLICY

    @property
    def midnight(self) -> datetime:
        """When the UTC day began: days, budgets and caps are counted from there."""
        return self.now.replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def next_midnight(self) -> datetime:
        """When the UTC day ends."""
        return self.midnight + timedelta(days=1)
