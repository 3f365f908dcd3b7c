"""Judging a draft costs the same, however much a client's history holds."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite

from cc_server.domain.judgement import surroundings
from rig.house import House


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_what_is_around_a_draft_is_found_by_its_recipient_and_never_by_reading_a_clients_history(house: House) -> None:
    options = {"render_postcompile": True}
    asked = str(surroundings._AROUND.statement.compile(dialect=sqlite.dialect(), compile_kwargs=options))

    def plan(conn: Connection) -> list[str]:
        rows = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", ("x",) * asked.count("?"))
        return [str(row[3]) for row in rows]

    steps = [step for step in house.db.read_sync(plan) if "approvals" in step]
    assert len(steps) == 2
    assert all("ix_approvals_recipient (recipient=? AND client_id=?" in step for step in steps)
