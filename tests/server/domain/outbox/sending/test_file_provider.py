"""One file a delivery, whole or not at all, under its stable key."""

from __future__ import annotations

import asyncio
import email
import json
from collections.abc import Callable
from dataclasses import replace
from email.policy import SMTP
from pathlib import Path
from typing import cast

import pytest

from cc_server.domain.outbox.sending.claims import Claimed, NotAccepted, Outcome
from cc_server.worker.providers import FileProvider
from cc_server.worker.sender import Sender
from rig.house import House
from tests.server.domain.outbox.sending.claimed import dispatched, state_of


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


@pytest.fixture
def sender(house: House, outbox: Path) -> Sender:
    return Sender(house.db, FileProvider(outbox))


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


class Breaking:
    """A provider that breaks."""

    knows_stable_keys = False
    leaves_this_machine = False

    async def send(self, claimed: Claimed) -> Outcome:
        raise ZeroDivisionError(claimed.subject)


class Silent:
    """A provider that never says what became of it."""

    knows_stable_keys = False
    leaves_this_machine = False

    async def send(self, claimed: Claimed) -> Outcome:
        await asyncio.get_running_loop().create_future()
        raise AssertionError(claimed.subject)


async def test_a_mail_is_written_as_one_file_named_by_its_stable_key(
    house: House, sender: Sender, outbox: Path
) -> None:
    draft = house.draft(subject="Grüße aus Zürich", to_name="Zoë O'Brien", body="Hi Zoë,\n\n…näher am Text.\n")
    house.approve(draft)
    house.leave_hold()
    assert await sender.round() == 1
    (file,) = files_in(outbox)
    assert file.name == f"apr_{draft.id}_v2.eml"
    mail = email.message_from_bytes(file.read_bytes(), policy=SMTP)
    assert (mail["Subject"], mail["To"].addresses[0].display_name) == (draft.subject, draft.to_name)
    assert mail["To"].addresses[0].addr_spec == draft.to_email
    assert mail.get_content().replace("\r\n", "\n") == draft.body
    sent = house.now(draft).delivery
    assert sent is not None
    assert (sent.state, sent.provider_message_id) == ("sent", file.name)


@pytest.mark.parametrize("kind", ["call_script", "contract_change"])
async def test_what_is_no_mail_is_written_as_json(house: House, sender: Sender, outbox: Path, kind: str) -> None:
    draft = house.draft(kind=kind, payload={"phone": "+1 555 0100"})
    house.approve(draft)
    house.leave_hold()
    await sender.round()
    (file,) = files_in(outbox)
    told = json.loads(file.read_text())
    assert (file.suffix, told["key"], told["body"]) == (".json", f"apr_{draft.id}_v2", draft.body)
    assert told["payload"] == {"phone": "+1 555 0100"}


async def test_a_sender_that_died_after_writing_leaves_one_file_all_the_same(
    house: House, sender: Sender, outbox: Path
) -> None:
    claimed = dispatched(house)
    await FileProvider(outbox).send(claimed)
    written = files_in(outbox)[0].read_bytes()
    house.clock.advance(60)
    assert await sender.round() == 1
    assert [file.read_bytes() for file in files_in(outbox)] == [written]
    assert state_of(house, claimed) == "sent"


async def test_more_rounds_write_no_more_files(house: House, sender: Sender, outbox: Path) -> None:
    for _ in range(11):
        house.approve(house.draft())
    house.leave_hold()
    assert [await sender.round() for _ in range(4)] == [8, 3, 0, 0]
    assert len(files_in(outbox)) == 11


@pytest.mark.parametrize(
    "texts",
    [
        {"subject": "Hello\r\nBcc: all@clinic.example"},
        {"subject": "Hello\rBcc: all@clinic.example"},
        {"subject": "Hello\nBcc: all@clinic.example"},
        {"to_name": "Maya\r\nBcc: all@clinic.example"},
        {"to_name": "Maya\nBcc: all@clinic.example"},
        {"to_email": "maya@clinic.example\r\nBcc: all@clinic.example"},
    ],
    ids=str,
)
async def test_no_text_becomes_a_header_of_its_own(house: House, outbox: Path, texts: dict[str, str]) -> None:
    claimed = dispatched(house)
    outcome = await FileProvider(outbox).send(cast("Callable[..., Claimed]", replace)(claimed, **texts))
    assert isinstance(outcome, NotAccepted)
    assert not outcome.is_passing
    assert files_in(outbox) == []


async def test_a_folder_that_can_not_be_written_to_is_tried_again_later(
    house: House, sender: Sender, outbox: Path
) -> None:
    outbox.write_text("a file where the folder should be")
    approval = house.approve(house.draft()).item
    house.leave_hold()
    await sender.round()
    waiting = house.now(approval).delivery
    assert waiting is not None
    assert waiting.state == "retry_wait"
    outbox.unlink()
    house.clock.advance(10)
    await sender.round()
    assert len(files_in(outbox)) == 1


async def test_a_second_attempt_finds_the_file_and_writes_nothing(house: House, outbox: Path) -> None:
    claimed = dispatched(house)
    first = await FileProvider(outbox).send(claimed)
    (file,) = files_in(outbox)
    before = file.stat()
    assert await FileProvider(outbox).send(claimed) == first
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


async def test_a_provider_that_does_not_answer_leaves_it_unknown_and_it_is_never_sent_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cc_server.worker.sender.SEND_SECONDS", 0.05)
    approval = house.approve(house.draft()).item
    house.leave_hold()
    sender = Sender(house.db, Silent())
    assert await sender.round() == 1
    house.clock.advance(3600)
    assert await sender.round() == 0
    after = house.now(approval).delivery
    assert after is not None
    assert (after.state, after.error) == ("unknown", "no answer within 0 s; whether it left is not known")


async def test_a_provider_that_breaks_leaves_it_unknown_and_the_sender_alive(house: House) -> None:
    approval = house.approve(house.draft()).item
    house.leave_hold()
    sender = Sender(house.db, Breaking())
    assert await sender.round() == 1
    assert await sender.round() == 0
    after = house.now(approval).delivery
    assert after is not None
    assert after.state == "unknown"
    assert after.error is not None
    assert "ZeroDivisionError" in after.error
