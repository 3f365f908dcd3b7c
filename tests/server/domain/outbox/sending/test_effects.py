"""What is sent has its effects once: a stage, a call, a contract."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cc_api_client.models.work.pipeline import Stage
from cc_server.db.tables import calls, clients, contracts, email_history, stage_changes
from cc_server.domain import leads
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.outbox import edits
from cc_server.worker.providers import RecordingProvider
from cc_server.worker.sender import Sender
from rig.house import House
from tests.server.domain.outbox.sending.claimed import ACCEPTED, delivery_of, dispatched, state_of


def stage_of(house: House, lead_id: str) -> str:
    return str(house.db.read_sync(leads.find, SYSTEM, lead_id).stage)


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
