"""What the request headers of the contract mean, as pure functions (contract, section 1).

Nothing here knows a framework: texts in, values out, and a `ValueError` with a sentence where a text means nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from uuid import UUID

ALL_CLIENTS = "all"
NEVER_FITS = 0
"""A version that no object has: what an `If-Match` asks for that is no version of ours."""

_ENTITY_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]{1,255}")


def parse_if_match(text: str | None) -> int | None:
    """The version that a writer saw; None where any will do (no header, or `*`).

    A weak tag, or one that is no version, fits no object (RFC 9110, 13.1.1): `NEVER_FITS`.

    Raises:
        ValueError: not one entity tag.
    """
    if text is None or text.strip() == "*":
        return None
    tag = text.strip()
    if not _ENTITY_TAG.fullmatch(tag):
        raise ValueError('If-Match takes one version in quotes, as the ETag gave it: "3"')
    version = tag.strip('"')
    return int(version) if re.fullmatch(r"[1-9]\d{0,17}", version) else NEVER_FITS


def parse_idempotency_key(text: str | None) -> str | None:
    """The key of an intent, as sent.

    Raises:
        ValueError: it is not 1 to 255 visible ASCII characters.
    """
    if text is None or _VISIBLE_ASCII.fullmatch(text):
        return text
    raise ValueError("Idempotency-Key takes 1 to 255 visible ASCII characters")


def parse_client_id(text: str | None) -> str | None:
    """The client that `X-Client-Id` narrows to: an id in its canonical form, `all`, or None for no header.

    Raises:
        ValueError: neither a UUID nor `all`.
    """
    if text is None or text == ALL_CLIENTS:
        return text
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("X-Client-Id takes the id of a client (a UUID), or all") from None


def request_id_or(text: str | None, make: Callable[[], str]) -> str:
    """The caller's own request id where it is harmless to repeat and to log, else one that `make` makes."""
    return text if text and _REQUEST_ID.fullmatch(text) else make()


def version_tag(version: int) -> str:
    """The ETag of an object's version."""
    return f'"{version}"'


def collection_tag(*parts: object) -> str:
    """The ETag of a collection, from all that its answer depends on."""
    digest = hashlib.sha256("\x1f".join(repr(part) for part in parts).encode()).hexdigest()
    return f'"{digest[:32]}"'


def none_match(text: str | None, tag: str) -> bool:
    """Whether `If-None-Match` names `tag`: then the caller has this answer (weak comparison, RFC 9110, 13.1.2)."""
    if text is None:
        return False
    return text.strip() == "*" or tag in (found.removeprefix("W/") for found in _ENTITY_TAG.findall(text))


def fingerprint(body: bytes, query: str, if_match: str | None) -> str:
    """What makes a request another request under the same idempotency key."""
    digest = hashlib.sha256()
    for part in (body, query.encode("latin-1", "replace"), (if_match or "").encode("latin-1", "replace")):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()
