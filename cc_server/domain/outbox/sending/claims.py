"""The sender's side: claim what may leave, settle what became of it, and find what was cut off in between.

A claim and its settlement are two transactions; the sending stands between them, outside of both. Whatever is cut off
there is `unknown`, and never sent again by itself unless the provider knows it by its stable key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from cc_api_client.models.outbox.approvals import Channel
from cc_api_client.models.outbox.delivery_states import WAITING, DeliveryState
from cc_server.db.portable.prepared import Prepared
from cc_server.db.tables import approvals, deliveries
from cc_server.db.transaction import locks
from cc_server.domain.base import audit
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.base.unit import Unit
from cc_server.domain.controls import budgets, kill_switch, suppression, waking
from cc_server.domain.outbox.deliveries import change
from cc_server.domain.outbox.drafts import NEVER_WRITE
from cc_server.domain.outbox.rows import Row, find, find_to_change
from cc_server.domain.outbox.sending import judging
from cc_server.domain.outbox.sending.blocks import block
from cc_server.domain.outbox.sending.effects import NoEffect, take_effect

LEASE_SECONDS = 60
"""Twice what sending may take."""
LOOK_AGAIN_SECONDS = 300
"""What waits is woken by what it waits for; this is for what nobody tells of."""
MOMENT_SECONDS = 1
"""When it is looked again whether another message to the same recipient has been sent."""
REFUSALS_MOST = 5
RETRY_SECONDS = 10
_UNSETTLED = (DeliveryState.DISPATCHING, DeliveryState.UNKNOWN)
_STILL_TAKEN = (*_UNSETTLED, DeliveryState.READY)
"""Where a late "accepted" is still taken: also while the attempt it tells of is about to be made again."""

_DUE = Prepared(
    select(deliveries)
    .where(deliveries.c.state.in_(WAITING), deliveries.c.look_at <= bindparam("now"))
    .order_by(deliveries.c.look_at, deliveries.c.id)
    .limit(bindparam("most"))
)
_ONE_DUE = Prepared(
    select(deliveries).where(
        deliveries.c.id == bindparam("wanted"),
        deliveries.c.state.in_(WAITING),
        deliveries.c.look_at <= bindparam("now"),
    )
)
_DELIVERY = Prepared(select(deliveries).where(deliveries.c.id == bindparam("wanted")))
_APPROVAL = Prepared(select(approvals).where(approvals.c.id == bindparam("wanted")))
_LOOK_LATER = Prepared(update(deliveries).where(deliveries.c.id == bindparam("wanted")).values(look_at=bindparam("at")))
_NEXT_LOOK = Prepared(select(func.min(deliveries.c.look_at)).where(deliveries.c.state.in_(WAITING)))
_NEXT_LAPSE = Prepared(
    select(func.min(deliveries.c.lease_until)).where(deliveries.c.state == DeliveryState.DISPATCHING.value)
)
_LOST = Prepared(
    select(deliveries).where(
        deliveries.c.state == DeliveryState.DISPATCHING.value, deliveries.c.lease_until <= bindparam("now")
    )
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that the sender has until `lease_until`, with what is to be sent."""

    delivery: Row
    stable_key: str
    """The same for every attempt: `apr_<id>_v<version after approving>`."""
    channel: Channel
    client_id: str
    kind: str
    to_email: str
    to_name: str | None
    subject: str
    body: str
    payload: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it."""

    provider: str
    message_id: str


@dataclass(frozen=True, slots=True)
class NotAccepted:
    """The provider refused it, for now or for good; nothing was sent."""

    error: str
    is_passing: bool


@dataclass(frozen=True, slots=True)
class Unclear:
    """Whether it was sent is not known."""

    error: str


Outcome = Accepted | NotAccepted | Unclear


def next_look(conn: Connection) -> datetime | None:
    """When something is due next, or a lease runs out; None when nothing waits."""
    moments = (_NEXT_LOOK.scalar(conn), _NEXT_LAPSE.scalar(conn))
    return min((moment for moment in moments if moment is not None), default=None)


def due(conn: Connection, now: datetime, most: int) -> list[str]:
    """The ids of up to `most` deliveries that are due, the longest due first, and then in the order of their making."""
    return [row["id"] for row in _DUE.mappings(conn, {"now": now, "most": most})]


def claim(conn: Connection, unit: Unit, delivery_id: str) -> Claimed | None:
    """Take one delivery.

    Returns:
        None where it must wait or go back to a person, and was moved there; where it is no longer due; and where
        another sender is at its recipient in this very moment: it is not waited for, there is other work.
    """
    seen = _due_one(conn, unit, delivery_id)
    row = _take_turn(conn, unit, seen["approval_id"]) if seen is not None else None
    if row is None:
        return None
    delivery = _due_one(conn, unit, delivery_id)  # another sender or an undo may have been first
    return _claim_one(conn, unit, row, delivery) if delivery is not None else None


def give_up(conn: Connection, unit: Unit, delivery_id: str, error: str) -> None:
    """One that can't even be claimed must not stop those behind it: it fails, with why."""
    row = _due_one(conn, unit, delivery_id)
    if row is not None:
        change(conn, unit, row, WAITING, {"state": DeliveryState.FAILED.value, "error": error})


