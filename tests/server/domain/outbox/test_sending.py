"""What was approved leaves: once, after its hold, as it was approved, and never what is not known to be unsent."""

from __future__ import annotations

import email
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from email.policy import SMTP
from pathlib import Path
from typing import Any, cast

import pytest

from cc_api_client.models.outbox.approvals import Approval
from cc_api_client.models.work.pipeline import Stage
from cc_server.db.tables import approvals, calls, clients, contracts, deliveries, email_history, stage_changes
from cc_server.domain import leads
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.outbox import edits
from cc_server.domain.outbox.sending import claims
from cc_server.domain.outbox.sending.claims import Accepted, Claimed, NotAccepted, Outcome, Unclear
from cc_server.domain.work import agents
from cc_server.worker.providers import FileProvider, RecordingProvider
from cc_server.worker.sender import Sender
from rig.house import AGENT, NOON, House, later

ACCEPTED = Accepted("file", "x.eml")
BUSY = NotAccepted("the server is busy", is_passing=True)
GONE = NotAccepted("no such mailbox", is_passing=False)


def dispatched(house: House, **changes: Any) -> Claimed:
    """A delivery that the sender has."""
    house.approve(house.draft(**changes))
    house.leave_hold()
    return house.claim_one()


def approval_of(house: House, claimed: Claimed) -> Approval:
    (found,) = (row["id"] for row in house.all(approvals) if row["id"] == claimed.delivery["approval_id"])
    draft = Approval(id=found, client_id="", kind="", status="", created_at=NOON)
    return house.now(draft)


def state_of(house: House, claimed: Claimed) -> str:
    return str(delivery_of(house, claimed)["state"])


def delivery_of(house: House, claimed: Claimed) -> dict[str, Any]:
    (found,) = (row for row in house.all(deliveries) if row["id"] == claimed.delivery["id"])
    return found


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


class Breaking:
    """A provider that breaks."""

    knows_stable_keys = False
    leaves_this_machine = False

    async def send(self, claimed: Claimed) -> Outcome:
        raise ZeroDivisionError(claimed.subject)


# Claims


def test_nothing_leaves_before_its_hold_is_over(house: House) -> None:
    house.approve(house.draft())
    house.clock.set(later(10) - timedelta(microseconds=1))
    assert house.claim() == []
    house.clock.set(later(10))
    assert len(house.claim()) == 1


def test_what_nobody_approved_is_never_claimed(house: House) -> None:
    house.draft()
    house.reject(house.draft())
    house.withdraw(house.draft())
    house.clock.advance(3600)
    assert house.claim() == []


def test_a_claim_takes_a_lease_and_names_the_delivery_by_a_stable_key(house: House) -> None:
    draft = house.draft()
    house.approve(draft)
    house.clock.set(later(10))
    claimed = house.claim_one()
    assert claimed.stable_key == f"apr_{draft.id}_v2"
    assert (claimed.to_email, claimed.subject, claimed.body) == (draft.to_email, draft.subject, draft.body)
    assert (claimed.delivery["state"], claimed.delivery["attempt"]) == ("dispatching", 1)
    assert claimed.delivery["lease_until"] == later(70)
    assert house.claim() == []


def test_the_oldest_due_are_claimed_first_and_no_more_than_asked(house: House) -> None:
    drafts = []
    for _ in range(5):
        drafts.append(house.draft())
        house.approve(drafts[-1])
        house.clock.advance(1)
    house.leave_hold()
    told = [claimed.delivery["approval_id"] for claimed in [*house.claim(3), *house.claim(3)]]
    assert told == [draft.id for draft in drafts]


def test_the_sender_is_told_when_to_look_next(house: House) -> None:
    assert house.db.read_sync(claims.next_look) is None
    house.approve(house.draft())
    assert house.db.read_sync(claims.next_look) == later(10)
    house.clock.set(later(10))
    house.claim_one()
    assert house.db.read_sync(claims.next_look) == later(70)


# Settlements


