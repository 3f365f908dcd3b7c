"""Facts as the database has them, what is stored with a draft, and judging again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from cc_api_client.models.outbox.approvals import Approval
from cc_api_client.models.outbox.batches import BatchAction, BatchWould
from cc_api_client.models.outbox.policy import Policy
from cc_server.db.tables import approvals, email_history, suppression
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.outbox import edits
from cc_server.domain.outbox.sending.claims import Accepted
from cc_server.domain.policy.default import DEFAULT_POLICY, pin_of
from cc_server.domain.policy.evaluation import evaluate
from cc_server.domain.policy.facts import Facts
from cc_server.domain.review import planning, rejudging
from cc_server.domain.work import agents
from rig.house import AGENT, ANA, NOON, House

LENIENT = DEFAULT_POLICY.model_copy(update={"version": "lenient", "agent_min_success": None})
STRICT = LENIENT.model_copy(update={"version": "strict", "risk_below": 5})


@pytest.fixture
def house(house: House) -> House:
    """A house under a policy by which a clean mail of an agent that lives is safe."""
    under(house, LENIENT)
    house.do(agents.beat, AGENT, by=SYSTEM)
    return house


def under(house: House, policy: Policy) -> None:
    """Put a policy in force."""
    house.set("approvals", policy=policy.model_dump())


def stored(house: House, approval: Approval) -> dict[str, Any]:
    (row,) = [row for row in house.all(approvals) if row["id"] == approval.id]
    return row


def facts_of(house: House, approval: Approval) -> Facts:
    return Facts.of_json(stored(house, approval)["facts"])


def is_duplicate(house: House, approval: Approval) -> bool:
    return "duplicate" in (facts_of(house, approval).flags or {})


def wrote(house: House, email: str, days_ago: float) -> None:
    """A mail went to them, so many days ago."""
    row = {
        "id": f"mail to {email} {days_ago}", "client_id": house.client_id, "to_email": email, "kind": "email",
        "subject": "Before", "recipient": email, "approval_id": None,
        "sent_at": house.clock.now() - timedelta(days=days_ago),
    }  # fmt: skip
    house.db.write_sync(lambda conn: conn.execute(insert(email_history), row) and None)


def suppress(house: House, email: str, client_id: str) -> None:
    row = {"id": f"no {email}", "client_id": client_id, "email": email, "reason": None, "created_at": NOON}
    house.db.write_sync(lambda conn: conn.execute(insert(suppression), row) and None)


def rejudge(house: House) -> int:
    return house.do(rejudging.rejudge_some, by=SYSTEM)


def test_a_clean_mail_to_a_known_lead_is_safe_and_says_why(house: House) -> None:
    draft = house.draft()
    assert (draft.safe, draft.unsafe_reasons) == (True, [])
    assert draft.safe_reasons == ["first message to them", "risk 10, below 25"]


def test_of_two_that_wait_with_the_same_text_only_the_later_one_repeats_the_other(house: House) -> None:
    house.add_lead("kim@clinic.example")
    first = house.draft(to_email="kim@clinic.example")
    house.clock.advance(60)
    second = house.draft(to_email="kim@clinic.example")
    under(house, LENIENT.model_copy(update={"version": "again"}))
    assert rejudge(house) == 2
    assert [(is_duplicate(house, one), stored(house, one)["safe"]) for one in (first, second)] == [
        (False, True),
        (True, False),
    ]
    plan = house.do(planning.plan, planning.Asked(BatchAction.APPROVE_SAFE, ids=[first.id]))
    assert [item.would for item in plan.items] == [BatchWould.OK]


def test_the_one_that_came_first_repeats_the_later_one_once_that_was_approved(house: House) -> None:
    first = house.draft(to_email="kim@clinic.example")
    house.approve(house.draft(to_email="kim@clinic.example"))
    under(house, LENIENT.model_copy(update={"version": "again"}))
    rejudge(house)
    assert is_duplicate(house, first)


def test_nothing_is_safe_whose_agent_was_never_heard_of(house: House) -> None:
    house.clock.advance(600)
    draft = house.draft()
    assert not draft.safe
    assert draft.unsafe_reasons == [f"{AGENT} has not been heard of lately"]


def test_a_paused_agents_draft_asks(house: House) -> None:
    house.do(agents.pause, AGENT, None)
    assert house.draft().unsafe_reasons == [f"{AGENT} is paused"]


def test_the_last_mail_to_the_recipient_is_a_fact_and_a_flag(house: House) -> None:
    wrote(house, "kim@clinic.example", 5)
    wrote(house, "kim@clinic.example", 40)
    draft = house.draft(to_email="kim@clinic.example")
    assert draft.unsafe_reasons[0] == "last written 5 d ago, the policy asks for 7 d"
    assert [flag.code for flag in draft.risk.flags] == ["cooldown"]
    assert facts_of(house, draft).days_since_last == 5.0


def test_a_follow_up_is_excepted_from_the_cooldown(house: House) -> None:
    wrote(house, "kim@clinic.example", 5)
    draft = house.draft(to_email="kim@clinic.example", kind="follow_up")
    assert (draft.safe, draft.risk.flags) == (True, [])


def test_another_clients_mail_is_nobody_elses_cooldown(house: House) -> None:
    wrote(house, "kim@clinic.example", 5)
    draft = house.draft(to_email="kim@clinic.example", client_id=house.other_client_id)
    assert [flag.code for flag in draft.risk.flags] == ["unknown_recipient"]


@pytest.mark.parametrize("address", ["kim@clinic.example", "Kim@Clinic.Example"])
@pytest.mark.parametrize("for_all", [True, False])
def test_a_suppressed_address_is_found_however_it_is_written(house: House, address: str, *, for_all: bool) -> None:
    suppress(house, "kim@clinic.example", "" if for_all else house.client_id)
    draft = house.draft(to_email=address)
    assert facts_of(house, draft).is_suppressed is True
    assert stored(house, draft)["verdict"] == "deny"


def test_while_one_message_leaves_the_next_to_the_same_person_is_not_safe(house: House) -> None:
    first, second = house.draft(to_email="kim@clinic.example"), house.draft(to_email="kim@clinic.example", body="Hi,")
    house.approve(first)
    third = house.draft(to_email="kim@clinic.example", body="Hi again,")
    assert "another message to them has not left yet" in third.unsafe_reasons
    house.leave_hold()
    house.settle(house.claim_one(), Accepted("file", "x"))
    assert facts_of(house, house.draft(to_email="kim@clinic.example", body="Hi, a fourth")).is_another_leaving is False
    assert facts_of(house, second).is_another_leaving is False


def test_the_days_messages_count_against_the_cap(house: House) -> None:
    under(house, LENIENT.model_copy(update={"daily_cap": 2}))
    for number in range(2):
        wrote(house, f"p{number}@clinic.example", 0.1)
    wrote(house, "yesterday@clinic.example", 0.6)
    draft = house.draft()
    assert draft.unsafe_reasons == ["2 were sent today, the policy's cap is 2"]
    assert stored(house, draft)["judge_again_at"] == NOON + timedelta(hours=12)


def test_what_was_stored_is_what_the_policy_says_of_the_stored_facts(house: House) -> None:
    wrote(house, "kim@clinic.example", 5)
    flawed: list[dict[str, Any]] = [
        {}, {"body": "{{gap}}"}, {"to_email": "kim@clinic.example"}, {"agent_name": "ghost"},
        {"kind": "proposal", "payload": {"amount_usd": "20000"}},
    ]  # fmt: skip
    for draft in [house.draft(**flaw) for flaw in flawed]:
        verdict = evaluate(facts_of(house, draft), LENIENT)
        row = stored(house, draft)
        assert (row["verdict"], row["safe"], row["unsafe_reasons"]) == (
            verdict.word, verdict.is_safe, list(verdict.against),
        )  # fmt: skip
        assert row["policy_pin"] == pin_of(LENIENT)


def test_an_edit_keeps_the_facts_of_the_agents_own_draft(house: House) -> None:
    draft = house.draft(body="Hi {{name}},")
    house.do(edits.edit, draft.id, {"body": "Hi Maya,"}, draft.version)
    house.do(edits.edit, draft.id, {"body": "Hi Maya, again"}, draft.version + 1)
    row = stored(house, draft)
    assert (row["drafted_facts"]["flags"], row["facts"]["flags"]) == ({"placeholder": "block"}, {})
    assert row["safe"]


def test_another_policy_judges_what_waits_again_and_tells_only_what_changed(house: House) -> None:
    draft, decided = house.draft(), house.draft()
    house.approve(decided)
    under(house, STRICT)
    before = len(house.events())
    assert rejudge(house) == 1
    (event,) = house.events()[before:]
    assert (event["type"], event["id"], event["data"]["safe"]) == ("approval.updated", draft.id, False)
    now = house.now(draft)
    assert (now.version, now.unsafe_reasons) == (draft.version, ["risk 10, the policy lets out below 5"])
    assert house.now(decided).safe
    assert rejudge(house) == 0
    assert house.kept_counts() == house.real_counts()


def test_time_that_ends_a_cooldown_makes_a_draft_safe_and_its_version_grows_with_its_flags(house: House) -> None:
    wrote(house, "kim@clinic.example", 5)
    draft = house.draft(to_email="kim@clinic.example")
    house.clock.advance(2 * 86_400)
    house.do(agents.beat, AGENT, by=SYSTEM)
    assert rejudge(house) == 1
    now = house.now(draft)
    assert (now.safe, now.risk.flags, now.version) == (True, [], draft.version + 1)
    assert house.kept_counts() == house.real_counts()


def test_a_judgement_that_says_the_same_again_tells_nobody(house: House) -> None:
    house.draft()
    under(house, LENIENT.model_copy(update={"version": "renamed"}))
    before = len(house.events())
    assert rejudge(house) == 1
    assert len(house.events()) == before


def test_a_hundred_drafts_are_judged_in_slices(house: House) -> None:
    for _ in range(rejudging.SLICE + 3):
        house.draft()
    under(house, STRICT)
    assert [rejudge(house), rejudge(house), rejudge(house)] == [rejudging.SLICE, 3, 0]


def test_a_judgement_is_no_secret_but_its_facts_stay_in_the_house(house: House) -> None:
    draft = house.draft()
    assert "facts" not in json.loads(draft.model_dump_json())
    assert house.approve(draft, by=ANA).item.safe


def test_a_draft_of_nobodys_agent_does_not_mistake_todays_count_for_its_success(house: House) -> None:
    under(house, LENIENT.model_copy(update={"version": "counts", "agent_min_success": 0.5, "daily_cap": 10}))
    for _ in range(3):
        house.draft(agent_name="")
    facts = facts_of(house, house.draft(agent_name="", to_email="kim@clinic.example"))
    assert facts.agent_success_ratio is None
