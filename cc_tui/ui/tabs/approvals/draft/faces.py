"""Each kind's face: what a person must see of a mail, a call, a proposal, a contract change. Pure data for the preview.

Every text here comes from outside and is still unsafe; the preview makes it safe as it wraps it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cc_tui.actions.ladder import amount_of
from cc_tui.text.formats import money

if TYPE_CHECKING:
    from cc_api_client.models.outbox.approvals import ApprovalDetail

KIND_WORDS = {
    "email": "email",
    "follow_up": "follow-up",
    "call_script": "call",
    "proposal": "proposal",
    "contract_change": "contract",
}
KIND_TITLES = {
    "email": "Email",
    "follow_up": "Follow-up",
    "call_script": "Call",
    "proposal": "Proposal",
    "contract_change": "Contract change",
}

_PART_WORDS = {"names_an_amount": "names an amount"}
"""What adds to a score and is no flag."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value, above the text."""

    label: str
    value: str
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a contract change."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Face:
    """What a kind shows between its subject and its text."""

    facts: tuple[Fact, ...] = ()
    items: tuple[tuple[str, str, str], ...] = ()
    clauses: tuple[Clause, ...] = ()


def kind_word(kind: str) -> str:
    """The kind as the list's column has it."""
    return KIND_WORDS.get(kind, kind)


def part_words(code: str) -> str:
    """A part of a score in words; a flag has the name that it has above the text and in the filter."""
    if code.startswith("base_"):
        return f"base, {kind_word(code.removeprefix('base_'))}"
    return _PART_WORDS.get(code, code)


def face_of(item: ApprovalDetail) -> Face:
    """What this item's kind shows besides its text."""
    payload = item.payload or {}
    match str(item.kind):
        case "call_script":
            return Face(facts=(Fact("Phone", _text(payload.get("phone")) or "–", is_strong=True),))
        case "proposal":
            return Face(facts=_amount_fact(payload), items=_items(payload))
        case "contract_change":
            return Face(facts=_amount_fact(payload), clauses=_clauses(payload))
        case _:
            return Face()


def _amount_fact(payload: Mapping[str, Any]) -> tuple[Fact, ...]:
    amount = amount_of(dict(payload))
    return (Fact("Amount", money(amount), is_strong=True),) if amount is not None else ()


def _items(payload: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    rows = []
    for item in _mappings(payload.get("items")):
        amount = amount_of({"amount_usd": item.get("amount_usd")})
        figure = money(amount) if amount is not None else _text(item.get("amount_usd"))
        rows.append((_text(item.get("name")), _text(item.get("quantity")), figure))
    return tuple(rows)


def _clauses(payload: Mapping[str, Any]) -> tuple[Clause, ...]:
    return tuple(
        Clause(_text(clause.get("name")), _text(clause.get("old")), _text(clause.get("new")))
        for clause in _mappings(payload.get("clauses"))
    )


def _mappings(told: object) -> list[Mapping[str, Any]]:
    """What is a list of objects in a payload that anyone may have written."""
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def _text(told: object) -> str:
    return "" if told is None else str(told)
