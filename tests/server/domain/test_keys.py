"""Keys: who decided is told by their names, so two must never look alike; one that was revoked changes nothing."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Connection, text

from cc_server.db.database import Database
from cc_server.db.ids import SeededIds
from cc_server.domain.access import keys
from cc_server.domain.base.refusals import DomainRefusal
from rig.house import BOSS, House
from tests.support.patience import PATIENCE_SECONDS

_WAITING = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


@pytest.mark.parametrize("name", ["", " ana", "\u202eana2", "ana\u200b", "a\x1bna", "ana\u00a0b", "x" * 101])
def test_a_name_that_hides_something_is_refused(house: House, name: str) -> None:
    with pytest.raises(DomainRefusal) as refused:
        house.do(keys.create, name, "viewer", None)
    assert refused.value.code == "validation_failed"


def test_a_name_in_any_script_is_a_name(house: House) -> None:
    assert house.do(keys.create, "Søren Ōta 2", "viewer", None).token


@pytest.mark.parametrize("house", ["postgresql"], indirect=True)
def test_who_revokes_a_key_waits_for_what_it_changes_at_that_moment(house: House) -> None:
    """Once somebody was told that it is revoked, nothing that it began is kept any more."""
    key_id = house.db.read_sync(keys.named, "ana") or ""
    ended: list[str] = []
    other = Database(house.db.address, house.clock, ids=SeededIds(8), seals=house.db.seals)
    other.open()

    def revoke() -> None:
        other.write_sync(lambda conn: keys.revoke(conn, house.unit(conn, BOSS), key_id))
        ended.append("revoked")

    def change(conn: Connection) -> None:
        keys.hold_valid(conn, key_id)
        revoking.start()
        while revoking.is_alive() and not conn.execute(_WAITING).scalar_one():
            revoking.join(0.01)
        ended.append("changed")

    revoking = threading.Thread(target=revoke)
    try:
        house.db.write_sync(change)
        revoking.join(PATIENCE_SECONDS)
    finally:
        other.close()
    assert ended == ["changed", "revoked"]
