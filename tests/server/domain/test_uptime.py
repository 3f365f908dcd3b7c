"""How long the server was up: what was before it first ran, or before there was an installation, is no outage."""

from __future__ import annotations

from cc_server.domain import installation
from rig.house import House


def up(house: House) -> float:
    return house.db.read_sync(installation.uptime_ratio_24h, house.clock.now())


def test_the_time_between_making_the_database_and_the_first_server_is_no_outage(house: House) -> None:
    house.clock.advance(2_000)
    house.do(installation.tick)
    assert up(house) == 1


def test_the_share_is_of_24_hours_also_where_the_installation_is_younger(house: House) -> None:
    house.clock.advance(10)
    house.do(installation.tick)
    house.clock.advance(2_160)
    house.do(installation.tick)
    assert up(house) == 0.975
