"""Flags on what a draft says: gaps, hidden characters, a model's own voice, too much and nothing at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from cc_api_client.models.outbox.approvals import Flag, Severity
from cc_api_client.models.outbox.policy import FlagCode
from cc_server.domain.risk.draft import Draft, flag_at, flag_whole, quoted

SUBJECT_LONGEST = 200
BODY_LONGEST = {"email": 4_000, "follow_up": 2_500, "call_script": 8_000, "proposal": 12_000}
BODY_LONGEST_OTHERWISE = 20_000
MARKED_OF_TOO_LONG = 80
"""How much of what is beyond the limit the span marks: where it begins, not all of it."""

PLACEHOLDERS = re.compile(
    r"\{\{[^{}\n]{0,60}\}\}"
    r"|\$\{[^{}\n]{1,60}\}"
    r"|\[(?:[A-Z][A-Za-z _]{1,30}|[a-z_]{2,30}(?: [a-z_]{1,20}){0,3})\](?!\()"
    r"|<[A-Z_]{3,30}>|%[A-Z_]{3,30}%"
    r"|\b(?:TODO|TBD|FIXME|XXXX?)\b|\b[Ll]orem ipsum\b"
)
"""Gaps as templates write them. `[words](address)` is a link, and none."""
_HINTS_OF_GAPS = ("{{", "${", "[", "<", "%", "TODO", "TBD", "FIXME", "XXX", "orem ipsum")
"""Each gap holds one of these; a text without any is not looked through."""

_A_MODEL_SPEAKS = re.compile(
    r"\bas an? (?:ai|artificial intelligence)(?: language)? (?:model|assistant)\b|\bas an ai, i\b"
    r"|\bas a (?:large )?language model\b"
    r"|\bals (?:ein |eine )?(?:ki|künstliche intelligenz)"
    r"(?:[- ]?(?:sprachmodell|modell|assistent(?:in)?)\b|,? kann ich\b)"
    r"|\bals (?:ein )?(?:großes )?sprachmodell\b"
    r"|\ben tant qu(?:e |['’])(?:un |une )?"
    r"(?:modèle de langage|assistant (?:ia|virtuel)|ia\b|intelligence artificielle)"
    r"|\bcomo (?:un )?(?:modelo de lenguaje|asistente de ia)\b|\bcomo ia, "
    r"|\bcomo (?:um )?(?:modelo de linguagem|assistente de ia)\b"
    r"|\b(?:in qualità di|come) (?:un )?(?:modello linguistico|assistente (?:di )?ia)\b"
    r"|\bals (?:een )?(?:ai[- ])?(?:groot )?taalmodel\b"
    r"|<\|[a-z_]{2,20}\|>|\[/?INST\]|<</?SYS>>",
    re.IGNORECASE,
)
_SOUNDS_LIKE_A_MODEL = re.compile(
    r"^(?:sure|certainly|of course|absolutely)[!,.:]? here(?:['’]s| is) "
    r"|\bhere(?:['’]s| is) (?:a|an|the|your) (?:draft|revised|rewritten|polished|updated|personali[sz]ed) "
    r"(?:e-?mail|message|version|reply|text)\b"
    r"|\blet me know if you(?:['’]d| would) like me to (?:adjust|revise|rewrite|change|shorten)\b"
    r"|\bi(?:['’]m| am) (?:sorry, but i )?(?:can ?not|can['’]t|unable to) (?:assist|help) with (?:that|this) request\b"
    r"|\bi can(?: ?not|['’]t) (?:assist|help) with (?:that|this) request\b"
    r"|\b(?:my )?(?:knowledge|training) cut-?off\b|\bregenerate (?:the )?response\b"
    r"|\bhier ist (?:der|ein|ihr) (?:überarbeitete )?(?:entwurf|e-mail-entwurf)\b"
    r"|\bvoici (?:le|un|votre) (?:brouillon|projet d['’]e-?mail)\b"
    r"|\baquí tienes? (?:el|un|su) (?:borrador|correo revisado)\b",
    re.IGNORECASE | re.MULTILINE,
)
_HINTS = {
    _A_MODEL_SPEAKS: ("model", "assist", "asistente", "as an ai", "kann ich", "en tant qu", "como ia", "<|", "inst]",
                      "sys>>"),
    _SOUNDS_LIKE_A_MODEL: ("here is", "here's", "here\u2019s", "let me know if you", "request", "cut", "regenerate",
                           "hier ist", "voici", "aquí tiene"),
}  # fmt: skip
"""Each match of a pattern holds one of these, case folded; looking for them first costs a tenth of matching."""
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SEEN_ANYWAY = frozenset("\n\t\r\u00ad")


def placeholder(draft: Draft) -> Iterator[Flag]:
    """A gap that was never filled in: `{{name}}`, `[Company]`, `TODO`."""
    for field, text in draft.texts():
        for match in PLACEHOLDERS.finditer(text) if any(hint in text for hint in _HINTS_OF_GAPS) else ():
            message = f"{match[0]} was never filled in and would go out as it stands"
            yield flag_at(FlagCode.PLACEHOLDER, Severity.BLOCK, message, field, match.start(), match.end())


def model_artifact(draft: Draft) -> Iterator[Flag]:
    """What a model says about itself or to whom it works for: `as an AI language model`, `here is a revised email`."""
    for pattern, severity in ((_A_MODEL_SPEAKS, Severity.BLOCK), (_SOUNDS_LIKE_A_MODEL, Severity.WARN)):
        for field, text in draft.texts():
            for match in pattern.finditer(text) if _may_match(pattern, text) else ():
                message = f"\u201c{quoted(match[0])}\u201d is a model's voice, not yours"
                yield flag_at(FlagCode.MODEL_ARTIFACT, severity, message, field, match.start(), match.end())


def _may_match(pattern: re.Pattern[str], text: str) -> bool:
    """Whether a model's voice is worth looking for in a text."""
    folded = text.casefold().replace("\u0131", "i")  # re takes the dotless i for an i, case folding does not
    return any(hint in folded for hint in _HINTS[pattern])


