"""Flags on whom a draft goes to: never to be written to, written to already, unknown, greeted by another name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cc_api_client.models.outbox.approvals import Flag, Severity
from cc_api_client.models.outbox.policy import FlagCode
from cc_server.domain.risk.draft import Draft, Field, flag_at, flag_whole

GREETING = re.compile(r"^\s*(?:Hi|Hello|Dear|Hey|Hallo|Liebe[r]?|Hola|Bonjour)\s+([^\W\d_][\w'’.-]*)", re.UNICODE)
GREETS_NOBODY = frozenset({"there", "team", "all", "everyone", "dr", "mr", "mrs", "ms", "prof", "herr", "frau"})
_PART = r"[^@\s,;<>\"\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
_ADDRESS = re.compile(rf"{_PART}{{1,64}}@{_PART}{{1,255}}")
_TO_EMAIL: Final = "to_email"


def suppressed(draft: Draft) -> Iterator[Flag]:
    """The recipient is on the list of those who must not be written to."""
    if draft.is_suppressed and draft.to_email:
        yield flag_at(
            FlagCode.SUPPRESSED, Severity.BLOCK, "this address is suppressed: it must not be written to",
            _TO_EMAIL, 0, len(draft.to_email),
        )  # fmt: skip


def cooldown(draft: Draft) -> Iterator[Flag]:
    """The recipient was written to a short while ago."""
    days = draft.days_since_last
    if days is not None and days < draft.cooldown_days:
        ago = f"{days:.0f} d" if days >= 1 else f"{days * 24:.0f} h"
        message = f"last written {ago} ago, the policy asks for {draft.cooldown_days} d"
        yield flag_whole(FlagCode.COOLDOWN, Severity.WARN, message)


def unknown_recipient(draft: Draft) -> Iterator[Flag]:
    """Nobody has heard of this address: it is no lead, and nothing ever went there."""
    if draft.is_mail and not draft.is_known and draft.to_email:
        message = "this address is no lead, and nothing was ever sent there"
        yield flag_at(FlagCode.UNKNOWN_RECIPIENT, Severity.WARN, message, _TO_EMAIL, 0, len(draft.to_email))


def name_mismatch(draft: Draft) -> Iterator[Flag]:
    """The greeting names somebody else than the recipient."""
    match = GREETING.match(draft.body)
    if match is None or not draft.to_name or not draft.is_mail:
        return
    greeted = match[1].rstrip(".,'’").casefold()
    names = {part.casefold().strip(".,") for part in draft.to_name.split()}
    if greeted not in names and greeted not in GREETS_NOBODY:
        message = f"it greets {match[1]}, and goes to {draft.to_name}"
        yield flag_at(FlagCode.NAME_MISMATCH, Severity.WARN, message, "body", match.start(1), match.end(1))


def duplicate(draft: Draft) -> Iterator[Flag]:
    """The same text to the same recipient already waits, or was sent."""
    if draft.has_twin:
        yield flag_whole(FlagCode.DUPLICATE, Severity.WARN, "the same text already waits for, or went to, them")


def undeliverable(draft: Draft) -> Iterator[Flag]:
    """What can't stand in a mail's header."""
    if not draft.is_mail:
        return
    headers: tuple[tuple[Field, str], ...] = (
        ("subject", draft.subject), ("to_name", draft.to_name or ""), ("to_email", draft.to_email),
    )  # fmt: skip
    for field, text in headers:
        at = next((place for place, char in enumerate(text) if char in "\r\n\x00"), None)
        if at is not None:
            message = f"a line break in the {field} breaks the mail"
            yield flag_at(FlagCode.UNDELIVERABLE, Severity.BLOCK, message, field, at, at + 1)
    if not is_address(draft.to_email):
        yield flag_whole(FlagCode.UNDELIVERABLE, Severity.BLOCK, "this is not exactly one mail address")


def is_address(text: str) -> bool:
    """Whether a text is exactly one address."""
    return _ADDRESS.fullmatch(text) is not None
