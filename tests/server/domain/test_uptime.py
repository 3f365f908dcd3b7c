"""How long the server was up: what was before it first ran, or before there was an installation, is no outage."""

from __future__ import annotations

import pytest

from cc_server.domain import installation
from cc_server.worker.upkeep import KeyUses, Upkeep
from rig.house import House


def up(house: House) -> float:
    return house.db.read_sync(installation.uptime_ratio_24h, house.clock.now())


def test_the_time_between_making_the_database_and_the_first_server_is_no_outage(house: House) -> None:
    house.clock.advance(2_000)
    house.do(installation.came_up)
    assert up(house) == 1


def test_the_share_is_of_24_hours_also_where_the_installation_is_younger(house: House) -> None:
    house.clock.advance(10)
    house.do(installation.came_up)
    house.clock.advance(2_160)
    house.do(installation.came_up)
    assert up(house) == 0.975


@pytest.mark.parametrize(("passed", "share"), [(10, 1.0), (3_600, 1 - 3_600 / 86_400)])
async def test_a_clock_that_is_set_an_hour_ahead_is_no_outage_and_an_hour_of_silence_is_one(
    house: House, passed: int, share: float
) -> None:
    steady = 100.0
    upkeep = Upkeep(house.db, KeyUses(), lambda: steady)
    house.clock.advance(10)
    await upkeep.say_alive()
    house.clock.advance(3_600)
    steady += passed
    await upkeep.say_alive()
    assert up(house) == pytest.approx(share)
