"""`POST /api/policy/backtest`: what a policy would have done, by the facts of the time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from cc_api_client.models.outbox.policy import Policy
from cc_server.db.tables import approvals
from cc_server.domain.base.actors import SYSTEM
from cc_server.domain.outbox import edits
from cc_server.domain.policy.default import DEFAULT_POLICY
from cc_server.domain.policy.evaluation import evaluate
from cc_server.domain.policy.facts import Facts
from cc_server.domain.review import backtest
from cc_server.domain.work import agents
from rig.house import AGENT, ANA, House
from tests.server.serving import Api
from tests.support.policies import POLICIES

PATH = "/api/policy/backtest"
LENIENT = DEFAULT_POLICY.model_copy(update={"version": "lenient", "agent_min_success": None})


@pytest.fixture(autouse=True)
def decided(house: House) -> None:
    """People agreed with the policy twice, and not three times."""
    house.set("approvals", policy=LENIENT.model_dump())
    house.do(agents.beat, AGENT, by=SYSTEM)
    house.approve(house.draft())
    house.reject(house.draft(body="{{gap}}"))
    house.reject(house.draft(subject="rejected"))
    edited = house.draft(subject="edited")
    house.approve(edited_of(house, edited.id))
    house.approve(house.draft(subject="denied", body="[Company]"))
    house.draft(subject="still waits")


def edited_of(house: House, approval_id: str) -> Any:
    return house.do(edits.edit, approval_id, {"body": "Hi Maya,\n\nshorter."}, 1)


async def test_a_policy_is_tried_on_what_people_decided(api: Api) -> None:
    answer = await api.post(PATH, json={"policy": LENIENT.model_dump()})
    found = answer.json()
    assert (found["approve"], found["ask"], found["deny"]) == (3, 0, 2)
    assert found["agreement_ratio"] == pytest.approx(1 - 3 / 5)
    assert sorted(one["subject"] for one in found["regretted"]) == ["edited", "rejected"]


async def test_a_policy_that_asks_about_everything_agrees_with_everybody(api: Api) -> None:
    found = (await api.post(PATH, json={"policy": {"version": "none"}})).json()
    assert (found["approve"], found["ask"], found["deny"], found["agreement_ratio"]) == (0, 5, 0, 1.0)


async def test_a_time_without_decisions_has_no_ratio(api: Api) -> None:
    period = {"from": "2020-01-01T00:00:00Z", "to": "2020-02-01T00:00:00Z"}
    found = (await api.post(PATH, json={"policy": LENIENT.model_dump(), **period})).json()
    assert (found["approve"], found["ask"], found["deny"], found["agreement_ratio"]) == (0, 0, 0, None)


async def test_the_newest_so_many_are_looked_at(api: Api) -> None:
    found = (await api.post(PATH, json={"policy": LENIENT.model_dump(), "limit": 2})).json()
    assert found["approve"] + found["ask"] + found["deny"] == 2


async def test_a_bound_key_tries_it_on_its_own_clients(api: Api) -> None:
    found = (await api.post(PATH, "bound", json={"policy": LENIENT.model_dump()})).json()
    assert found["agreement_ratio"] is None


@pytest.mark.parametrize(
    "body",
    [{}, {"policy": {"version": "v", "safe_kinds": ["proposal"]}}, {"policy": {"version": "v"}, "limit": 0},
     {"policy": {"version": "v", "deny_flag": []}}, {"policy": {"version": "v"}, "from": "yesterday"}],
)  # fmt: skip
async def test_a_policy_that_means_nothing_is_refused(api: Api, body: dict[str, Any]) -> None:
    assert (await api.post(PATH, json=body)).status_code == 422


async def test_a_viewer_may_not(api: Api) -> None:
    assert (await api.post(PATH, "viewer", json={"policy": {"version": "v"}})).status_code == 403


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(POLICIES)
def test_a_backtest_equals_the_evaluation_at_the_time(house: House, policy: Policy) -> None:
    found = house.do(backtest.run, policy, backtest.Period(), by=ANA)
    rows = [row for row in house.all(approvals) if row["status"] in ("approved", "rejected")]
    words = [evaluate(Facts.of_json(row["drafted_facts"] or row["facts"]), policy).word for row in rows]
    told = (found.approve, found.ask, found.deny)
    assert told == tuple(words.count(word) for word in ("approve", "ask", "deny"))  # type: ignore[arg-type]


def test_the_policy_in_force_says_in_a_backtest_what_it_said_at_the_time(house: House) -> None:
    rows = [row for row in house.all(approvals) if row["edited_by"] is None]
    said = [(row["verdict"], evaluate(Facts.of_json(row["facts"]), LENIENT).word) for row in rows]
    assert all(then == now for then, now in said)
    assert {then for then, _ in said} == {"approve", "deny"}
