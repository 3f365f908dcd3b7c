"""Four server processes that send from one database: what holds for one sender holds for all of them together."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx

from cc_api_client.models.outbox.approvals import Approval
from cc_server.db.tables import approvals, deliveries
from rig.house import House
from tests.reliability.processes.serving import Served, on_postgresql, serving_several
from tests.support.patience import PATIENCE_SECONDS

SENDERS = 4
AT_ONCE = ("--hold-seconds", "0")
CAP = 20


def approved(house: House, how_many: int, **changes: Any) -> list[Approval]:
    """Drafts that a person approved, and that may leave at once."""
    house.clock.set(datetime.now(UTC))
    made = [house.draft(**changes) for _ in range(how_many)]
    for draft in made:
        house.approve(draft)
    return made


def states(house: House) -> Counter[str]:
    """How many deliveries are in which state; one that waits is told by why."""
    return Counter(row["waiting_for"] or row["state"] for row in house.all(deliveries))


def recipients(house: House, state: str) -> Counter[str]:
    """To whom deliveries of a state go."""
    found = {row["approval_id"] for row in house.all(deliveries) if row["state"] == state}
    return Counter(row["recipient"] for row in house.all(approvals) if row["id"] in found)


def mails(house: House) -> int:
    return len(list((house.folder / "outbox").glob("*.eml")))


async def until(house: House, holds: Callable[[Counter[str]], bool]) -> Counter[str]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds(found := await asyncio.to_thread(states, house)):
            await asyncio.sleep(0.1)
    return found


def is_at_rest(found: Counter[str]) -> bool:
    """Whether nothing is about to be claimed or settled."""
    return not any(found[state] for state in ("held", "ready", "dispatching", "retry_wait"))


@on_postgresql
async def test_four_senders_stop_at_the_days_cap_together_and_write_to_nobody_twice(house: House) -> None:
    house.set("approvals", hold_seconds=0, daily_send_cap=CAP)
    pairs = [f"pair{number}@clinic.example" for number in range(6)]
    approved(house, 18)
    for address in (*pairs, *pairs):
        approved(house, 1, to_email=address)
    with serving_several(house, SENDERS, *AT_ONCE):
        found = await until(house, is_at_rest)
        assert (found["sent"], mails(house)) == (CAP, CAP)
        assert max(recipients(house, "sent").values()) == 1
        house.set("approvals", daily_send_cap=None)
        found = await until(house, lambda found: found["sent"] + found["blocked"] == 30)
    assert found == {"sent": 24, "blocked": 6}
    assert recipients(house, "blocked") == dict.fromkeys(pairs, 1)
    assert max(recipients(house, "sent").values()) == 1
    assert mails(house) == 24


async def engage(servers: list[Served], token: str) -> dict[str, Any]:
    """Stop everything, by one of the servers."""
    async with httpx.AsyncClient(headers={"X-API-Key": token}, timeout=PATIENCE_SECONDS) as http:
        body = {"engaged": True, "reason": "wrong price list"}
        answer = await http.post(f"{servers[0].url}/api/settings/kill-switch", json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


@on_postgresql
async def test_no_sender_of_four_sends_without_a_budget_or_claims_after_a_stop(house: House) -> None:
    house.set("approvals", hold_seconds=0)
    house.set("budgets", daily_usd="0")
    drafts = approved(house, 80)
    with serving_several(house, SENDERS, *AT_ONCE) as servers:
        await until(house, lambda found: found["today's budget of $0.00 is spent"] == len(drafts))
        assert mails(house) == 0
        house.set("budgets", daily_usd=None)
        await until(house, lambda found: found["sent"] > 0)
        await engage(servers, house.tokens["ana"])
        found = await until(house, is_at_rest)
    assert mails(house) == found["sent"] > 0
    told = house.events()
    stop = next(place for place, event in enumerate(told) if event["type"] == "kill_switch.changed")
    later = [event["data"]["state"] for event in told[stop:] if event["type"] == "delivery.changed"]
    assert "dispatching" not in later