def test_what_was_accepted_is_sent_and_becomes_history(house: House) -> None:
    claimed = dispatched(house)
    assert house.settle(claimed, ACCEPTED)
    delivery = delivery_of(house, claimed)
    assert (delivery["state"], delivery["provider"], delivery["provider_message_id"]) == ("sent", "file", "x.eml")
    assert (delivery["sent_at"], delivery["lease_until"], delivery["error"]) == (house.clock.now(), None, None)
    (mail,) = house.all(email_history)
    assert (mail["to_email"], mail["subject"]) == (claimed.to_email, claimed.subject)
    assert mail["approval_id"] == claimed.delivery["approval_id"]
    assert house.kept_counts() == house.real_counts()


def test_the_approvals_own_version_stays_while_its_delivery_moves_on(house: House) -> None:
    claimed = dispatched(house)
    house.settle(claimed, ACCEPTED)
    approval = approval_of(house, claimed)
    assert approval.version == 2
    assert approval.delivery is not None
    assert (approval.delivery.state, approval.delivery.version) == ("sent", 3)


def test_each_change_of_a_delivery_is_told(house: House) -> None:
    claimed = dispatched(house)
    house.settle(claimed, BUSY)
    house.clock.advance(10)
    house.settle(house.claim_one(), ACCEPTED)
    told = [event for event in house.events() if event["type"] == "delivery.changed"]
    assert [event["data"]["state"] for event in told] == ["dispatching", "retry_wait", "dispatching", "sent"]
    assert [event["version"] for event in told] == [2, 3, 4, 5]
    assert {event["id"] for event in told} == {claimed.delivery["id"]}


def test_a_passing_refusal_is_tried_again_five_times_ever_later_then_fails(house: House) -> None:
    claimed = dispatched(house)
    waits = []
    for _ in range(5):
        assert house.settle(claimed, BUSY)
        delivery = delivery_of(house, claimed)
        assert (delivery["state"], delivery["error"]) == ("retry_wait", "the server is busy")
        waits.append((delivery["not_before"] - house.clock.now()).total_seconds())
        house.clock.set(delivery["not_before"] - timedelta(microseconds=1))
        assert house.claim() == []
        house.clock.set(delivery["not_before"])
        claimed = house.claim_one()
    assert waits == [10, 20, 40, 80, 160]
    assert house.settle(claimed, BUSY)
    assert state_of(house, claimed) == "failed"
    house.clock.advance(3600)
    assert house.claim() == []
    assert house.kept_counts() == house.real_counts()


def test_every_attempt_goes_under_the_same_stable_key(house: House) -> None:
    first = dispatched(house)
    house.settle(first, BUSY)
    house.clock.advance(10)
    second = house.claim_one()
    assert (first.stable_key, second.delivery["attempt"]) == (second.stable_key, 2)


def test_a_refusal_for_good_fails_at_once(house: House) -> None:
    claimed = dispatched(house)
    assert house.settle(claimed, GONE)
    assert (state_of(house, claimed), delivery_of(house, claimed)["error"]) == ("failed", "no such mailbox")
    assert house.all(email_history) == []
    house.clock.advance(3600)
    assert house.claim() == []


def test_an_attempt_is_settled_once(house: House) -> None:
    claimed = dispatched(house)
    assert house.settle(claimed, ACCEPTED)
    events = house.events()
    for outcome in (ACCEPTED, BUSY, GONE, Unclear("?")):
        assert not house.settle(claimed, outcome)
    assert (state_of(house, claimed), house.events()) == ("sent", events)
    assert len(house.all(email_history)) == 1


def test_an_unclear_end_is_unknown_and_never_sent_again_by_itself(house: House) -> None:
    claimed = dispatched(house)
    assert house.settle(claimed, Unclear("the connection broke"))
    house.clock.advance(3600)
    assert house.reap(knows_stable_keys=True) == 0
    assert house.claim() == []
    assert state_of(house, claimed) == "unknown"


# Lost leases