def settle(conn: Connection, unit: Unit, claimed: Claimed, outcome: Outcome) -> bool:
    """Write down what became of an attempt; False when somebody else settled it already.

    A late "accepted" is taken also for an attempt that became `unknown` meanwhile.
    """
    current = _current(conn, claimed, _STILL_TAKEN if isinstance(outcome, Accepted) else _UNSETTLED)
    if current is None:
        return False
    match outcome:
        case Accepted():
            return _settle_sent(conn, unit, current, outcome)
        case NotAccepted():
            return _settle_refused(conn, unit, current, outcome)
        case Unclear(error):
            changes = {"state": DeliveryState.UNKNOWN.value, "lease_until": None, "error": error}
            return _settle(conn, unit, current, changes, error)


def reap(conn: Connection, unit: Unit, *, knows_stable_keys: bool) -> int:
    """Find attempts whose sender was cut off; returns how many.

    Args:
        conn: the transaction.
        unit: when.
        knows_stable_keys: whether the provider recognises what it has already sent, so that trying again is harmless.
    """
    lost = _LOST.mappings(conn, {"now": unit.now})
    for delivery in lost:
        if knows_stable_keys:
            # The lease stays, as the mark of an attempt that may have left: it can't be recalled any more.
            changes = {"state": DeliveryState.READY.value, "look_at": unit.now}
        else:
            error = "the server stopped while it was being sent; whether it left is not known"
            changes = {"state": DeliveryState.UNKNOWN.value, "lease_until": None, "error": error}
        change(conn, unit, delivery, (DeliveryState.DISPATCHING,), changes)
    return len(lost)


def _due_one(conn: Connection, unit: Unit, delivery_id: str) -> Row | None:
    return _ONE_DUE.first_mapping(conn, {"now": unit.now, "wanted": delivery_id})


def _take_turn(conn: Connection, unit: Unit, approval_id: str) -> Row | None:
    """The approval, while nobody else decides it or takes it back; None where somebody claims for its recipient."""
    row = find(conn, unit.actor, approval_id)
    if not locks.attempt(conn, locks.of_recipient(row["client_id"], row["recipient"])):
        return None
    return find_to_change(conn, unit.actor, approval_id)


def _claim_one(conn: Connection, unit: Unit, row: Row, delivery: Row) -> Claimed | None:
    beside = judging.beside(conn, unit, row, delivery)  # first: what is settled after this look has begun a cooldown
    if _is_stopped(conn, unit, row, delivery):
        return None
    if wait := _why_waiting(conn, unit, row, beside):
        _wait(conn, unit, delivery, wait)
        return None
    changes: dict[str, Any] = {
        "state": DeliveryState.DISPATCHING.value, "attempt": delivery["attempt"] + 1, "waiting_for": None,
        "lease_until": unit.now + timedelta(seconds=LEASE_SECONDS), "error": None,
    }  # fmt: skip
    taken = change(conn, unit, delivery, WAITING, changes)
    if taken is None:
        return None
    return Claimed(
        delivery=taken, stable_key=f"apr_{row['id']}_v{delivery['approval_version']}",
        channel=Channel(delivery["channel"]), client_id=row["client_id"], kind=row["kind"], to_email=row["to_email"],
        to_name=row["to_name"], subject=row["subject"], body=row["body"], payload=row["payload"],
    )  # fmt: skip


def _is_stopped(conn: Connection, unit: Unit, row: Row, delivery: Row) -> bool:
    """Whether it must not leave as it is, and was taken out of the sender's way."""
    never = suppression.is_suppressed(conn, row["client_id"], row["to_email"])
    reasons = [NEVER_WRITE] if never else judging.worse_than_approved(conn, unit, row, delivery)
    if not reasons:
        return False
    if delivery["lease_until"] is None:
        block(conn, unit, row, delivery, reasons, for_good=never)
    else:
        # An attempt was cut off and may have left: a person has to find out, not to approve it anew.
        lost = {"state": DeliveryState.UNKNOWN.value, "lease_until": None, "error": "; ".join(reasons)}
        change(conn, unit, delivery, WAITING, lost)
    return True


