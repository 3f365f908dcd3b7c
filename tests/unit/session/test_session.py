"""One run against one server: what can't be done before it is known, what is kept, how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from cc_api_client.errors import Unreachable
from cc_api_client.models.work.agents import Agent
from cc_tui.config.model import Config
from cc_tui.decisions.journal import AlreadyDecided, JournalUnavailable, Verb
from cc_tui.session import ClientNotSeen, NotConnected, Session, new_key
from cc_tui.state.approvals.rows import LocalPhase
from cc_tui.state.identity import Identity
from cc_tui.state.load import Load
from cc_tui.state.messages import Level
from cc_tui.sync.client_seen import seen_instead
from tests.client.wire_server import json_reply, wire_server
from tests.support.patience import until_true
from tests.support.rows import row
from tests.unit.decisions.support import StandingClock

ME = Identity("ana", "operator", "server-1", "epoch-1")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(journal_dir=str(tmp_path / "journal"))


@pytest.fixture
async def session(config: Config, unused_tcp_port: int) -> AsyncIterator[Session]:
    """A session whose server does not answer."""
    made = Session(config, StandingClock(), Random(7))
    await made.open(f"http://127.0.0.1:{unused_tcp_port}", "a-key")
    yield made
    await made.close()


def test_nothing_is_decided_before_a_server_is_opened(config: Config) -> None:
    session = Session(config)
    with pytest.raises(NotConnected, match="not connected yet"):
        session.decide(row(1), Verb.APPROVE)
    assert session.known.approvals.local == {}


async def test_nothing_is_decided_before_the_server_has_told_who_it_is(session: Session) -> None:
    with pytest.raises(NotConnected):
        session.decide(row(1), Verb.APPROVE)
    assert session.known.approvals.local == {}
    assert session.backstage is not None
    assert session.backstage.deciding.singles.waiting() == []


async def test_a_decision_is_kept_and_shown_at_once_and_once_only(session: Session) -> None:
    session.known.identity.set(ME, ())
    session.decide(row(1), Verb.APPROVE)
    assert session.known.approvals.local[row(1).id].phase is LocalPhase.UNDELIVERED
    with pytest.raises(AlreadyDecided):
        session.decide(row(1), Verb.REJECT)
    assert session.backstage is not None
    (kept,) = session.backstage.deciding.singles.waiting()
    assert (kept.verb, kept.seen.version, kept.seen.payload_sha256) == (
        Verb.APPROVE,
        row(1).version,
        row(1).payload_sha256,
    )
    assert (kept.destination.server_id, kept.destination.key_name) == ("server-1", "ana")


async def test_what_is_not_delivered_is_counted_at_the_end_and_there_at_the_next_start(
    config: Config, unused_tcp_port: int
) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    first = Session(config, StandingClock(), Random(7))
    await first.open(url, "a-key")
    first.known.identity.set(ME, ())
    first.decide(row(1), Verb.APPROVE)
    assert await first.close() == 1
    assert await first.close() == 0, "a second close has nothing to do"
    with pytest.raises(NotConnected):
        first.decide(row(2), Verb.APPROVE)
    second = Session(config, StandingClock(), Random(7))
    await second.open(url, "a-key")
    assert second.known.approvals.local == {}, "it is not known yet whose they are"
    second.known.identity.set(ME, ())
    assert list(second.known.approvals.local) == [row(1).id]
    assert await second.close() == 1


async def test_decisions_for_another_server_are_not_taken_up(config: Config, unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    first = Session(config, StandingClock(), Random(7))
    await first.open(url, "a-key")
    first.known.identity.set(ME, ())
    first.decide(row(1), Verb.APPROVE)
    await first.close()
    second = Session(config, StandingClock(), Random(7))
    await second.open(url, "a-key")
    second.known.identity.set(Identity("ana", "operator", "server-2", "epoch-9"), ())
    assert second.known.approvals.local == {}
    assert await second.close() == 0


async def test_a_typed_edit_is_kept_for_its_server(session: Session) -> None:
    session.edits.keep(row(1).id, 1, {"subject": "typed"})
    assert session.edits.unsaved(row(1).id) is None, "before the server is known there is nowhere to keep it"
    session.known.identity.set(ME, ())
    session.edits.keep(row(1).id, 1, {"subject": "typed"})
    draft = session.edits.unsaved(row(1).id)
    assert draft is not None
    assert (draft.version, draft.fields) == (1, {"subject": "typed"})
    session.known.identity.set(Identity("ana", "operator", "server-2", "e"), ())
    assert session.edits.unsaved(row(1).id) is None


async def test_an_edit_that_cant_be_saved_is_said_and_kept(config: Config) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = json.dumps({"detail": "the draft is being sent"}).encode()
        head = f"HTTP/1.1 422 No\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        session = Session(config, StandingClock(), Random(7))
        await session.open(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "a-key")
        session.known.identity.set(ME, ())
        session.edits.keep(row(1).id, 1, {"subject": "typed", "body": "text"})
        await session.edits.save(row(1), {"subject": "typed", "body": "text"})
        said = [message.text for message in session.known.messages.newest(10)]
        assert "not saved, kept for the next e: the draft is being sent" in said
        assert session.edits.unsaved(row(1).id) is not None
        await session.close()


@pytest.mark.parametrize(("url", "key"), [("cc.example", "a-key"), ("http://h", ""), ("http://h", "two words")])
async def test_an_address_or_a_key_that_cant_be_used_opens_nothing(url: str, key: str, config: Config) -> None:
    session = Session(config)
    with pytest.raises(ValueError, match=r"address|API key"):
        await session.open(url, key)
    assert session.backstage is None
    assert not config.journal_path.exists()
    assert await session.close() == 0


async def test_work_that_ends_unexpectedly_is_said(session: Session, caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> None:
        raise ZeroDivisionError("nobody foresaw it")

    session._spawn(fails(), "counting")
    await asyncio.gather(*session._tasks[-1:], return_exceptions=True)
    await asyncio.sleep(0)
    (said,) = [message for message in session.known.messages.log if message.text.startswith("something broke")]
    assert said.level is Level.ERROR
    assert said.text == f"something broke (ZeroDivisionError); {session.config.log_path} has more"
    assert caplog.records[-1].exc_info is not None


def test_looking_only_can_be_chosen(config: Config) -> None:
    assert Session(Config(read_only=True)).known.identity.is_read_only
    assert not Session(config).known.identity.is_read_only


def test_the_servers_time_is_the_local_one_with_what_lies_between(config: Config) -> None:
    session = Session(config, StandingClock())
    session.known.link.clock_offset = -30.0
    assert session.server_now() == 970.0


def test_the_top_spender_is_who_spent_most_in_the_last_hour(config: Config) -> None:
    session = Session(config)
    assert session.top_spender() == ""
    agents = [
        Agent(id=name, agent_name=name, name=name, status="active", cost_1h_usd=cost)
        for name, cost in (("caller", Decimal("0")), ("outreach", Decimal("6.104")), ("follow-up", Decimal("1")))
    ]
    session.known.agents.set_all([*agents, Agent(id="x", agent_name="x", name="x", status="planned")], Load())
    assert session.top_spender() == "outreach $6.10/h"


def test_keys_are_never_the_same_and_can_stand_in_a_header() -> None:
    keys = {new_key() for _ in range(1_000)}
    assert len(keys) == 1_000
    assert all(key.isascii() and key.isalnum() and len(key) == 32 for key in keys)


async def test_a_journal_that_fails_at_the_end_keeps_neither_tasks_nor_client_open(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    backstage = session.backstage
    assert backstage is not None
    tasks = list(session._tasks)

    closed: list[str] = []

    def fails() -> int:
        raise JournalUnavailable("the disk is gone")

    async def told() -> None:
        closed.append("client")

    monkeypatch.setattr(backstage.client, "aclose", told)
    monkeypatch.setattr(backstage.deciding, "waiting_count", fails)
    with pytest.raises(JournalUnavailable):
        await session.close()
    assert all(task.done() for task in tasks)
    assert closed == ["client"]


CLINIC = {
    "id": "clinic", "name": "Clinic", "status": "active", "health": "good", "churn_risk": 0.0, "mrr_usd": "10",
    "version": 1, "automations_count": 0, "since": "2026-01-01",
}  # fmt: skip


async def test_one_client_of_many_is_asked_for_by_its_id(config: Config) -> None:
    async with wire_server() as wire:
        wire.reply(json_reply({"items": [CLINIC], "total": 1}))
        assert await seen_instead(wire.url, "a-key", "clinic", Random(7)) is None
        wire.reply(json_reply({"items": []}), json_reply({"items": [CLINIC], "total": 700}))
        assert await seen_instead(wire.url, "a-key", "gone", Random(7)) == "Clinic clinic and 699 more"
    assert [one.headers["x-client-id"] for one in wire.heard] == ["clinic", "gone", "all"]


async def test_a_client_that_nobody_knows_is_told_with_those_there_are(config: Config) -> None:
    me = {
        "name": "ana", "role": "operator", "client_ids": None, "server_id": "s", "epoch": "e",
        "server_time": "2026-11-25T12:00:00Z",
    }  # fmt: skip
    session = Session(config, StandingClock(), Random(7))
    async with wire_server() as wire:
        wire.reply(json_reply(me), json_reply({"items": []}), json_reply({"items": [CLINIC], "total": 1}))
        with pytest.raises(ClientNotSeen, match=r"none of that id; it sees Clinic clinic$"):
            await session.test(wire.url, "a-key", "gone")


async def test_a_key_that_is_not_taken_is_told_with_the_setting_it_comes_from_and_nothing_goes_on_loading(
    tmp_path: Path,
) -> None:
    file = tmp_path / "my.toml"
    config = Config(
        key_file="ana.key", api_key="a-key", origins={"key_file": str(file)}, journal_dir=str(tmp_path / "journal")
    )
    async with wire_server() as wire:
        wire.reply(json_reply({"title": "Unauthorized"}, 401))
        session = Session(config, StandingClock(), Random(7))
        await session.open(wire.url, "a-key")
        await until_true(lambda: session.known.link.link.is_key_refused)
        await until_true(lambda: session.known.agents.load.error == "the server does not accept this key")
        await session.close()
    said = [message.text for message in session.known.messages.log if message.level is Level.ERROR]
    assert said == [
        f"the server does not accept this key (key_file, {file}); have an admin make another one, and start cc-tui "
        "with it"
    ]


async def test_a_server_is_asked_who_the_key_is_without_being_opened(config: Config) -> None:
    me = {
        "name": "ana", "role": "operator", "client_ids": None, "server_id": "s", "epoch": "e",
        "server_time": "2026-11-25T12:00:00Z",
    }  # fmt: skip
    session = Session(config, StandingClock(), Random(7))
    async with wire_server() as wire:
        wire.reply(json_reply(me), json_reply({"items": [CLINIC], "total": 1}))
        told = await session.test(wire.url, "a-key", "clinic")
    asked, of_client = wire.heard
    assert (of_client.target, of_client.headers["x-client-id"]) == ("/api/clients?limit=1", "clinic")
    assert (told.name, told.role) == ("ana", "operator")
    assert asked.target == "/api/me"
    assert session.backstage is None
    assert session.known.identity.identity is None


async def test_a_server_that_is_not_there_or_an_address_that_is_none_is_told(
    config: Config, unused_tcp_port: int
) -> None:
    session = Session(config, StandingClock(), Random(7))
    with pytest.raises(Unreachable, match="can't be reached"):
        await session.test(f"http://127.0.0.1:{unused_tcp_port}", "a-key", "")
    with pytest.raises(ValueError, match="not an address"):
        await session.test("nowhere", "a-key", "")
