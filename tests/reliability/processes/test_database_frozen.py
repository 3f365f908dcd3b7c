"""A PostgreSQL that stands still, and is not gone: it is told as such, and nothing is decided twice when it goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

import httpx
import psutil
from websockets.asyncio.client import connect

from rig.house import House
from tests.reliability.processes.serving import Served, decided, environment_of, on_postgresql, serving, until_ready
from tests.support.patience import PATIENCE_SECONDS


def is_told_to_wait(answer: httpx.Response) -> bool:
    return (
        answer.status_code == 503
        and answer.json()["code"] == "unavailable"
        and int(answer.headers["Retry-After"]) > 0
        and "does not answer" in answer.json()["detail"]
    )


async def approve(http: httpx.AsyncClient, approval_id: str) -> httpx.Response:
    return await http.post(f"/api/approvals/{approval_id}/approve", headers={"Idempotency-Key": approval_id})


async def after_ready(server: Served, *asked: Coroutine[Any, Any, httpx.Response]) -> list[httpx.Response]:
    """The answers to what was asked, and to a `/ready` meanwhile."""
    async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_SECONDS) as http:
        under_way = [asyncio.create_task(one) for one in asked]
        ready = await http.get("/ready")
        assert (ready.status_code, ready.json()["failing"]) == (503, ["database"])
        return list(await asyncio.gather(*under_way))


@on_postgresql
async def test_whoever_asks_a_frozen_database_is_told_so_and_each_decision_counts_once_after_it(house: House) -> None:
    house.clock.set(datetime.now(UTC))
    made = [house.draft() for _ in range(12)]  # more than there are connections
    drafts = [draft.id for draft in made]
    headers = {"X-API-Key": house.tokens["ana"], "If-Match": '"1"'}
    with serving(house) as server:
        await until_ready(server, 200)
        async with (
            httpx.AsyncClient(base_url=server.url, headers=headers, timeout=PATIENCE_SECONDS) as http,
            connect(server.socket_url, additional_headers=headers, proxy=None, open_timeout=PATIENCE_SECONDS) as socket,
        ):
            assert (await http.get("/api/me")).status_code == 200
            with house.postgres.frozen():
                answers = await after_ready(server, *(approve(http, one) for one in drafts))
                assert all(is_told_to_wait(answer) for answer in answers), [answer.text for answer in answers]
                assert is_told_to_wait(await http.get("/api/approvals"))
                assert (await http.get("/health")).status_code == 200
            await until_ready(server, 200)
            later = await asyncio.gather(*(approve(http, one) for one in drafts))
            heard = await decided(socket, len(drafts))
    assert [answer.json()["changed"] for answer in later] == [True] * len(drafts)
    assert heard == set(drafts)
    actions = [[row["action"] for row in house.trail(draft)] for draft in made]
    assert [told.count("approval.approve") for told in actions] == [1] * len(made)


@on_postgresql
async def test_a_frozen_database_keeps_no_server_from_ending_and_lets_none_begin(house: House) -> None:
    with serving(house) as server:
        await until_ready(server, 200)
        with house.postgres.frozen():
            await until_ready(server, 503)
            os.kill(server.pid, signal.SIGTERM)
            await asyncio.to_thread(psutil.Process(server.pid).wait, PATIENCE_SECONDS)
            begun = await asyncio.to_thread(run_server, house)
    assert begun.returncode == 1
    (said,) = begun.stderr.splitlines()
    assert said.startswith("cc-server: The database postgresql://")
    assert "can't be reached" in said


def run_server(house: House) -> subprocess.CompletedProcess[str]:
    """`cc-server run`, until it ends."""
    command = [sys.executable, "-m", "cc_server", "run", "--port", "0"]
    return subprocess.run(
        command, env=environment_of(house), capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )
