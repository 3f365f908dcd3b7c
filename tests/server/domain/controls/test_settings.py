"""Settings: one document, changed at the version that was seen; every unit of work goes by what is set."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from cc_server.db.errors import DatabaseUnavailable
from cc_server.db.tables import audit
from cc_server.db.tables import settings as table
from cc_server.domain.base.refusals import DomainRefusal
from cc_server.domain.controls import settings
from cc_server.domain.policy.default import DEFAULT_POLICY
from rig.house import BOSS, House, later


def change(house: House, patch: dict[str, Any], version: int | None = 1) -> Any:
    return house.do(settings.change, patch, version, by=BOSS)


def test_a_new_installation_has_a_daily_budget_and_the_contracts_defaults(house: House) -> None:
    found = house.settings
    assert (found.version, found.budgets.daily_usd, found.budgets.monthly_usd) == (1, Decimal("50.00"), None)
    held = found.approvals
    assert (held.hold_seconds, held.batch_hold_seconds, held.reject_undo_seconds) == (10, 60, 600)
    assert (held.expire_hours, held.fresh_hours, held.daily_send_cap, held.four_eyes) == (72, 24, None, False)


def test_what_is_left_out_stays_and_null_ends_a_limit(house: House) -> None:
    change(house, {"budgets": {"monthly_usd": "900"}, "approvals": {"four_eyes": True}})
    after = change(house, {"budgets": {"daily_usd": None}}, 2)
    assert (after.version, after.budgets.daily_usd, after.budgets.monthly_usd) == (3, None, Decimal(900))
    assert after.approvals.four_eyes


def test_a_change_of_what_was_changed_meanwhile_is_refused_with_what_holds_now(house: House) -> None:
    change(house, {"approvals": {"hold_seconds": 20}})
    with pytest.raises(DomainRefusal) as refused:
        change(house, {"approvals": {"hold_seconds": 30}}, 1)
    assert refused.value.code == "version_conflict"
    assert house.settings == refused.value.item
    assert house.settings.approvals.hold_seconds == 20


def test_a_key_bound_to_clients_changes_nothing(house: House) -> None:
    bound = replace(BOSS, visible=frozenset({house.client_id}), is_bound=True)
    with pytest.raises(DomainRefusal) as refused:
        house.do(settings.change, {"approvals": {"hold_seconds": 0}}, 1, by=bound)
    assert refused.value.code == "forbidden"


def test_a_change_is_told_and_audited_with_what_it_was_and_what_it_became(house: House) -> None:
    change(house, {"approvals": {"hold_seconds": 25}})
    event = house.events()[-1]
    assert (event["type"], event["topic"], event["version"]) == ("settings.changed", "system", 2)
    assert event["data"]["approvals"]["hold_seconds"] == 25
    row = house.all(audit)[-1]
    assert (row["actor"], row["action"]) == ("Boss", "settings.change")
    assert row["before"] == {"version": 1, "approvals.hold_seconds": 10}
    assert row["after"] == {"version": 2, "approvals.hold_seconds": 25}


def test_setting_what_is_set_already_changes_nothing(house: House) -> None:
    before = len(house.events())
    assert change(house, {"approvals": {"hold_seconds": 10}}).version == 1
    assert len(house.events()) == before


def test_the_hold_is_the_one_that_is_set(house: House) -> None:
    house.set("approvals", hold_seconds=30)
    item = house.approve(house.draft()).item
    assert item.undo_until == later(30)


def test_settings_that_cannot_be_understood_let_nothing_be_judged_by_them(house: House) -> None:
    house.db.write_sync(lambda conn: conn.execute(update(table).values(document="{")) and None)
    with pytest.raises(DatabaseUnavailable, match="settings"):
        house.db.read_sync(settings.read)


def test_whoever_starts_the_server_sets_the_hold(house: House) -> None:
    house.do(settings.hold, 3, by=BOSS)
    assert house.settings.approvals.hold_seconds == 3


def test_the_policy_in_force_is_shown_and_a_change_of_it_gives_it_another_pin(house: House) -> None:
    before = house.settings.approvals
    assert before.policy == DEFAULT_POLICY
    after = house.set("approvals", policy={"version": "v8", "risk_below": 30}).approvals
    assert after.policy is not None
    assert (after.policy.risk_below, after.policy.version) == (30, "v8")
    assert (before.policy_version or "").startswith("default-1+")
    assert (after.policy_version or "").startswith("v8+")
    assert house.db.read_sync(house.unit).policy == after.policy
    assert house.set("approvals", policy=None).approvals == before


def test_a_policy_with_a_word_that_means_nothing_is_refused(house: House) -> None:
    with pytest.raises(DomainRefusal, match=r"approvals\.policy\.deny_flags") as refused:
        house.set("approvals", policy={"version": "v8", "deny_flags": ["suppresed"]})
    assert refused.value.code == "validation_failed"
    assert house.settings.version == 1
