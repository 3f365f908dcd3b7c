"""The ladder: what it takes to let a draft out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cc_tui.actions.ladder import Rung, Step, amount_of, step_for
from tests.support.rows import flag, row


def risk(score: int, *flags: dict[str, Any]) -> dict[str, Any]:
    return {"score": score, "parts": [], "flags": list(flags)}


@pytest.mark.parametrize(
    ("told", "rung"),
    [
        (risk(0), Rung.KEY),
        (risk(69), Rung.KEY),
        (risk(70), Rung.CONFIRM),
        (risk(5, flag("placeholder", "block")), Rung.CONFIRM),
        (risk(5, flag("duplicate", "warn")), Rung.KEY),
    ],
)
def test_risk_and_flags_choose_the_rung(told: dict[str, Any], rung: Rung) -> None:
    assert step_for(row(1, risk=told), None, "Acme").rung is rung


def test_an_amount_is_typed_however_harmless_the_draft() -> None:
    step = step_for(row(1, kind="proposal"), {"amount_usd": "3500.00"}, "Acme")
    assert (step.rung, step.phrase) == (Rung.TYPE, "3,500")


def test_a_contract_change_without_an_amount_asks_for_the_clients_name() -> None:
    step = step_for(row(1, kind="contract_change"), {"clauses": []}, "Acme  Corp")
    assert step.accepts(" acme corp ")
    assert not step.accepts("acme")


@pytest.mark.parametrize("typed", ["3500", "$3,500", " 3500.00 ", "3,500.0"])
def test_an_amount_may_be_typed_in_any_usual_way(typed: str) -> None:
    assert Step(Rung.TYPE, Decimal("3500.00")).accepts(typed)


@pytest.mark.parametrize("typed", ["", "350", "35000", "3500 usd", "yes", "NaN", "3500.01"])
def test_anything_else_is_not_the_amount(typed: str) -> None:
    assert not Step(Rung.TYPE, Decimal(3500)).accepts(typed)


@pytest.mark.parametrize(
    ("name", "phrase", "typed"),
    [
        ("Café Lumière", "Café Lumière", "cafe lumiere"),
        ("Acme\u202e\x1b[2J Corp", "Acme[2J Corp", "acme[2j corp"),
        ("Z\u0301\u0301\u0301\u0301algo", "Z\u0301\u0301algo", "zalgo"),
        ("Dental " * 2_000, "Dental Dental Dental Dental", "dental dental dental dental"),
        ("x" * 10_000, "x" * 32, "x" * 32),
        ("東京" * 100, "東京" * 8, "東京" * 8),
        ("東京クリニック", "東京クリニック", "東京クリニック"),
        ("\u200b\u2066", "client-1", "client-1"),
        ("\u0301", "client-1", "client-1"),
    ],
)
def test_what_is_asked_for_of_a_name_can_be_typed_whatever_it_is(name: str, phrase: str, typed: str) -> None:
    step = step_for(row(1, kind="contract_change", client_id="client-1"), {}, name)
    assert step.phrase == phrase
    assert step.accepts(typed)
    assert not step.accepts("")


def test_an_empty_name_is_never_accepted() -> None:
    assert not Step(Rung.TYPE).accepts("")


@pytest.mark.parametrize("told", ["12k", True, [], {"usd": 3}, "NaN"])
def test_an_amount_that_can_not_be_read_asks_for_the_clients_name(told: object) -> None:
    step = step_for(row(1, kind="proposal"), {"amount_usd": told}, "Acme")
    assert (step.rung, step.phrase) == (Rung.TYPE, "Acme")


@pytest.mark.parametrize("told", [None, True, "NaN", "Infinity", "many", [1], {}])
def test_what_is_no_figure_is_no_amount(told: object) -> None:
    assert amount_of({"amount_usd": told}) is None
