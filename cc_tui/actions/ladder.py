"""The ladder of confirmation: the riskier a draft, the more it takes to let it out. Pure.

Below risk 40 one key; 40 to 69, or a warning, one key after a longer look (the guard's part); from 70, or with a flag
that blocks, `a` and then `Y`; an amount or a contract change is let out by typing the amount or the client's name,
an amount that can't be read by the name too.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from cc_api_client.models.outbox.risk_levels import HIGH_FROM
from cc_tui.state.approvals.rows import ApprovalRow, Weight
from cc_tui.text.fit import cells, cut
from cc_tui.text.safe import typeable_words

PHRASE_MOST = 32
"""Cells of a name that are asked for; the longest names there are would be no hurdle but a wall."""


class Rung(StrEnum):
    """What it takes to approve a draft."""

    KEY = "key"
    CONFIRM = "confirm"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class Step:
    """A rung, and for `TYPE` what is to be typed: an amount in dollars, or a name."""

    rung: Rung
    amount_usd: Decimal | None = None
    name: str = ""

    @property
    def phrase(self) -> str:
        """What is to be typed, as it is shown."""
        if self.amount_usd is None:
            return self.name
        whole = self.amount_usd == self.amount_usd.to_integral_value()
        return f"{self.amount_usd:,.0f}" if whole else f"{self.amount_usd:,.2f}"

    def accepts(self, typed: str) -> bool:
        """Whether what was typed is the phrase; dollar signs, commas, capitals, accents and outer blanks don't matter.

        A keyboard over SSH may have no accents, and nothing can be pasted there.
        """
        if self.amount_usd is None:
            return bool(_plain(self.name)) and _plain(typed) == _plain(self.name)
        try:
            return Decimal(re.sub(r"[$,\s]", "", typed)) == self.amount_usd
        except InvalidOperation:
            return False


def step_for(row: ApprovalRow, payload: dict[str, Any] | None, client_name: str | None) -> Step:
    """What it takes to approve this draft.

    Args:
        row: the draft.
        payload: what its kind has on top (items, clauses, `amount_usd`).
        client_name: the name of the client it concerns; without one its id is to be typed.
    """
    amount = amount_of(payload)
    if amount is not None:
        return Step(Rung.TYPE, amount_usd=amount)
    if row.kind == "contract_change" or (payload or {}).get("amount_usd") is not None:
        return Step(Rung.TYPE, name=_typeable(client_name or "") or row.client_id)
    if row.risk >= HIGH_FROM or row.weight is Weight.BLOCK:
        return Step(Rung.CONFIRM)
    return Step(Rung.KEY)


def amount_of(payload: dict[str, Any] | None) -> Decimal | None:
    """The amount that a draft commits to, in US dollars; None without one, or when it is no figure."""
    told = (payload or {}).get("amount_usd")
    if told is None or isinstance(told, bool):
        return None
    try:
        amount = Decimal(str(told))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _typeable(name: str) -> str:
    """What of a name can be typed and has room: whole words where there are any; maybe nothing."""
    words = typeable_words(name)
    if not any(letter.isalnum() for letter in words):
        return ""
    if cells(words) <= PHRASE_MOST:
        return words
    first = cut(words, PHRASE_MOST + 1, ellipsis="")
    return (first.rpartition(" ")[0] or first).strip()


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text)
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(bare.split()).casefold()
