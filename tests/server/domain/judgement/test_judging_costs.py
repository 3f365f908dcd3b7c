"""Judging a draft costs the same, however much a client's history holds."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite

from cc_server.db.portable.prepared import Prepared
from cc_server.domain.judgement.around import AROUND_EACH, AROUND_ONE
from cc_server.domain.review import rejudging
from rig.house import House


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
@pytest.mark.parametrize("around", [AROUND_ONE, AROUND_EACH])
def test_what_is_around_drafts_is_found_by_their_recipients_and_never_by_reading_a_clients_history(
    house: House, around: Prepared
) -> None:
    options = {"render_postcompile": True}
    asked = str(around.statement.compile(dialect=sqlite.dialect(), compile_kwargs=options))

    def plan(conn: Connection) -> list[str]:
        rows = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", ("x",) * asked.count("?"))
        return [str(row[3]) for row in rows]

    steps = house.db.read_sync(plan)
    of_approvals = [step for step in steps if "approvals" in step]
    assert len(of_approvals) == 2
    assert all("ix_approvals_recipient (recipient=? AND client_id=?" in step for step in of_approvals)
    assert not [
        step for step in steps if step.startswith("SCAN") and step.split()[1] not in ("each", "handed", "CONSTANT")
    ]


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("due", "index"),
    [(rejudging._OTHER_POLICY, "ix_approvals_policy_pin"), (rejudging._ITS_TIME, "ix_approvals_judge_again_at")],
)
def test_what_is_to_be_judged_again_is_found_without_reading_or_sorting_the_queue(
    house: House, due: Prepared, index: str
) -> None:
    asked = str(due.statement.compile(dialect=sqlite.dialect()))

    def plan(conn: Connection) -> list[str]:
        rows = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", ("x",) * asked.count("?"))
        return [str(row[3]) for row in rows]

    steps = house.db.read_sync(plan)
    assert index in steps[0]
    assert not [step for step in steps if "ORDER BY" in step]
