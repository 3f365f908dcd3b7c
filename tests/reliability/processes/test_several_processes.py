"""Several server processes behind one port, and a database that goes away under them."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from cc_server.db.postgres.url import PostgresUrl
from cc_server.domain.access import keys
from rig.house import BOSS, END_OTHERS, House
from tests.reliability.processes.serving import Served, decided, on_postgresql, serving, until_ready
from tests.support.patience import PATIENCE_SECONDS


def workers_of(server: Served) -> set[int]:
    """The children of a server's process."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(server.pid)], capture_output=True, text=True, check=False)
    return {int(pid) for pid in found.stdout.split()}


@on_postgresql
async def test_a_worker_that_is_killed_is_replaced_all_end_when_asked_and_that_they_serve_is_said_once(
    house: House,
) -> None:
    house.clock.set(datetime.now(UTC))
    draft = house.draft()
    with serving(house, "--workers", "2") as server:
        await until_ready(server, 200)
        before = workers_of(server)
        assert len(before) == 2
        os.kill(min(before), signal.SIGKILL)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(workers_of(server) - {min(before)}) < 2:
                await asyncio.sleep(0.1)
        await until_ready(server, 200)
        headers = {"X-API-Key": house.tokens["ana"], "If-Match": '"1"'}
        async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=PATIENCE_SECONDS) as http:
            answer = await http.post(f"/api/approvals/{draft.id}/approve")
        assert answer.json()["changed"] is True
        left = workers_of(server)
        assert [line for line in server.said if "Serving" in line] == [f"Serving {house.db.address} at {server.url}\n"]
    assert not [pid for pid in left if os.path.exists(f"/proc/{pid}")]  # noqa: PTH110


async def counted(server: Served) -> set[int]:
    """How often `/health` was answered, as several connections are told: each may reach another worker."""
    found = set()
    for _ in range(8):
        async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_SECONDS) as http:
            told = await http.get("/metrics")
        assert told.status_code == 200, told.text
        found.add(sum(int(float(one)) for one in re.findall(r'cc_requests_total{.*route="/health".*} (.*)', told.text)))
    return found


@on_postgresql
async def test_the_figures_are_those_of_all_workers_whichever_answers_and_never_fall(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC_SERVER_METRICS", "true")
    with serving(house, "--workers", "2") as server:
        await until_ready(server, 200)
        for _ in range(12):
            async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_SECONDS) as http:
                assert (await http.get("/health")).status_code == 200
        assert await counted(server) == {12}
        before = workers_of(server)
        os.kill(min(before), signal.SIGKILL)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(workers_of(server) - {min(before)}) < 2:
                await asyncio.sleep(0.1)
        await until_ready(server, 200)
        assert await counted(server) == {12}


@on_postgresql
async def test_a_worker_that_is_killed_as_it_begins_to_count_does_not_keep_the_others_from_their_figures(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC_SERVER_METRICS", "true")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with serving(house, "--workers", "2") as server:
        await until_ready(server, 200)
        (folder,) = tmp_path.glob("cc-figures-*")
        (folder / "counter_999999.db").touch()
        async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_SECONDS) as http:
            assert (await http.get("/health")).status_code == 200
        assert await counted(server) == {1}


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_a_file_refuses_more_than_one_process_in_a_sentence(house: House) -> None:
    command = [sys.executable, "-m", "cc_server", "run", "--workers", "2", "--db", str(house.db.address)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    assert ended.returncode == 1
    assert ended.stderr.startswith("cc-server: workers: a SQLite file has one server process")


async def told_by(server: Served, token: str, begun: asyncio.Event) -> int | None:
    """The code with which a stream of this key ends."""
    async with connect(
        server.socket_url, additional_headers={"X-API-Key": token}, proxy=None, open_timeout=PATIENCE_SECONDS
    ) as socket:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    await socket.recv()
                    begun.set()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


@pytest.mark.parametrize("house", ["sqlite", "postgresql"], indirect=True)
async def test_a_key_that_another_process_revokes_loses_its_streams_on_every_server(house: House) -> None:
    several = 2 if isinstance(house.db.address, PostgresUrl) else 1
    (key_id,) = (one.id for one in house.db.read_sync(keys.every) if one.name == "viewer")
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(house)) for _ in range(several)] if several == 2 else []
        if not servers:
            house.close()
            servers = [stack.enter_context(serving(house))]
        begun = [asyncio.Event() for _ in servers]
        streams = [
            asyncio.create_task(told_by(server, house.tokens["viewer"], event))
            for server, event in zip(servers, begun, strict=True)
        ]
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(*(event.wait() for event in begun))
        if several == 1:
            dsn = str(house.db.address)
            command = [sys.executable, "-m", "cc_server", "keys", "revoke", "viewer", "--db", dsn]
            await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
        else:
            house.do(keys.revoke, key_id, by=BOSS)
        assert set(await asyncio.gather(*streams)) == {4401}


@on_postgresql
async def test_a_database_that_cuts_everybody_off_again_and_again_loses_nothing(house: House) -> None:
    house.clock.set(datetime.now(UTC))
    drafts = [house.draft() for _ in range(20)]
    url = house.db.address
    assert isinstance(url, PostgresUrl)
    headers = {"X-API-Key": house.tokens["ana"], "If-Match": '"1"'}
    with serving(house) as server:
        await until_ready(server, 200)
        async with (
            httpx.AsyncClient(base_url=server.url, headers=headers, timeout=PATIENCE_SECONDS) as http,
            connect(server.socket_url, additional_headers=headers, proxy=None, open_timeout=PATIENCE_SECONDS) as socket,
        ):
            for place, draft in enumerate(drafts):
                if place % 4 == 0:
                    await asyncio.to_thread(house.postgres.execute, END_OTHERS, database=url)
                intent = {"Idempotency-Key": draft.id}
                answer = await http.post(f"/api/approvals/{draft.id}/approve", headers=intent)
                while answer.status_code == 503:
                    assert int(answer.headers["Retry-After"]) > 0
                    await asyncio.sleep(0.1)
                    answer = await http.post(f"/api/approvals/{draft.id}/approve", headers=intent)
                assert answer.json()["changed"] is True
            told = await decided(socket, len(drafts))
        await until_ready(server, 200)
    assert told == {draft.id for draft in drafts}
