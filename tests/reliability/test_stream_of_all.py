"""Everything reaches everybody it is for: two servers, eight writers, readers that are cut and come back anywhere."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, select
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from cc_server.db.tables import event_log, installation
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.events import log
from rig.house import House
from tests.conftest import Effort
from tests.reliability.processes.serving import Served, serving_several
from tests.support.patience import PATIENCE_SECONDS

WRITERS = 8
SHORT, LONG = 2_000, 100_000
FRAMES_BEFORE_A_CUT = 40
TOPICS = ("approvals", "leads", "runs", "costs")


@dataclass
class Reader:
    """Who follows the stream, on any of the servers, and keeps what arrives."""

    servers: list[Served]
    token: str
    topics: str | None
    position: str
    rng: random.Random
    seen: list[int] = field(default_factory=list)
    clients: set[str | None] = field(default_factory=set)
    told_topics: set[str] = field(default_factory=set)
    sent: int = 0
    cuts: int = 0

    @property
    def at(self) -> int:
        """How far it has come."""
        return int(self.position.rpartition(".")[2])

    async def follow(self, until: asyncio.Future[int]) -> None:
        """Read until the last event there is, coming and going meanwhile."""
        while not (until.done() and self.at >= until.result()):
            self.cuts += 1
            self.sent = self.at
            frames = self._by_socket() if self.rng.random() < 0.8 else self._by_poll()
            await self._read(frames, until)

    async def _read(self, frames: AsyncIterator[dict[str, Any]], until: asyncio.Future[int]) -> None:
        left = self.rng.randint(1, FRAMES_BEFORE_A_CUT)
        async for frame in frames:
            self._take(frame)
            left -= 1
            if left == 0 or (until.done() and self.at >= until.result()):
                return

    def _take(self, frame: dict[str, Any]) -> None:
        match frame:
            case {"frame": "event", "seq": seq, "prev_seq": previous}:
                assert previous == self.sent, f"{previous} is not what was sent before, {self.sent}"
                self.seen.append(seq)
                self.sent = seq
                if frame["topic"] not in log.FOR_ALL:
                    self.clients.add(frame["client_id"])
                self.told_topics.add(frame["topic"])
                self._stand_at(seq)
            case {"frame": "heartbeat", "head_seq": seq, "last_sent_seq": sent}:
                assert sent == self.sent
                self._stand_at(seq)
            case {"frame": "hello", "resumed": resumed}:
                assert resumed
            case _:
                assert frame["frame"] == "going_away", frame

    def _stand_at(self, seq: int) -> None:
        self.position = f"{self.position.rpartition('.')[0]}.{seq}"

    async def _by_socket(self) -> AsyncIterator[dict[str, Any]]:
        server = self.rng.choice(self.servers)
        asked = f"{server.socket_url}?since={self.position}" + (f"&topics={self.topics}" if self.topics else "")
        headers = {"X-API-Key": self.token}
        async with connect(asked, additional_headers=headers, proxy=None, open_timeout=PATIENCE_SECONDS) as socket:
            with suppress(ConnectionClosed):
                while True:
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        told = json.loads(await socket.recv())
                    for frame in told if isinstance(told, list) else [told]:
                        yield frame

    async def _by_poll(self) -> AsyncIterator[dict[str, Any]]:
        server = self.rng.choice(self.servers)
        asked = {"after": self.position, "wait": "1"} | ({"topics": self.topics} if self.topics else {})
        async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_SECONDS) as http:
            page = (await http.get("/api/events", params=asked, headers={"X-API-Key": self.token})).json()
        for frame in page["frames"]:
            yield frame
        self.position = page["next"]


async def write(house: House, rng: random.Random, how_many: int) -> None:
    """One writer: units of one to five events of any topic and client, of which some are taken back."""
    while how_many > 0:
        count = min(how_many, rng.randint(1, 5))
        words = [(rng.choice(TOPICS), rng.choice((house.client_id, house.other_client_id, None))) for _ in range(count)]
        is_refused = rng.random() < 0.1

        def unit(conn: Connection) -> None:
            for topic, client_id in words:  # noqa: B023 - it runs before the loop goes on
                log.append(
                    conn, at=datetime.now(UTC), topic=topic, type="lead.updated", object_id="x", version=1,
                    client_id=client_id, data='{"text":"x"}',
                )  # fmt: skip
            if is_refused:  # noqa: B023
                raise DomainRefusal("invalid_state", "taken back")

        with suppress(DomainRefusal):
            await house.db.write(unit)
            how_many -= count


def expected(house: House, since: int, reader: Reader, clients: set[str | None] | None) -> list[int]:
    """What a reader should have seen, from the table."""
    query = select(event_log.c.seq).where(event_log.c.seq > since).order_by(event_log.c.seq)
    if reader.topics:
        query = query.where(event_log.c.topic.in_(reader.topics.split(",")))
    if clients is not None:
        theirs = event_log.c.client_id.in_(sorted(one for one in clients if one))
        query = query.where(theirs | event_log.c.topic.in_(sorted(log.FOR_ALL)))
    return house.db.read_sync(lambda conn: list(conn.execute(query).scalars()))


@pytest.mark.parametrize("house", ["postgresql"], indirect=True)
async def test_nobody_misses_anything_of_two_servers_and_nobody_sees_what_is_anothers(
    house: House, effort: Effort
) -> None:
    start = house.db.read_sync(log.head)
    other: set[str | None] = {house.other_client_id}
    kinds: list[tuple[str, str | None, set[str | None] | None]] = [
        ("ana", None, None), ("ana", "approvals,costs", None), ("bound viewer", None, other),
        ("bound", "leads", other), ("bound to both", "runs,leads", {house.client_id, house.other_client_id}),
        ("viewer", "costs", None),
    ]  # fmt: skip
    with serving_several(house, 2) as servers:
        readers = [
            Reader(servers, house.tokens[key], topics, f"{start.epoch}.{start.seq}", random.Random(place))
            for place, (key, topics, _) in enumerate(kinds)
        ]
        end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        following = [asyncio.create_task(reader.follow(end)) for reader in readers]
        share = effort(SHORT, LONG) // WRITERS
        await asyncio.gather(*(write(house, random.Random(100 + one), share) for one in range(WRITERS)))
        head = house.db.read_sync(lambda conn: int(conn.execute(select(installation.c.head_seq)).scalar_one()))
        end.set_result(head)
        await asyncio.gather(*following)
    assert head - start.seq >= share * WRITERS
    for reader, (_, topics, clients) in zip(readers, kinds, strict=True):
        assert reader.seen == expected(house, start.seq, reader, clients)
        assert clients is None or reader.clients <= clients
        assert topics is None or reader.told_topics <= set(topics.split(","))
        assert reader.cuts > 1
