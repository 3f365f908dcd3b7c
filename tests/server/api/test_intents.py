"""One answer an intent, also where two processes refuse it at the same moment."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from cc_server.api.calling.calls import WriteCall
from cc_server.api.calling.services import Services
from cc_server.db.database import Database
from cc_server.db.ids import SeededIds
from cc_server.domain.access import keys
from cc_server.domain.base import replays
from cc_server.domain.base.actors import SYSTEM, Actor
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.base.replays import Answer, Intent
from cc_server.domain.controls.begin import Turn
from cc_server.events.hub import Hub
from rig.house import House
from tests.server.serving import settings_of


@pytest.mark.parametrize("house", ["postgresql"], indirect=True)
async def test_a_refusal_that_comes_second_is_answered_with_the_first(house: House) -> None:
    """What is refused gives up its turn before the refusal is kept: another process may be first."""
    key = house.do(keys.create, "Rosa", "operator", None, by=SYSTEM).key
    rosa = Actor(key.name, key.id, key.role)
    intent = Intent(rosa.key_id, house.client_id, "POST", "/api/approvals/1/approve", "one-intent", "same body")
    call = WriteCall(rosa, Services(house.db, Hub(house.db), settings_of(house), list), "request", "POST /x", intent)
    first = Answer(409, {}, b"what was first")
    other = Database(house.db.address, house.clock, ids=SeededIds(8), seals=house.db.seals)
    other.open()
    try:

        def refused(conn: Connection) -> Answer:
            if known := call.replay(conn):
                return known
            other.write_sync(lambda conn: replays.keep(conn, call.begin(conn, Turn.READS), intent, first))
            raise DomainRefusal("already_decided", "somebody was first")

        answer = await call.write(refused)
    finally:
        other.close()
    assert (answer.status, answer.body, answer.is_replay) == (409, b"what was first", True)
