"""A database that goes away is told as such, keeps nothing by half, and comes back by itself."""

from __future__ import annotations

import asyncio
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from cc_server.cli.serving.server import bind
from rig.house import House
from tests.server.serving import Api
from tests.support.patience import PATIENCE_SECONDS

UNLIMITED = resource.RLIM_INFINITY
on_a_file = pytest.mark.parametrize("house", ["sqlite"], indirect=True)


@contextmanager
def served_elsewhere(db: Path) -> Iterator[tuple[str, int]]:
    """`cc-server run` on a database; yields its address and its pid."""
    with bind("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "cc_server", "run", "--db", str(db), "--port", str(port), "--hold-seconds", "3600"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            assert any("Serving" in line for line in server.stderr)
            yield f"http://127.0.0.1:{port}", server.pid
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=PATIENCE_SECONDS)


def is_told_to_wait(answer: httpx.Response) -> bool:
    """A problem that says that the store is away, and when to ask again."""
    return (
        answer.status_code == 503
        and answer.json()["code"] == "unavailable"
        and int(answer.headers["Retry-After"]) > 0
        and "database" in answer.json()["detail"]
    )


@on_a_file
def test_a_full_disk_is_told_and_decisions_go_on_once_there_is_space(house: House) -> None:
    """A file that may not grow is what a full disk is to the server; reading goes on meanwhile."""
    house.clock.set(datetime.now(UTC))  # the server that follows knows no other
    drafts = [house.draft() for _ in range(3)]
    house.close()
    headers = {"X-API-Key": house.tokens["ana"], "If-Match": '"1"'}
    with (
        served_elsewhere(house.folder / "house.db") as (url, pid),
        httpx.Client(base_url=url, headers=headers, timeout=PATIENCE_SECONDS) as http,
    ):

        def approve(place: int) -> httpx.Response:
            return http.post(f"/api/approvals/{drafts[place].id}/approve", headers={"Idempotency-Key": f"key-{place}"})

        assert approve(0).json()["changed"] is True
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, UNLIMITED))
        refused = approve(1)
        assert is_told_to_wait(refused), refused.text
        assert http.get(f"/api/approvals/{drafts[1].id}").json()["status"] == "pending"
        ready = http.get("/ready")
        assert (ready.status_code, ready.json()["reason"]) == (503, "it can't be written to")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (UNLIMITED, UNLIMITED))
        assert [approve(place).json()["changed"] for place in (1, 2)] == [True, True]
        again = approve(1)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert http.get("/ready").json() == {"status": "ok", "failing": [], "reason": None}


@on_a_file
async def test_all_callers_are_told_that_another_program_holds_the_database_and_it_comes_back(
    api: Api, house: House
) -> None:
    drafts = [house.draft() for _ in range(8)]
    other = sqlite3.connect(house.folder / "house.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    asked = [api.post(f"/api/approvals/{draft.id}/approve", headers={"If-Match": '"1"'}) for draft in drafts]
    answers = await asyncio.gather(*asked)
    other.execute("ROLLBACK")
    other.close()
    assert all(is_told_to_wait(answer) or answer.json().get("changed") for answer in answers)
    assert any(is_told_to_wait(answer) for answer in answers)
    told = [answer.status_code == 200 for answer in answers]
    assert [house.now(draft).status == "approved" for draft in drafts] == told
    left = [draft for draft in drafts if house.now(draft).status == "pending"]
    later = [await api.post(f"/api/approvals/{draft.id}/approve", headers={"If-Match": '"1"'}) for draft in left]
    assert all(answer.json()["changed"] is True for answer in later)


@on_a_file
@pytest.mark.parametrize("is_replaced", [False, True])
async def test_a_file_that_was_taken_away_is_told_at_once_without_its_name_and_readiness_comes_back_with_it(
    api: Api, house: House, *, is_replaced: bool
) -> None:
    path = Path(str(house.db.address))
    assert (await api.get("/ready", None)).status_code == 200
    away = path.rename(path.with_name("away.db"))
    if is_replaced:
        path.touch()
    told = await api.get("/ready", None)
    assert (told.status_code, int(told.headers["Retry-After"]) > 0) == (503, True)
    assert told.json() == {"status": "unavailable", "failing": ["database"], "reason": "it can't be read"}
    assert is_told_to_wait(await api.get("/api/approvals"))
    (database,) = (one for one in api.application.components() if one.name == "database")
    assert (database.status, str(path) in (database.detail or "")) == ("down", True)
    assert path.exists() is is_replaced
    away.rename(path)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await api.get("/ready", None)).status_code != 200:
            await asyncio.sleep(0.05)
    draft = house.draft()
    answer = await api.post(f"/api/approvals/{draft.id}/approve", headers={"If-Match": '"1"'})
    assert answer.json()["changed"] is True
