"""Events become state."""

from __future__ import annotations

from typing import Any

import pytest

from cc_api_client.models.dashboard import DashboardStats
from cc_api_client.models.events import Event
from cc_api_client.models.work.agents import Agent, LogLine
from cc_tui.state.approvals.store import Counts
from cc_tui.state.known import Known
from cc_tui.state.load import Load
from cc_tui.sync.intake import Intake
from tests.support.rows import NOON, detail, row, wire_approval, wire_delivery


def event(topic: str, kind: str, data: dict[str, Any], seq: int | None = 10, id_: str = "") -> Event:
    return Event(seq=seq, prev_seq=None, at=NOON, topic=topic, type=kind, id=id_ or str(data.get("id", "")), data=data)


class Wanted(list[str]):
    """Which feeds were asked for."""

    def __call__(self, name: str) -> None:
        self.append(name)


def intake() -> tuple[Known, Intake, Wanted]:
    known, wanted = Known(), Wanted()
    known.approvals.load([row(1), row(2)])
    known.approvals.set_counts(Counts(pending=2))
    return known, Intake(known, wanted), wanted


def test_a_decision_made_elsewhere_moves_the_row_and_the_counts() -> None:
    known, reader, _ = intake()
    reader.apply(event("approvals", "approval.decided", wire_approval(1, status="rejected", version=2)))
    assert known.approvals.rows[row(1).id].status == "rejected"
    assert (known.approvals.counts.pending, known.approvals.counts.rejected) == (1, 1)


def test_an_event_that_the_counts_contain_already_moves_the_row_only() -> None:
    known, reader, _ = intake()
    reader.counts_at = 10
    reader.apply(event("approvals", "approval.created", wire_approval(3), seq=10))
    assert row(3).id in known.approvals.rows
    assert known.approvals.counts.pending == 2


def test_the_same_event_twice_does_no_harm() -> None:
    known, reader, _ = intake()
    for _ in range(2):
        reader.apply(event("approvals", "approval.created", wire_approval(3)))
    assert known.approvals.counts.pending == 3


def test_a_delivery_moves_its_approval() -> None:
    known, reader, _ = intake()
    approved = wire_approval(1, status="approved", version=2, delivery=wire_delivery(1))
    reader.apply(event("approvals", "approval.decided", approved))
    reader.apply(event("approvals", "delivery.changed", wire_delivery(1, state="sent", version=4), seq=11))
    reader.apply(event("approvals", "delivery.changed", wire_delivery(1, state="dispatching", version=3), seq=12))
    assert known.approvals.rows[row(1).id].delivery.state == "sent"
    assert (known.approvals.counts.leaving, known.approvals.counts.sent) == (0, 1)


def test_a_delivery_of_an_unknown_approval_asks_for_the_counts() -> None:
    _, reader, wanted = intake()
    reader.apply(event("approvals", "delivery.changed", wire_delivery(9, state="failed")))
    assert wanted == ["counts"]


def test_a_malformed_event_is_left_out_and_counted() -> None:
    known, reader, _ = intake()
    reader.apply(event("approvals", "approval.created", {"id": 7}))
    assert known.link.unread_events == 1
    assert len(known.approvals.rows) == 2


HISTORY = [{"at": NOON.isoformat(), "kind": "email", "subject": "Before", "state": "sent"}]


def test_an_event_makes_the_whole_item_at_hand_the_new_one_with_the_surroundings_it_had() -> None:
    known, reader, _ = intake()
    known.approvals.put_whole(detail(1, history=HISTORY), row(1))
    reader.apply(event("approvals", "approval.updated", wire_approval(1, version=2, body="Another text.")))
    whole = known.approvals.whole(row(1).id)
    assert whole is not None
    assert (whole.version, whole.body, [past.subject for past in whole.history]) == (2, "Another text.", ["Before"])
    assert known.approvals.is_amended(row(1).id)
    known.approvals.put_whole(detail(1, version=2, body="Another text."), row(1, version=2))
    assert not known.approvals.is_amended(row(1).id)


