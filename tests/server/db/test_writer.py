"""The writer's thread outlives whatever breaks a commit."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import ResourceClosedError

from cc_server.db.clock import SystemClock
from cc_server.db.database import Database
from cc_server.db.errors import DatabaseUnavailable
from cc_server.db.schema import Opening
from rig.house import House

on_a_file = pytest.mark.parametrize("house", ["sqlite"], indirect=True)


def lose(conn: Connection) -> None:
    """Close the connection in the middle of a unit: the commit then fails with no error of the driver."""
    conn.close()


def one(conn: Connection) -> int:
    return int(conn.execute(text("SELECT 1")).scalar_one())


@on_a_file
def test_a_commit_that_breaks_in_an_unknown_way_is_told_and_the_next_one_goes_on(house: House) -> None:
    with pytest.raises(ResourceClosedError):
        house.db.write_sync(lose)
    assert "ResourceClosedError" in (house.db.trouble or "")
    assert house.db.write_sync(one) == 1
    assert house.db.trouble is None


def test_a_server_that_finds_no_file_leaves_nothing_and_says_how_to_make_it(tmp_path: Path) -> None:
    db = Database(tmp_path / "no such.db", SystemClock(), opening=Opening.EXISTING)
    with pytest.raises(DatabaseUnavailable, match=r"no such\.db does not exist; .*cc-server init --db '.*no such\.db'"):
        db.open()
    assert list(tmp_path.iterdir()) == []
