"""What is wrong with a draft: flags, each found by a small function, and a score with its parts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cc_api_client.models.approvals import Flag, Risk, RiskPart, Severity, Span

PLACEHOLDERS = re.compile(
    r"\{\{[^{}\n]{0,60}\}\}"
    r"|\[(?:[A-Z][A-Za-z _]{1,30}|[a-z_]{2,30}(?: [a-z_]{1,20}){0,3})\]"
    r"|<[A-Z_]{3,30}>|%[A-Z_]{3,30}%"
)
GREETING = re.compile(r"^\s*(?:Hi|Hello|Dear|Hey|Hallo|Liebe[r]?|Hola|Bonjour)\s+([^\W\d_][\w'’.-]*)", re.UNICODE)
HIDDEN_CATEGORIES = frozenset({"Cf", "Co", "Cs"})
_BASE = {"email": 10, "follow_up": 4, "call_script": 6, "proposal": 30, "contract_change": 40}
_POINTS = {"placeholder": 40, "homoglyph": 35, "hidden_text": 45, "name_mismatch": 30, "duplicate": 15,
           "undeliverable": 50}  # fmt: skip
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
LINKS = re.compile(r"(?:https?://|www\.)\S+")


@dataclass(frozen=True, slots=True)
class Draft:
    """What risk is judged on."""

    kind: str
    to_email: str
    to_name: str | None
    subject: str
    body: str
    payload: Mapping[str, Any] | None = None
    has_twin: bool = False
    """Whether the same text already waits for or went to the same recipient."""


def judge(draft: Draft) -> Risk:
    """The score of a draft, what it is made of, and its flags."""
    flags = [*placeholder(draft), *name_mismatch(draft), *homoglyph(draft), *hidden_text(draft), *duplicate(draft),
             *undeliverable(draft)]  # fmt: skip
    parts = [RiskPart(code=f"base_{draft.kind}", points=_BASE.get(draft.kind, 20))]
    for code in dict.fromkeys(flag.code for flag in flags):
        first = next(flag for flag in flags if flag.code == code)
        parts.append(RiskPart(code=code, points=_POINTS[code], message=first.message))
    parts.extend(_amount(draft))
    score = min(100, sum(part.points for part in parts))
    return Risk(score=score, parts=parts, flags=flags)


def placeholder(draft: Draft) -> Iterator[Flag]:
    """A gap that was never filled in: `{{name}}`, `[Company]`."""
    for field, text in (("subject", draft.subject), ("body", draft.body)):
        for match in PLACEHOLDERS.finditer(text):
            message = f"{match[0]} was never filled in and would go out as it stands"
            yield _flag("placeholder", Severity.BLOCK, message, field, match.start(), match.end())


def name_mismatch(draft: Draft) -> Iterator[Flag]:
    """The greeting names somebody else than the recipient."""
    match = GREETING.match(draft.body)
    if match is None or not draft.to_name or draft.kind == "call_script":
        return
    greeted = match[1].rstrip(".,'’").casefold()
    names = {part.casefold().strip(".,") for part in draft.to_name.split()}
    if greeted not in names and greeted not in ("there", "team", "all", "dr", "mr", "mrs", "ms"):
        message = f"it greets {match[1]}, and goes to {draft.to_name}"
        yield _flag("name_mismatch", Severity.WARN, message, "body", match.start(1), match.end(1))


def homoglyph(draft: Draft) -> Iterator[Flag]:
    """Letters of another script that look Latin, in the recipient or in a link."""
    place = _mixed_script(draft.to_email)
    if place is not None:
        message = "the address mixes scripts: a letter only looks Latin"
        yield _flag("homoglyph", Severity.BLOCK, message, "to_email", place, place + 1)
    for link in LINKS.finditer(draft.body):
        if _mixed_script(link[0]) is not None:
            message = "a link mixes scripts: a letter only looks Latin"
            yield _flag("homoglyph", Severity.WARN, message, "body", link.start(), link.end())


def hidden_text(draft: Draft) -> Iterator[Flag]:
    """Characters that nobody sees: zero-width, bidirectional, control."""
    for field, text in (("subject", draft.subject), ("body", draft.body)):
        if text.isascii() and _CONTROL.search(text) is None:
            continue
        at = next((place for place, char in enumerate(text) if _is_hidden(char)), None)
        if at is not None:
            count = sum(_is_hidden(char) for char in text)
            message = f"{count} hidden character{'s' if count > 1 else ''}, the first is U+{ord(text[at]):04X}"
            yield _flag("hidden_text", Severity.BLOCK, message, field, at, at + 1)


def duplicate(draft: Draft) -> Iterator[Flag]:
    """The same text to the same recipient already waits, or was sent."""
    if draft.has_twin:
        yield Flag(
            code="duplicate", severity=Severity.WARN, message="the same text already waits for, or went to, them"
        )


def undeliverable(draft: Draft) -> Iterator[Flag]:
    """What can't stand in a mail's header."""
    if draft.kind == "call_script":
        return
    for field, text in (("subject", draft.subject), ("to_name", draft.to_name or ""), ("to_email", draft.to_email)):
        at = next((place for place, char in enumerate(text) if char in "\r\n\x00"), None)
        if at is not None:
            yield _flag(
                "undeliverable", Severity.BLOCK, f"a line break in the {field} breaks the mail", field, at, at + 1
            )
    if not is_address(draft.to_email):
        yield Flag(code="undeliverable", severity=Severity.BLOCK, message="this is not exactly one mail address")


def is_deliverable(risk: Risk) -> bool:
    """Whether it can be put into a mail at all."""
    return all(flag.code != "undeliverable" for flag in risk.flags)


def is_address(text: str) -> bool:
    """Whether a text is exactly one address."""
    return re.fullmatch(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,255}", text) is not None


def _amount(draft: Draft) -> list[RiskPart]:
    amount = (draft.payload or {}).get("amount_usd")
    return [] if amount is None else [RiskPart(code="names_an_amount", points=15, message=f"${amount}")]


def _is_hidden(char: str) -> bool:
    if char in "\n\t\r":
        return False
    category = unicodedata.category(char)
    return category == "Cc" or (category in HIDDEN_CATEGORIES and char != "\u00ad")


def _mixed_script(text: str) -> int | None:
    """The first letter that is not Latin, in a text that has Latin letters too."""
    if text.isascii() or not any(char.isascii() and char.isalpha() for char in text):
        return None
    foreign = (place for place, char in enumerate(text) if char.isalpha() and not _is_latin(char))
    return next(foreign, None)


def _is_latin(char: str) -> bool:
    return char.isascii() or unicodedata.name(char, "").startswith("LATIN")


def _flag(code: str, severity: Severity, message: str, field: str, start: int, end: int) -> Flag:
    span = Span.model_validate({"field": field, "start": start, "end": end})
    return Flag(code=code, severity=severity, message=message, span=span)
