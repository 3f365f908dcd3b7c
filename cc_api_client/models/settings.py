"""Settings of the installation and its stops (contract, section 6).

Every setting has a default, so that the same models read a whole document and, with unknown fields refused, a change of
some of it. Addresses and secrets of Slack, mail and models are no settings: they stand in the server's configuration.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import ConfigDict, Field, field_validator

from cc_api_client.models.base import Ratio, RequestBody, Wire
from cc_api_client.models.installation.me import KillSwitchRecord
from cc_api_client.models.outbox.policy import Policy, PolicyBody

CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
SCOPE = r"^(all|agent:[^\s:]{1,64}|client:[^\s:]{1,64})$"
MOST_SECONDS = 86_400
MOST_HOURS = 8_760
MOST_USD = Decimal(1_000_000_000)
_CHANGE = ConfigDict(extra="forbid", strict=True)

Limit = Annotated[Decimal, Field(ge=0, le=MOST_USD, allow_inf_nan=False, strict=False)]
"""An amount of US dollars that is not passed."""
Seconds = Annotated[int, Field(ge=0, le=MOST_SECONDS)]
Hours = Annotated[int, Field(ge=1, le=MOST_HOURS)]


class Budgets(Wire):
    """What agents may spend, by UTC day and month; null: no limit."""

    per_run_usd: Limit | None = Field(default=None, description="What one run may cost; kept, not obeyed yet.")
    daily_usd: Limit | None = Field(default=None, description="What all runs of one UTC day may cost.")
    monthly_usd: Limit | None = Field(default=None, description="What all runs of one UTC month may cost.")
    alert_ratio: Ratio = Field(default=0.8, description="From which share of the day's budget on it is told.")


class QuietHours(Wire):
    """When nobody is to be disturbed."""

    begins: str = Field(pattern=CLOCK, description="`HH:MM`, UTC.")
    ends: str = Field(pattern=CLOCK, description="`HH:MM`, UTC; before `begins`: on the next day.")


class Notifications(Wire):
    """What is told outside of the Command Center, and by which way; kept, nothing is told yet."""

    slack: bool = Field(
        default=False,
        description="Whether Slack is told; its address is the server's configuration; kept, not obeyed yet.",
    )
    email: bool = Field(
        default=False, description="Whether mails are sent; the addresses are configuration too; kept, not obeyed yet."
    )
    levels: list[str] = Field(
        default_factory=lambda: ["error"],
        max_length=10,
        description="Which alerts are told: `warn`, `error`; kept, not obeyed yet.",
    )
    quiet_hours: QuietHours | None = Field(default=None, description="When only errors are told; kept, not obeyed yet.")


class ApprovalSettings(Wire):
    """How decisions hold, and what is asked of them."""

    hold_seconds: Seconds = Field(default=10, description="How long what was approved waits before it leaves.")
    batch_hold_seconds: Seconds = Field(default=60, description="The same, for what was approved in a batch.")
    reject_undo_seconds: Seconds = Field(default=600, description="How long a rejection can be undone.")
    expire_hours: Hours = Field(default=72, description="How long a draft waits for a person.")
    fresh_hours: Hours = Field(default=24, description="How long what was approved may wait before it is asked again.")
    daily_send_cap: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        default=None, description="How many deliveries leave on one UTC day; null: any number."
    )
    four_eyes: bool = Field(default=False, description="Whether who edited a draft may not approve it.")
    policy: Policy | None = Field(default=None, description="What is safe to approve in one go.")
    policy_version: str | None = Field(
        default=None,
        description="Its version with a mark of what it says; batches are pinned to it. Read only.",
    )


class Billing(Wire):
    """What figures about money are made from; kept, no figure is made yet."""

    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$", description="ISO 4217; kept, not obeyed yet.")
    plan_prices: dict[str, Limit] = Field(
        default_factory=dict, description="A month's price by plan; kept, not obeyed yet."
    )
    infra_monthly_usd: Limit | None = Field(
        default=None, description="What the machines cost a month; kept, not obeyed yet."
    )
    hourly_rate_usd: Limit | None = Field(
        default=None, description="What an hour of a person costs; kept, not obeyed yet."
    )


class SettingsDocument(Wire):
    """All that an admin sets."""

    budgets: Budgets = Field(default_factory=Budgets, description="What agents may spend.")
    notifications: Notifications = Field(
        default_factory=Notifications, description="What is told outside; kept, not obeyed yet."
    )
    approvals: ApprovalSettings = Field(default_factory=ApprovalSettings, description="How decisions hold.")
    billing: Billing = Field(
        default_factory=Billing, description="What figures about money are made from; kept, not obeyed yet."
    )


class Settings(SettingsDocument):
    """The settings of the installation (`GET /api/settings`)."""

    kill_switch: list[KillSwitchRecord] = Field(default_factory=list, description="The engaged stops; read only.")
    version: int = Field(default=1, description="Grows by one with each change.")


class BudgetsChange(Budgets):
    """What changes of the budgets; null ends a limit."""

    model_config = _CHANGE


class QuietHoursChange(QuietHours):
    """Both ends of the quiet hours."""

    model_config = _CHANGE


class NotificationsChange(Notifications):
    """What changes of the notifications."""

    model_config = _CHANGE
    levels: list[Annotated[str, Field(pattern=r"^(warn|error)$")]] = Field(
        default_factory=lambda: ["error"],
        max_length=10,
        description="Which alerts are told: `warn`, `error`; kept, not obeyed yet.",
    )
    quiet_hours: QuietHoursChange | None = Field(
        default=None, description="When only errors are told; kept, not obeyed yet."
    )


class ApprovalSettingsChange(ApprovalSettings):
    """What changes of how decisions hold."""

    model_config = _CHANGE
    policy: PolicyBody | None = Field(default=None, description="Its changes; null: the policy of a new installation.")

    @field_validator("policy_version")
    @classmethod
    def _is_read_only(cls, _version: str | None) -> str | None:
        raise ValueError("it follows from the policy and can't be set")


class BillingChange(Billing):
    """What changes of what figures are made from."""

    model_config = _CHANGE


class SettingsChange(RequestBody):
    """What changes of the settings; what is left out stays (RFC 7396)."""

    budgets: BudgetsChange = Field(default_factory=BudgetsChange, description="What agents may spend.")
    notifications: NotificationsChange = Field(
        default_factory=NotificationsChange, description="What is told outside; kept, not obeyed yet."
    )
    approvals: ApprovalSettingsChange = Field(default_factory=ApprovalSettingsChange, description="How decisions hold.")
    billing: BillingChange = Field(default_factory=BillingChange, description="What figures are made from.")


class KillSwitchState(KillSwitchRecord):
    """One stop as it is after a change (`kill_switch.changed`)."""

    engaged: bool = Field(description="Whether it stops.")
    version: int = Field(default=1, description="Grows by one with each change.")


class KillSwitchBody(RequestBody):
    """Engages or releases a stop."""

    engaged: bool = Field(description="True stops, false lets go.")
    reason: str = Field(min_length=1, max_length=2000, description="Why.")
    scope: str = Field(default="all", pattern=SCOPE, description="`all`, `agent:<id>` or `client:<id>`.")
    dry_run: bool = Field(default=False, description="True: count what it would hold, and do nothing.")


class InFlight(Wire):
    """A delivery that is being sent while the stop is engaged; it finishes."""

    delivery_id: str = Field(description="Which delivery.")
    approval_id: str = Field(description="Of which approval.")
    client_id: str | None = Field(default=None, description="For which client.")
    to_email: str = Field(default="", description="To whom.")
    subject: str = Field(default="", description="About what.")


class Held(Wire):
    """What a stop holds, by what it is."""

    deliveries: int = Field(default=0, description="Approved, and not dispatched yet.")
    jobs: int = Field(default=0, description="Waiting for a worker.")
    runs: int = Field(default=0, description="Running: stopped at their next step.")


class KillSwitchAnswer(Wire):
    """How the stops are after engaging or releasing one, or would be."""

    status: str = Field(description="`engaged` or `released`: this scope now.")
    changed: bool = Field(description="False when it was so already, and for a dry run.")
    dry_run: bool = Field(default=False, description="Whether nothing was done.")
    kill_switch: list[KillSwitchRecord] = Field(default_factory=list, description="The engaged stops now.")
    held: Held = Field(default_factory=Held, description="What this scope holds, or would hold.")
    in_flight: list[InFlight] = Field(default_factory=list, description="Being sent in this moment; it finishes.")
