"""What a mail server says: sent, refused for now or for good, or not known; what may have left is not called unsent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from cc_api_client.models.outbox.approvals import Channel
from cc_server.config import SmtpSecurity, SmtpSettings
from cc_server.domain.outbox.sending.claims import Accepted, Claimed, NotAccepted, Outcome, Unclear
from cc_server.worker.providers import FileProvider, SmtpProvider
from cc_server.worker.sender import Sender
from rig.house import House

CLAIMED = Claimed(
    delivery={"id": "d", "attempt": 1, "changed_at": datetime(2026, 3, 1, 9, 30, tzinfo=UTC)}, stable_key="apr_1_v2",
    channel=Channel.EMAIL, client_id="c", kind="email", to_email="maya@acme.example", to_name="Maya", subject="Hello",
    body="Hi Maya,\n", payload=None,
)  # fmt: skip


class Answers:
    """A mail server's part: one answer to the recipient, one to the mail, as a test says."""

    def __init__(self, to_recipient: str = "250 OK", to_mail: str = "250 taken") -> None:
        self.to_recipient = to_recipient
        self.to_mail = to_mail
        self.taken: list[bytes] = []

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's word)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(bytes(envelope.original_content or b""))
        return self.to_mail


class HangsUp(Answers):
    """Takes the mail, and is gone before it says so."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await super().handle_DATA(server, session, envelope)
        assert isinstance(server.transport, asyncio.WriteTransport)
        server.transport.abort()
        return "250 nobody hears it"


class SaysNothing(Answers):
    """Takes the mail, and never says so."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await super().handle_DATA(server, session, envelope)
        await asyncio.get_running_loop().create_future()
        return "250 never"


@asynccontextmanager
async def mail_server(answers: Answers) -> AsyncIterator[int]:
    """Its port."""
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(answers), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def sent(port: int, folder: Path, claimed: Claimed = CLAIMED) -> Outcome:
    settings = SmtpSettings("127.0.0.1", port, SmtpSecurity.NONE, sender="us@agency.example", timeout_seconds=8.0)
    return await SmtpProvider(settings, FileProvider(folder)).send(claimed)


async def test_a_mail_that_was_taken_is_sent_and_carries_its_stable_key(tmp_path: Path) -> None:
    answers = Answers()
    async with mail_server(answers) as port:
        outcome = await sent(port, tmp_path)
    assert outcome == Accepted("smtp", "<apr_1_v2@agency.example>")
    (mail,) = answers.taken
    assert b"X-Command-Center-Key: apr_1_v2\r\n" in mail
    assert b"Date: Sun, 01 Mar 2026 09:30:00 +0000\r\n" in mail


@pytest.mark.parametrize(
    ("answers", "is_passing"),
    [
        (Answers(to_recipient="550 no such mailbox"), False),
        (Answers(to_recipient="451 come back later"), True),
        (Answers(to_mail="554 this is spam"), False),
        (Answers(to_mail="452 the disk is full"), True),
    ],
    ids=["recipient refused", "recipient greylisted", "mail refused", "server full"],
)
async def test_what_the_server_refused_was_not_sent_and_is_tried_again_only_where_that_may_help(
    answers: Answers, is_passing: bool, tmp_path: Path
) -> None:
    async with mail_server(answers) as port:
        outcome = await sent(port, tmp_path)
    assert isinstance(outcome, NotAccepted)
    assert outcome.is_passing is is_passing
    told = answers.to_recipient if not answers.to_recipient.startswith("250") else answers.to_mail
    assert told.partition(" ")[2] in outcome.error


@pytest.mark.parametrize(
    "answers", [HangsUp(), SaysNothing(), Answers(to_mail="350 what now?")], ids=["hangs up", "says nothing", "babbles"]
)
async def test_a_mail_that_was_handed_over_and_not_answered_for_may_have_left(answers: Answers, tmp_path: Path) -> None:
    async with mail_server(answers) as port:
        outcome = await sent(port, tmp_path)
    assert isinstance(outcome, Unclear)
    assert len(answers.taken) == 1


async def test_where_no_server_listens_nothing_was_sent_and_it_is_tried_again(
    unused_tcp_port: int, tmp_path: Path
) -> None:
    outcome = await sent(unused_tcp_port, tmp_path)
    assert isinstance(outcome, NotAccepted)
    assert outcome.is_passing


async def test_what_did_not_leave_is_in_the_log_with_why(
    house: House, unused_tcp_port: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    approval = house.approve(house.draft()).item
    house.leave_hold()
    settings = SmtpSettings("127.0.0.1", unused_tcp_port, SmtpSecurity.NONE, sender="us@agency.example")
    assert await Sender(house.db, SmtpProvider(settings, FileProvider(tmp_path))).round() == 1
    (told,) = [record for record in caplog.records if record.name == "cc_server.sender"]
    delivery = house.now(approval).delivery
    assert delivery is not None
    assert told.levelname == "WARNING"
    assert told.getMessage() == f"delivery {delivery.id}: {delivery.error}"
    assert "the mail server 127.0.0.1 can't be used" in told.getMessage()


async def test_what_is_no_mail_becomes_a_file(unused_tcp_port: int, tmp_path: Path) -> None:

    outcome = await sent(unused_tcp_port, tmp_path, replace(CLAIMED, channel=Channel.TASK, kind="call_script"))
    assert outcome == Accepted("file", "apr_1_v2.json")
    assert [one.name for one in tmp_path.iterdir()] == ["apr_1_v2.json"]
