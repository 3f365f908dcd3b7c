"""The judge: every finder is asked, and what they found makes the score."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from cc_api_client.models.outbox.approvals import Flag, Risk, RiskPart
from cc_api_client.models.outbox.policy import FlagCode
from cc_server.domain.risk.draft import Draft
from cc_server.domain.risk.links import homoglyph, link_mismatch
from cc_server.domain.risk.money import amount_high, amount_of, names_an_amount
from cc_server.domain.risk.recipient import (
    cooldown,
    duplicate,
    name_mismatch,
    suppressed,
    undeliverable,
    unknown_recipient,
)
from cc_server.domain.risk.wording import empty_body, hidden_text, model_artifact, placeholder, too_long

Finder = Callable[[Draft], Iterator[Flag]]

FLAGS_OF_ONE_KIND = 25
"""A text that is nothing but gaps is told by so many of them."""
BASE_POINTS = {"email": 10, "follow_up": 4, "call_script": 6, "proposal": 30, "contract_change": 40}
BASE_POINTS_OTHERWISE = 20
AMOUNT_POINTS = 15
FINDERS: dict[FlagCode, tuple[Finder, int]] = {
    FlagCode.SUPPRESSED: (suppressed, 60),
    FlagCode.PLACEHOLDER: (placeholder, 40),
    FlagCode.NAME_MISMATCH: (name_mismatch, 30),
    FlagCode.HOMOGLYPH: (homoglyph, 35),
    FlagCode.HIDDEN_TEXT: (hidden_text, 45),
    FlagCode.LINK_MISMATCH: (link_mismatch, 45),
    FlagCode.MODEL_ARTIFACT: (model_artifact, 40),
    FlagCode.EMPTY_BODY: (empty_body, 50),
    FlagCode.TOO_LONG: (too_long, 15),
    FlagCode.AMOUNT_HIGH: (amount_high, 20),
    FlagCode.DUPLICATE: (duplicate, 15),
    FlagCode.UNKNOWN_RECIPIENT: (unknown_recipient, 20),
    FlagCode.UNDELIVERABLE: (undeliverable, 50),
    FlagCode.COOLDOWN: (cooldown, 0),
}
"""Who finds what, and how many points it adds. The cooldown adds none: it is the policy's matter, not the draft's."""


def judge(draft: Draft) -> Risk:
    """The score of a draft, what it is made of, and its flags."""
    parts = [RiskPart(code=f"base_{draft.kind}", points=BASE_POINTS.get(draft.kind, BASE_POINTS_OTHERWISE))]
    flags: list[Flag] = []
    for code, (finder, points) in FINDERS.items():
        found = list(islice(finder(draft), FLAGS_OF_ONE_KIND))
        if found and points:
            parts.append(RiskPart(code=code.value, points=points, message=found[0].message))
        flags += found
    if names_an_amount(draft):
        amount = amount_of(draft)
        told = f"${amount:,.2f}" if amount is not None else "an amount that can't be read"
        parts.append(RiskPart(code="names_an_amount", points=AMOUNT_POINTS, message=told))
    return Risk(score=min(100, sum(part.points for part in parts)), parts=parts, flags=flags)


def is_deliverable(risk: Risk) -> bool:
    """Whether it can be put into a mail at all."""
    return all(flag.code != FlagCode.UNDELIVERABLE for flag in risk.flags)
