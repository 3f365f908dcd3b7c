"""Many people decide the same things in the same moments: each is decided once, and by one of them."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime

import httpx

from cc_server.db.postgres.url import PostgresUrl
from rig.house import House
from tests.conftest import Effort
from tests.reliability.processes.serving import Served, serving_several

CLIENTS = 8
SHORT, LONG = 60, 500
SECONDS = 600.0


async def decide_all(server: Served, token: str, ids: list[str], seed: int, changed: Counter[str]) -> None:
    """One person who goes through all items in an order of their own, approving or rejecting."""
    rng = random.Random(seed)
    headers = {"X-API-Key": token, "If-Match": '"1"'}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=SECONDS) as http:
        for approval_id in rng.sample(ids, len(ids)):
            verb, body = rng.choice([("approve", {}), ("reject", {"reason_code": "tone"})])
            intent = {"Idempotency-Key": f"{seed}-{approval_id}"}
            answer = await http.post(f"/api/approvals/{approval_id}/{verb}", json=body, headers=intent)
            assert answer.status_code in (200, 409, 412), answer.text
            changed[approval_id] += answer.status_code == 200 and answer.json()["changed"]


async def test_every_item_is_decided_once_whoever_decides_at_the_same_time(house: House, effort: Effort) -> None:
    house.clock.set(datetime.now(UTC))
    ids = [house.draft().id for _ in range(effort(SHORT, LONG))]
    house.close()
    people = [house.tokens[name] for name in ("ana", "tom", "admin", "bound to both")]
    changed: Counter[str] = Counter()
    with serving_several(house, 2 if isinstance(house.db.address, PostgresUrl) else 1) as servers:
        await asyncio.gather(
            *(
                decide_all(servers[one % len(servers)], people[one // 2], ids, one, changed)
                for one in range(CLIENTS)
            )
        )  # fmt: skip
        async with httpx.AsyncClient(
            base_url=servers[0].url, headers={"X-API-Key": people[0]}, timeout=SECONDS
        ) as http:
            pages = [(await http.get(f"/api/approvals?status={one}&limit=1")).json() for one in ("pending", "approved")]
            summary = pages[0]["summary"]
    assert [pages[0]["total"], pages[1]["total"] + summary["rejected"]] == [0, len(ids)]
    assert {one: changed[one] for one in ids} == dict.fromkeys(ids, 1)