def test_a_lost_lease_is_unknown_where_the_provider_knows_no_stable_keys(house: House) -> None:
    claimed = dispatched(house)
    house.clock.advance(59)
    assert house.reap(knows_stable_keys=False) == 0
    house.clock.advance(1)
    assert house.reap(knows_stable_keys=False) == 1
    assert state_of(house, claimed) == "unknown"
    house.clock.advance(3600)
    assert house.claim() == []
    assert house.kept_counts() == house.real_counts()


def test_a_lost_lease_is_tried_again_where_the_provider_knows_stable_keys(house: House) -> None:
    first = dispatched(house)
    house.clock.advance(60)
    assert house.reap(knows_stable_keys=True) == 1
    second = house.claim_one()
    assert (second.stable_key, second.delivery["attempt"]) == (first.stable_key, 2)


def test_a_late_accepted_is_never_thrown_away(house: House) -> None:
    claimed = dispatched(house)
    house.clock.advance(60)
    house.reap(knows_stable_keys=False)
    assert house.settle(claimed, ACCEPTED)
    assert state_of(house, claimed) == "sent"
    assert len(house.all(email_history)) == 1


def test_a_late_word_about_an_older_attempt_changes_nothing(house: House) -> None:
    first = dispatched(house)
    house.clock.advance(60)
    house.reap(knows_stable_keys=True)
    house.claim_one()
    assert not house.settle(first, GONE)
    assert state_of(house, first) == "dispatching"


def test_what_may_have_left_can_not_be_undone(house: House) -> None:
    claimed = dispatched(house)
    house.clock.advance(60)
    house.reap(knows_stable_keys=True)
    with pytest.raises(DomainRefusal):
        house.undo(approval_of(house, claimed))


def test_what_may_have_left_is_not_handed_back_as_if_it_had_not(house: House) -> None:
    claimed = dispatched(house)
    house.clock.advance(60)
    house.reap(knows_stable_keys=True)
    house.do(agents.fail, AGENT, "quota used up", by=SYSTEM)
    house.claim()
    assert approval_of(house, claimed).status == "approved"


# Judged again at the claim


def test_what_went_stale_while_it_waited_goes_back_to_a_person(house: House) -> None:
    draft = house.draft()
    house.approve(draft)
    house.do(agents.pause, AGENT, "lunch")
    house.clock.advance(24 * 3600 - 1)
    assert house.claim() == []
    assert house.now(draft).status == "approved"
    house.clock.advance(5)
    assert house.claim() == []
    after = house.now(draft)
    assert after.status == "pending"
    assert after.delivery is not None
    assert after.delivery.state == "blocked"
    assert after.returned is not None
    assert (after.returned.why, after.returned.decided_by) == ("blocked", "Ana")
    assert after.returned.reasons == ["it waited longer than 24 h since it was approved"]
    assert after.expires_at == max(NOON + timedelta(hours=72), house.clock.now() + timedelta(hours=24))
    assert house.kept_counts() == house.real_counts()


def test_what_was_blocked_can_be_approved_anew_and_then_leaves(house: House) -> None:
    draft = house.draft()
    house.approve(draft)
    house.clock.advance(24 * 3600)
    house.claim()
    again = house.approve(house.now(draft)).item
    assert again.returned is None
    house.leave_hold()
    assert house.claim_one().stable_key == f"apr_{draft.id}_v{again.version}"


@pytest.mark.parametrize(
    "tampered",
    [{"body": "another text"}, {"subject": "another"}, {"to_email": "eve@clinic.example"}, {"to_name": None},
     {"payload": {"amount_usd": "9.00"}}],
    ids=str,
)  # fmt: skip
def test_a_text_that_is_not_the_approved_one_is_not_sent(house: House, tampered: dict[str, Any]) -> None:
    draft = house.draft()
    house.approve(draft)
    house.tamper(approvals, draft.id, **tampered)
    house.leave_hold()
    assert house.claim() == []
    after = house.now(draft)
    assert after.returned is not None
    assert (after.status, after.returned.reasons) == ("pending", ["its text is no longer the one that was approved"])


