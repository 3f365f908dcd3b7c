"""The rules of approval and delivery, said once more and as small as they can be: what the server is held to.

Plain state, plain ifs, one approval with its newest delivery; nothing of the server is used. An answer is `("done",
changed)` or `("refused", code)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

Answer = tuple[str, bool | str]

DONE: Answer = ("done", True)
SO_ALREADY: Answer = ("done", False)
RETURNED_FOR = timedelta(hours=24)
FRESH_FOR = timedelta(hours=24)
EXPIRES_AFTER = timedelta(hours=72)
REJECT_UNDO = timedelta(seconds=600)
LEASE = timedelta(seconds=60)
LOOK_AGAIN = timedelta(seconds=300)
MOMENT = timedelta(seconds=1)
COOLDOWN = timedelta(days=7)
NO_COOLDOWN = ("follow_up", "call_script")
RETRY = timedelta(seconds=10)
REFUSALS_MOST = 5
WAITING = ("held", "ready", "retry_wait")


def refused(code: str) -> Answer:
    return "refused", code


@dataclass
class Agent:
    """Who wrote all drafts."""

    is_paused: bool = False
    failed_at: datetime | None = None

    @property
    def is_in_error(self) -> bool:
        """One that is paused is paused, whatever else."""
        return self.failed_at is not None and not self.is_paused


@dataclass
class Controls:
    """All that is judged again in the moment of sending."""

    agent: Agent = field(default_factory=Agent)
    stops: set[str] = field(default_factory=set)
    suppressed: set[str] = field(default_factory=set)
    asks_for_four_eyes: bool = False
    mails: list[tuple[str, datetime]] = field(default_factory=list)
    """To whom a mail went, and when."""

    @property
    def holds_back(self) -> bool:
        """Whether everything has to wait."""
        return bool(self.stops) or self.agent.is_paused

    def newly_wrote_to(self, recipient: str, approved_at: datetime, now: datetime) -> bool:
        """Whether the recipient is in a cooldown now, and was in none when it was approved."""
        since = max(approved_at, now - COOLDOWN)
        is_newly = any(who == recipient and since < at <= now for who, at in self.mails)
        return is_newly and not self.had_written_to(recipient, approved_at)

    def had_written_to(self, recipient: str, at: datetime) -> bool:
        """Whether the recipient was in a cooldown at that moment."""
        return any(who == recipient and at - COOLDOWN < sent <= at for who, sent in self.mails)


@dataclass
class Delivery:
    """What leaves, or tries to."""

    id: str
    hold: timedelta
    held_at: datetime
    state: str = "held"
    attempt: int = 0
    refusals: int = 0
    may_have_left: bool = False
    waits: bool = False
    """For something other than its hold."""
    lease_until: datetime | None = None
    look_at: datetime = field(init=False)
    fresh_until: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.look_at = self.held_at + self.hold
        self.fresh_until = self.held_at + FRESH_FOR

    @property
    def may_reach_them(self) -> bool:
        """Whether it is not settled if it reaches its recipient."""
        return self.state in ("dispatching", "unknown") or self.is_made_again

    @property
    def is_made_again(self) -> bool:
        """Whether its sender was cut off, and it waits for the next one."""
        return self.state in WAITING and self.may_have_left

    def is_due(self, now: datetime) -> bool:
        return self.state in WAITING and self.look_at <= now

    def settle(self, attempt: int, outcome: str, now: datetime) -> bool:
        """What became of an attempt; False when somebody knew before."""
        is_open = self.state in ("dispatching", "unknown") or (self.state == "ready" and outcome == "accepted")
        if self.attempt != attempt or not is_open:
            return False
        self.may_have_left, self.lease_until = False, None
        match outcome:
            case "accepted":
                self.state = "sent"
            case "unclear":
                self.state = "unknown"
            case _:
                self.refusals += 1
                is_passing = outcome == "refused for now" and self.refusals <= REFUSALS_MOST
                self.state = "retry_wait" if is_passing else "failed"
                if is_passing:
                    self.look_at = now + RETRY * 2 ** (self.refusals - 1)
        return True

    def resolve(self, outcome: str, now: datetime) -> Answer:
        """A person found out what became of it."""
        if self.state != "unknown":
            return refused("invalid_state")
        self.state = {"sent": "sent", "not_sent": "ready", "failed": "failed"}[outcome]
        self.look_at, self.waits = now, False
        return DONE

    def retry(self, now: datetime) -> Answer:
        """A person has it tried again."""
        if self.state != "failed":
            return refused("invalid_state")
        self.state, self.refusals, self.look_at, self.waits = "ready", 0, now, False
        return DONE

    def wake(self, now: datetime) -> None:
        """What it waits for has changed."""
        if self.state == "ready" and self.waits:
            self.look_at = min(self.look_at, now)

    def lose(self, now: datetime, *, knows_stable_keys: bool) -> None:
        """Its sender was cut off, if its lease is over."""
        if self.state == "dispatching" and self.lease_until is not None and self.lease_until <= now:
            if knows_stable_keys:
                self.state, self.look_at, self.may_have_left = "ready", now, True
            else:
                self.state, self.lease_until, self.may_have_left = "unknown", None, False


@dataclass
class Approval:
    """What an agent wants to send, and a person's word on it."""

    id: str
    kind: str
    recipient: str
    hold: timedelta
    expires_at: datetime
    edited_by: str | None = None
    status: str = "pending"
    version: int = 1
    text: int = 0
    """Counts up with each edit: stands for the hash."""
    returned: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    delivery: Delivery | None = None
    past: list[Delivery] = field(default_factory=list)
    """Deliveries that were recalled or blocked."""

    @property
    def is_mail(self) -> bool:
        """What somebody is called by is none: a mail to them does not wait for it."""
        return self.kind != "call_script"

    def edges(self) -> set[datetime]:
        """The moments at which something about it changes by time alone."""
        found = {self.expires_at}
        if self.decided_at is not None:
            found.add(self.decided_at + REJECT_UNDO)
        if self.delivery is not None:
            found |= {self.delivery.look_at, self.delivery.fresh_until, self.delivery.lease_until or self.expires_at}
        return found

    def decide(
        self, controls: Controls, verb: str, who: str, now: datetime, version: int | None, text: int | None
    ) -> Answer:
        """Approve or reject what was seen."""
        status = {"approve": "approved", "reject": "rejected"}[verb]
        if self.status == status and self.decided_by == who and text in (None, self.text):
            return SO_ALREADY
        if self.status == "pending" and self.expires_at <= now:
            self._turn("expired")
        if code := self._why_not(version, text):
            return refused(code)
        if verb == "approve" and controls.asks_for_four_eyes and self.edited_by == who:
            return refused("self_approval")
        self._turn(status)
        self.decided_by, self.decided_at, self.returned = who, now, None
        if status == "approved":
            self._put_away()
            self.delivery = Delivery("", self.hold, now)
        return DONE

    def undo(self, now: datetime, version: int | None) -> Answer:
        """Take a decision back."""
        if self.status == "pending":
            return SO_ALREADY
        if self.status in ("expired", "cancelled"):
            return refused(self.status)
        if not self._can_be_undone(now):
            return refused("undo_window_closed")
        if not self._was_seen(version, None):
            return refused("version_conflict")
        if self.status == "approved" and self.delivery is not None:
            self.delivery.state = "recalled"
        self._come_back("undone", now)
        return DONE

    def edit(self, who: str, version: int | None) -> Answer:
        """Another text."""
        if self.status != "pending":
            return refused("already_decided")
        if not self._was_seen(version, None):
            return refused("version_conflict")
        self.text += 1
        self.version += 1
        self.edited_by = who
        return DONE

    def withdraw(self) -> Answer:
        """The agent takes it back."""
        if self.status != "pending":
            return refused("invalid_state")
        self._turn("cancelled")
        return DONE

    def expire(self, now: datetime) -> None:
        """Nobody decided in time."""
        if self.status == "pending" and self.expires_at <= now:
            self._turn("expired")

    def suppress(self) -> None:
        """Its recipient must never be written to again."""
        if self.status == "pending":
            self._turn("cancelled")
        elif self.delivery is not None and self.delivery.state in WAITING and self.delivery.lease_until is None:
            self.delivery.state = "blocked"
            self._turn("cancelled")

    def claim(self, controls: Controls, others: Iterable[Approval], now: datetime) -> bool:
        """The sender takes its delivery, if it may leave."""
        delivery = self.delivery
        assert delivery is not None
        is_suppressed = self.recipient in controls.suppressed
        if is_suppressed or self._is_worse(delivery, controls, now):
            if delivery.may_have_left:
                delivery.state, delivery.may_have_left, delivery.lease_until = "unknown", False, None
            elif is_suppressed:
                self.suppress()
            else:
                delivery.state = "blocked"
                self._come_back("blocked", now)
            return False
        wait = LOOK_AGAIN if controls.holds_back else self._waits_for_others(controls, others)
        delivery.waits = wait is not None
        if wait is not None:
            delivery.state, delivery.look_at = "ready", min(now + wait, delivery.fresh_until)
            return False
        delivery.state, delivery.lease_until = "dispatching", now + LEASE
        delivery.attempt += 1
        return True

    def _is_worse(self, delivery: Delivery, controls: Controls, now: datetime) -> bool:
        """Whether anything is worse than when it was approved."""
        assert self.decided_at is not None
        agent = controls.agent
        failed_since = agent.is_in_error and agent.failed_at is not None and agent.failed_at > self.decided_at
        wrote_since = controls.newly_wrote_to(self.recipient, self.decided_at, now)
        return delivery.fresh_until <= now or failed_since or (wrote_since and self.kind not in NO_COOLDOWN)

    def _waits_for_others(self, controls: Controls, others: Iterable[Approval]) -> timedelta | None:
        """How long until it is looked again what became of other mails to the recipient."""
        assert self.delivery is not None and self.decided_at is not None
        if self.kind in NO_COOLDOWN or controls.had_written_to(self.recipient, self.decided_at):
            return None
        beside = [one.delivery for one in others if one.recipient == self.recipient and one.is_mail and one is not self]
        is_again = self.delivery.may_have_left
        open_ = [one for one in beside if one and one.may_reach_them and not (one.is_made_again and is_again)]
        if not open_:
            return None
        return LOOK_AGAIN if any(one.state == "unknown" for one in open_) else MOMENT

    def _why_not(self, version: int | None, text: int | None) -> str | None:
        if self.status != "pending":
            return self.status if self.status in ("expired", "cancelled") else "already_decided"
        return None if self._was_seen(version, text) else "version_conflict"

    def _was_seen(self, version: int | None, text: int | None) -> bool:
        return version in (None, self.version) and text in (None, self.text)

    def _can_be_undone(self, now: datetime) -> bool:
        if self.status == "rejected":
            return self.decided_at is not None and now <= self.decided_at + REJECT_UNDO
        return self.delivery is not None and self.delivery.state in WAITING and not self.delivery.may_have_left

    def _turn(self, status: str) -> None:
        self.status = status
        self.version += 1

    def _come_back(self, why: str, now: datetime) -> None:
        self._turn("pending")
        self.returned, self.decided_by, self.decided_at = why, None, None
        self.expires_at = max(self.expires_at, now + RETURNED_FOR)

    def _put_away(self) -> None:
        if self.delivery is not None:
            self.past.append(self.delivery)
