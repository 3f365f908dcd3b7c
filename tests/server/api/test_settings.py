"""`/api/settings` over HTTP: who may read and change it, and how mistakes are told."""

from __future__ import annotations

from typing import Any

import pytest

from rig.house import House
from tests.server.serving import Api, api_of

PATH = "/api/settings"
FIRST = {"If-Match": '"1"'}


async def test_a_viewer_reads_the_settings_and_only_an_admin_changes_them(api: Api) -> None:
    found = await api.get(PATH, "viewer")
    assert (found.status_code, found.headers["etag"], found.json()["version"]) == (200, '"1"', 1)
    change = {"approvals": {"hold_seconds": 20}}
    assert (await api.patch(PATH, "ana", json=change, headers=FIRST)).status_code == 403
    changed = await api.patch(PATH, "admin", json=change, headers=FIRST)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert changed.json()["approvals"]["hold_seconds"] == 20
    assert (await api.get(PATH)).json() == changed.json()


async def test_a_change_must_say_which_version_it_saw(api: Api) -> None:
    answer = await api.patch(PATH, "admin", json={"approvals": {"four_eyes": True}})
    assert (answer.status_code, answer.json()["code"]) == (428, "precondition_required")


async def test_a_change_of_an_older_version_is_answered_with_the_settings(api: Api) -> None:
    await api.patch(PATH, "admin", json={"budgets": {"daily_usd": "60"}}, headers=FIRST)
    answer = await api.patch(PATH, "admin", json={"budgets": {"daily_usd": "70"}}, headers=FIRST)
    assert (answer.status_code, answer.json()["code"]) == (412, "version_conflict")
    assert answer.json()["item"]["budgets"]["daily_usd"] == "60"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"approvals": {"hold_secs": 1}}, "hold_secs"),
        ({"approvals": {"hold_seconds": -1}}, "hold_seconds"),
        ({"approvals": {"hold_seconds": "10"}}, "hold_seconds"),
        ({"approvals": {"hold_seconds": None}}, "hold_seconds"),
        ({"budgets": {"daily_usd": "NaN"}}, "daily_usd"),
        ({"budgets": {"alert_ratio": 2}}, "alert_ratio"),
        ({"notifications": {"levels": ["loud"]}}, "levels"),
        ({"notifications": {"quiet_hours": {"begins": "25:00", "ends": "07:00"}}}, "begins"),
        ({"kill_switch": []}, "kill_switch"),
        ({"version": 9}, "version"),
        ([], "body"),
    ],
)
async def test_a_setting_that_cannot_be_is_refused_by_name(api: Api, change: Any, place: str) -> None:
    answer = await api.patch(PATH, "admin", json=change, headers=FIRST)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert place in answer.json()["detail"]
    assert (await api.get(PATH)).json()["version"] == 1


async def test_a_bound_key_reads_the_settings_and_changes_none(api: Api) -> None:
    assert (await api.get(PATH, "bound viewer")).status_code == 200
    assert (await api.patch(PATH, "bound", json={}, headers=FIRST)).status_code == 403


async def test_the_hold_that_the_server_is_started_with_is_set_for_the_installation(house: House) -> None:
    async with api_of(house, hold_seconds=4) as api:
        found = (await api.get(PATH)).json()
        assert (found["approvals"]["hold_seconds"], found["version"]) == (4, 2)