def test_what_an_agent_wrote_that_failed_after_the_approval_is_blocked(house: House) -> None:
    draft = house.draft()
    house.approve(draft)
    house.clock.advance(5)
    house.do(agents.fail, AGENT, "quota used up", by=SYSTEM)
    house.leave_hold()
    assert house.claim() == []
    after = house.now(draft)
    assert after.returned is not None
    assert (after.status, after.returned.reasons) == ("pending", ["Email drafter failed after it was approved"])


def test_an_agent_that_had_failed_before_the_approval_blocks_nothing(house: House) -> None:
    house.do(agents.fail, AGENT, "quota used up", by=SYSTEM)
    house.clock.advance(1)
    assert dispatched(house)


def test_an_agent_that_recovered_blocks_nothing(house: House) -> None:
    house.approve(house.draft())
    house.clock.advance(1)
    house.do(agents.fail, AGENT, "quota used up", by=SYSTEM)
    house.do(agents.recover, AGENT, by=SYSTEM)
    house.leave_hold()
    assert len(house.claim()) == 1


def test_what_a_paused_agent_wrote_waits_and_says_why(house: House) -> None:
    draft = house.draft()
    house.approve(draft)
    house.do(agents.pause, AGENT, None)
    house.clock.set(later(10))
    assert house.claim() == []
    waiting = house.now(draft)
    assert waiting.delivery is not None
    assert (waiting.delivery.state, waiting.delivery.waiting_for) == ("ready", "Email drafter is paused")
    assert house.db.read_sync(claims.next_look) == later(310)


def test_waiting_on_is_not_told_again_and_again(house: House) -> None:
    house.approve(house.draft())
    house.do(agents.pause, AGENT, None)
    house.leave_hold()
    house.claim()
    events = house.events()
    for _ in range(3):
        house.clock.advance(300)
        assert house.due() != []
        assert house.claim() == []
    assert house.events() == events


def test_what_waited_leaves_after_the_agent_is_resumed(house: House) -> None:
    house.approve(house.draft())
    house.do(agents.pause, AGENT, None)
    house.leave_hold()
    house.claim()
    house.do(agents.resume, AGENT)
    house.clock.advance(5)
    assert house.claim_one().delivery["waiting_for"] is None


def test_what_waits_can_be_withdrawn(house: House) -> None:
    approved = house.approve(house.draft()).item
    house.do(agents.pause, AGENT, None)
    house.leave_hold()
    house.claim()
    assert house.undo(approved).item.status == "pending"
    house.do(agents.resume, AGENT)
    house.clock.advance(60)
    assert house.claim() == []


# Effects


def stage_of(house: House, lead_id: str) -> str:
    return str(house.db.read_sync(leads.find, SYSTEM, lead_id).stage)


def two_to_one(house: House) -> list[Approval]:
    made = [house.draft(to_email="maya@clinic.example", body=f"Hi Maya,\n\n{number}") for number in range(2)]
    for draft in made:
        house.approve(draft)
        house.clock.advance(1)
    house.leave_hold()
    return made


def test_while_one_message_is_being_sent_the_next_to_the_same_person_waits_and_is_then_blocked(house: House) -> None:
    """Both are due in the same moment: whether the first begins a cooldown is known once it is settled."""
    first, second = two_to_one(house)
    claimed = house.claim_one()
    waits = house.now(second).delivery
    assert waits is not None
    assert (waits.state, waits.waiting_for) == ("ready", "another message to them is being sent")
    house.settle(claimed, Accepted("test", "1"))
    house.clock.advance(claims.MOMENT_SECONDS)
    assert house.claim() == []
    assert [str(house.now(one).status) for one in (first, second)] == ["approved", "pending"]
    assert house.now(second).returned is not None


def test_what_waited_for_another_message_leaves_when_that_one_did_not(house: House) -> None:
    _, second = two_to_one(house)
    house.settle(house.claim_one(), NotAccepted("no such mailbox", is_passing=False))
    house.clock.advance(claims.MOMENT_SECONDS)
    assert house.claim_one().delivery["approval_id"] == second.id


