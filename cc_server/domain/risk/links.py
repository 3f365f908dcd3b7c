"""Flags on addresses in a draft: letters that only look Latin, and links that lead elsewhere than they say."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from cc_api_client.models.outbox.approvals import Flag, Severity
from cc_api_client.models.outbox.policy import FlagCode
from cc_server.domain.risk.draft import Draft, flag_at, quoted

LINKS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
LINK_TEXT_LONGEST = 300
TARGET_LONGEST = 2_048
TAG_LONGEST = 4_096

_HOST = re.compile(r"(?:[\w-]{1,63}\.){1,10}[^\W\d_][\w-]{1,62}")
_HREF = re.compile(r"""\bhref\s{0,5}=\s{0,5}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,200}>")
_ASCII_LOW = {ord(letter): letter.lower() for letter in string.ascii_uppercase}
_NO_HOSTS = frozenset(
    {"js", "ts", "py", "md", "txt", "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "csv", "png", "jpg", "html"}
)
"""Ends of file names: `offer.pdf` names no host."""


@dataclass(frozen=True, slots=True)
class _Link:
    """A link with a text: where the text stands, and whereto it leads."""

    start: int
    end: int
    target: str


def homoglyph(draft: Draft) -> Iterator[Flag]:
    """Letters of another script that look Latin, in the recipient or in a link."""
    place = _mixed_script(draft.to_email)
    if place is not None:
        message = "the address mixes scripts: a letter only looks Latin"
        yield flag_at(FlagCode.HOMOGLYPH, Severity.BLOCK, message, "to_email", place, place + 1)
    for link in _bare_links(draft.body):
        if _mixed_script(link[0]) is not None:
            message = "a link mixes scripts: a letter only looks Latin"
            yield flag_at(FlagCode.HOMOGLYPH, Severity.WARN, message, "body", link.start(), link.end())


def link_mismatch(draft: Draft) -> Iterator[Flag]:
    """A link whose text names another host than the one it leads to; HTML, Markdown, and `user@` before a host."""
    body = draft.body
    for link in (*_html_links(body), *_markdown_links(body)):
        said, leads = _host_named(body[link.start : link.end]), _host_of(link.target)
        if said is not None and leads is not None and not _is_same_house(said, leads):
            message = f"it says {quoted(said)} and leads to {quoted(leads) or 'nowhere'}"
            yield flag_at(FlagCode.LINK_MISMATCH, Severity.BLOCK, message, "body", link.start, link.end)
    for found in _bare_links(body):
        authority = found[0].partition("://")[2][:TARGET_LONGEST].partition("/")[0]
        name, at, host = authority.rpartition("@")
        if at and _HOST.fullmatch(name.partition(":")[0]):
            message = f"it looks like {quoted(name)} and leads to {quoted(host)}"
            yield flag_at(FlagCode.LINK_MISMATCH, Severity.BLOCK, message, "body", found.start(), found.end())


def _bare_links(text: str) -> Iterable[re.Match[str]]:
    """Links as they stand in a text; one without a hint of any is not looked through."""
    return LINKS.finditer(text) if "://" in text or "www." in text.casefold() else ()


def _html_links(body: str) -> Iterator[_Link]:
    """`<a href="target">text</a>`, read from left to right, each character once."""
    low = body.translate(_ASCII_LOW)
    at = low.find("<a")
    while at >= 0:
        tag_end = low.find(">", at)
        if tag_end < 0:
            return
        at = low.rfind("<a", at, tag_end)
        href = _HREF.search(body, at, tag_end) if tag_end - at <= TAG_LONGEST else None
        text_end = low.find("</a", tag_end, tag_end + LINK_TEXT_LONGEST)
        if href is not None and text_end > tag_end + 1:
            yield _Link(tag_end + 1, text_end, href[1] or href[2] or href[3] or "")
        at = low.find("<a", tag_end)


def _markdown_links(body: str) -> Iterator[_Link]:
    """`[text](target)`; both of bounded length."""
    behind, at = 0, body.find("](")
    while at >= 0:
        start = body.rfind("[", max(behind, at - LINK_TEXT_LONGEST), at)
        end = body.find(")", at, at + TARGET_LONGEST)
        if start >= 0 and end >= 0:
            yield _Link(start + 1, at, body[at + 2 : end].strip().split(" ")[0])
        behind = at + 2
        at = body.find("](", behind)


def _host_named(text: str) -> str | None:
    """The host that a link's text claims to be; None where it is words."""
    claim = _TAG.sub("", text).strip().strip("\u201c\u201d\"'.,")
    if "://" in claim:
        return _host_of(claim) or None
    host = claim.partition("/")[0].casefold()
    is_host = _HOST.fullmatch(host) is not None and host.rpartition(".")[2] not in _NO_HOSTS
    return host if is_host else None


def _host_of(target: str) -> str | None:
    """The host that an address leads to; "" where it can't be read, None where it leads to no other host."""
    address = target.strip()
    if address.startswith("//"):
        address = f"https:{address}"
    try:
        parts = urlsplit(address)
        if parts.scheme.casefold() in ("http", "https"):
            return (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""
    if parts.scheme == "mailto":
        return parts.path.rpartition("@")[2].casefold()
    bare = address.partition("/")[0].casefold()
    return bare if not parts.scheme and _HOST.fullmatch(bare) else None


def _is_same_house(said: str, leads: str) -> bool:
    """Whether one host is the other, or lies below it."""
    one, other = said.removeprefix("www."), leads.removeprefix("www.")
    return one == other or (bool(other) and (one.endswith(f".{other}") or other.endswith(f".{one}")))


def _mixed_script(text: str) -> int | None:
    """The first letter that is not Latin, in a text that has Latin letters too."""
    if text.isascii() or not any(char.isascii() and char.isalpha() for char in text):
        return None
    foreign = (place for place, char in enumerate(text) if char.isalpha() and not _is_latin(char))
    return next(foreign, None)


def _is_latin(char: str) -> bool:
    return char.isascii() or unicodedata.name(char, "").startswith("LATIN")