@dataclass(frozen=True, slots=True)
class Wait:
    """Why something waits though its hold is over, and when it is looked at again at the latest."""

    why: str
    until: datetime


def _why_waiting(conn: Connection, unit: Unit, row: Row, beside: DeliveryState | None) -> Wait | None:
    """What keeps it waiting, though its hold is over; a change of any of it wakes it earlier."""
    soon = unit.now + timedelta(seconds=LOOK_AGAIN_SECONDS)
    tomorrow = unit.next_midnight
    if stop := kill_switch.read(conn).on(row["agent_name"], row["client_id"]):
        return Wait(kill_switch.words(stop), soon)
    agent = judging.agent_of(conn, row)
    if agent is not None and agent.status == "paused":
        return Wait(f"{agent.name} is paused", soon)
    if spent := budgets.what_is_spent(conn, unit):
        return Wait(spent, tomorrow)
    if beside is not None:
        return _wait_for_the_other(unit, beside)
    if budgets.is_cap_reached(conn, unit):
        return Wait(f"{unit.settings.approvals.daily_send_cap} left today, and that is the most", tomorrow)
    return None


def _wait_for_the_other(unit: Unit, beside: DeliveryState) -> Wait:
    if beside is DeliveryState.UNKNOWN:
        why = "another message may have reached them; somebody has to find out whether it did"
        return Wait(why, unit.now + timedelta(seconds=LOOK_AGAIN_SECONDS))
    return Wait("another message to them is being sent", unit.now + timedelta(seconds=MOMENT_SECONDS))


def _wait(conn: Connection, unit: Unit, delivery: Row, wait: Wait) -> None:
    look_at = min(wait.until, delivery["fresh_until"] or wait.until)
    if (delivery["state"], delivery["waiting_for"]) == (DeliveryState.READY, wait.why):
        _LOOK_LATER.run(conn, {"wanted": delivery["id"], "at": look_at})
        return
    changes = {"state": DeliveryState.READY.value, "waiting_for": wait.why, "look_at": look_at}
    change(conn, unit, delivery, WAITING, changes)


def _current(conn: Connection, claimed: Claimed, states: Sequence[DeliveryState]) -> Row | None:
    """The delivery as it is, while this attempt is its newest and is not settled."""
    now = _DELIVERY.one_mapping(conn, {"wanted": claimed.delivery["id"]})
    is_open = now["attempt"] == claimed.delivery["attempt"] and now["state"] in states
    return now if is_open else None


def _settle(conn: Connection, unit: Unit, current: Row, changes: Mapping[str, Any], reason: str | None) -> bool:
    after = change(conn, unit, current, _STILL_TAKEN, changes)
    if after is None:
        raise DomainRefusal("invalid_state", "this attempt was settled elsewhere in the same moment")
    if current["state"] == DeliveryState.UNKNOWN:
        waking.wake_what_waits_beside(conn, unit, after["approval_id"])
    audit.record(
        conn, unit, f"delivery.{after['state']}", "approval", after["approval_id"], after["client_id"],
        after={"delivery_id": after["id"], "attempt": after["attempt"]}, reason=reason,
    )  # fmt: skip
    return True


def _settle_sent(conn: Connection, unit: Unit, current: Row, accepted: Accepted) -> bool:
    row = _APPROVAL.one_mapping(conn, {"wanted": current["approval_id"]})
    try:
        take_effect(conn, unit, row, current)
    except NoEffect as moved:
        return _settle_refused(conn, unit, current, NotAccepted(str(moved), is_passing=False))
    sent = {
        "state": DeliveryState.SENT.value, "lease_until": None, "provider": accepted.provider, "sent_at": unit.now,
        "provider_message_id": accepted.message_id, "error": None,
    }  # fmt: skip
    return _settle(conn, unit, current, sent, None)


def _settle_refused(conn: Connection, unit: Unit, current: Row, refusal: NotAccepted) -> bool:
    refusals = current["refusals"] + 1
    changes: dict[str, Any] = {"lease_until": None, "error": refusal.error, "refusals": refusals}
    if refusal.is_passing and refusals <= REFUSALS_MOST:
        again = unit.now + timedelta(seconds=RETRY_SECONDS * 2 ** (refusals - 1))
        changes |= {"state": DeliveryState.RETRY_WAIT.value, "look_at": again, "not_before": again}
    else:
        changes["state"] = DeliveryState.FAILED.value
    return _settle(conn, unit, current, changes, refusal.error)