@pytest.mark.parametrize("kind", ["email", "follow_up", "proposal"])
def test_a_mail_moves_a_prospect_to_contacted(house: House, kind: str) -> None:
    lead_id = house.add_lead()
    claimed = dispatched(house, kind=kind, lead_id=lead_id)
    assert stage_of(house, lead_id) == "prospect"
    house.settle(claimed, ACCEPTED)
    assert stage_of(house, lead_id) == "contacted"
    (change,) = house.all(stage_changes)
    assert (change["from_stage"], change["to_stage"]) == ("prospect", "contacted")


def test_a_lead_that_came_further_stays_where_it_is(house: House) -> None:
    lead_id = house.add_lead()
    house.do(leads.advance, lead_id, Stage.PROSPECT, Stage.QUALIFIED)
    house.settle(dispatched(house, lead_id=lead_id), ACCEPTED)
    assert stage_of(house, lead_id) == "qualified"


def test_a_call_script_becomes_a_call_on_its_lead(house: House) -> None:
    lead_id = house.add_lead()
    claimed = dispatched(house, kind="call_script", lead_id=lead_id, payload={"phone": "+1 555 0100"}, body="Say hi")
    house.settle(claimed, ACCEPTED)
    (call,) = house.all(calls)
    assert (call["lead_id"], call["phone"], call["script"]) == (lead_id, "+1 555 0100", "Say hi")
    assert (house.all(email_history), stage_of(house, lead_id)) == ([], "prospect")


CHANGE = {"clauses": [{"name": "Notice", "old": "30 days", "new": "60 days"}], "amount_usd": "1250.00"}


def test_a_contract_change_takes_effect_the_day_after(house: House) -> None:
    house.settle(dispatched(house, kind="contract_change", payload=CHANGE), ACCEPTED)
    old, new = sorted(
        (row for row in house.all(contracts) if row["client_id"] == house.client_id), key=lambda row: row["starts_on"]
    )
    assert (str(old["replaced_on"]), str(new["starts_on"])) == ("2026-11-24", "2026-11-24")
    assert (new["monthly_usd"], new["clauses"]) == (Decimal("1250.00"), {"Notice": "60 days"})
    assert [row["version"] for row in house.all(clients) if row["id"] == house.client_id] == [2]


def test_of_two_contract_changes_approved_for_the_same_contract_only_one_holds(house: House) -> None:
    for amount in ("1250.00", "1300.00"):
        house.approve(house.draft(kind="contract_change", payload=CHANGE | {"amount_usd": amount}))
    house.leave_hold()
    first, second = house.claim()
    house.settle(first, ACCEPTED)
    house.settle(second, ACCEPTED)
    assert (state_of(house, first), state_of(house, second)) == ("sent", "failed")
    assert "changed after this was approved" in delivery_of(house, second)["error"]
    held = [row["monthly_usd"] for row in house.all(contracts) if row["client_id"] == house.client_id]
    assert sorted(held) == [Decimal("1000.00"), Decimal(str(first.payload and first.payload["amount_usd"]))]


MALFORMED = [
    pytest.param("contract_change", {"clauses": [{"name": "Notice"}]}, id="a clause without a text"),
    pytest.param("contract_change", {"clauses": 5}, id="clauses that are a number"),
    pytest.param("contract_change", {"amount_usd": "9" * 30}, id="an amount of thirty digits"),
    pytest.param("call_script", {"phone": {"home": "1"}}, id="a phone that is an object"),
]


@pytest.mark.parametrize(("kind", "payload"), MALFORMED)
async def test_a_payload_that_makes_no_sense_does_not_stop_the_sender(
    house: House, kind: str, payload: dict[str, Any]
) -> None:
    draft = house.draft(kind=kind, lead_id=house.add_lead(), payload={"note": "as the agent made it"})
    house.approve(house.do(edits.edit, draft.id, {"payload": payload}, 1))
    harmless = house.draft()
    house.approve(harmless)
    house.leave_hold()
    sender = Sender(house.db, RecordingProvider())
    await sender.round()
    sent = house.now(harmless).delivery
    assert sent is not None
    assert sent.state == "sent"


# The file provider


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


@pytest.fixture
def sender(house: House, outbox: Path) -> Sender:
    return Sender(house.db, FileProvider(outbox))


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