def test_an_answer_that_is_older_than_what_an_event_told_does_not_take_its_place() -> None:
    known, reader, _ = intake()
    known.approvals.put_whole(detail(1), row(1))
    reader.apply(event("approvals", "approval.updated", wire_approval(1, version=3, body="Newest.")))
    known.approvals.put_whole(detail(1, version=2, body="Older."), row(1, version=2))
    whole = known.approvals.whole(row(1).id)
    assert whole is not None
    assert (whole.version, whole.body) == (3, "Newest.")


@pytest.mark.parametrize("told", [{"body": None}, {"preview": 3}, {"original": "no draft"}])
def test_a_whole_item_of_which_an_event_does_not_tell_all_is_not_at_hand_any_more(told: dict[str, Any]) -> None:
    known, reader, _ = intake()
    known.approvals.put_whole(detail(1), row(1))
    told = wire_approval(1, version=2, safe=False, **told)
    reader.apply(event("approvals", "approval.updated", told))
    assert known.approvals.rows[row(1).id].version == 2
    assert known.approvals.whole(row(1).id) is None


def test_an_approval_that_leaves_out_what_has_a_default_is_read_all_the_same() -> None:
    known, reader, _ = intake()
    told = wire_approval(3)
    del told["risk"]
    reader.apply(event("approvals", "approval.created", told))
    assert known.approvals.rows[row(3).id].risk == 0


@pytest.mark.parametrize("change", [{"risk": {"score": 101, "flags": []}}, {"created_at": "noon"}])
def test_what_the_contract_rules_out_is_left_out_and_counted(change: dict[str, Any]) -> None:
    known, reader, _ = intake()
    reader.apply(event("approvals", "approval.created", wire_approval(3, safe=False, **change)))
    assert known.link.unread_events == 1
    assert row(3).id not in known.approvals.rows


def test_an_agents_event_keeps_the_figures_it_leaves_out() -> None:
    known, reader, _ = intake()
    agent = Agent(id="caller", agent_name="caller", name="caller", status="active", runs=412, cost_24h_usd="12.40")
    known.agents.set_all([agent], Load().answered(1.0))
    told = {"id": "caller", "agent_name": "caller", "name": "caller", "status": "paused", "version": 2}
    reader.apply(event("agents", "agent.status", told))
    assert known.agents.agents["caller"].status == "paused"
    assert known.agents.agents["caller"].runs == 412


def test_log_lines_are_added_once_and_only_to_a_log_that_is_kept() -> None:
    known, reader, wanted = intake()
    line = {"seq": 5, "at": NOON.isoformat(), "level": "info", "message": "searching"}
    reader.apply(event("agents", "agent.log", {"lines": [line]}, seq=None, id_="caller"))
    assert "caller" not in known.agents.logs
    known.agents.set_log("caller", [LogLine.model_validate(line)], Load())
    reader.apply(event("agents", "agent.log", {"lines": [line, line | {"seq": 6}]}, seq=None, id_="caller"))
    assert [kept.seq for kept in known.agents.logs["caller"]] == [5, 6]
    reader.apply(event("agents", "agent.log", {"lines": [], "truncated": True}, seq=None, id_="caller"))
    assert wanted == ["log"]


def test_a_run_goes_to_the_head_of_the_recent_runs_and_stays_there() -> None:
    known, reader, _ = intake()
    known.dashboard.set(DashboardStats(queue={}, outbox={}, runs={}, recent_runs=[]), Load().answered(1.0))
    for number, status in ((1, "running"), (2, "running"), (1, "success")):
        reader.apply(event("runs", "run.started", {"id": f"r{number}", "status": status}))
    assert known.dashboard.stats is not None
    assert [(run.id, run.status) for run in known.dashboard.stats.recent_runs] == [("r2", "running"), ("r1", "success")]