def hidden_text(draft: Draft) -> Iterator[Flag]:
    """Characters that nobody sees: zero-width, bidirectional, control."""
    for field, text in draft.texts():
        if text.isascii() and _CONTROL.search(text) is None:
            continue
        places = [place for place, char in enumerate(text) if is_hidden(char)]
        if places:
            at, count = places[0], len(places)
            message = f"{count} hidden character{'s' if count > 1 else ''}, the first is U+{ord(text[at]):04X}"
            yield flag_at(FlagCode.HIDDEN_TEXT, Severity.BLOCK, message, field, at, at + 1)


def empty_body(draft: Draft) -> Iterator[Flag]:
    """A text without anything to read in it."""
    if all(char.isspace() or is_hidden(char) for char in draft.body):
        yield flag_whole(FlagCode.EMPTY_BODY, Severity.BLOCK, "there is no text in it")


def too_long(draft: Draft) -> Iterator[Flag]:
    """More than anybody reads; marked is where the limit is passed."""
    longest = BODY_LONGEST.get(draft.kind, BODY_LONGEST_OTHERWISE)
    for (field, text), limit in zip(draft.texts(), (SUBJECT_LONGEST, longest), strict=True):
        if len(text) > limit:
            message = f"the {field} has {len(text):,} characters, {limit:,} are much: here the limit is passed"
            end = min(len(text), limit + MARKED_OF_TOO_LONG)
            yield flag_at(FlagCode.TOO_LONG, Severity.WARN, message, field, limit, end)


def is_hidden(char: str) -> bool:
    """Whether a character is there and can't be seen."""
    return char not in _SEEN_ANYWAY and unicodedata.category(char) in _HIDDEN_CATEGORIES
