"""The hash of what would go out: equal exactly where nothing that leaves was changed (contract, section 5)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import rfc8785

_HASHED = ("client_id", "kind", "to_email", "to_name", "subject", "body", "payload")


def payload_sha256(draft: Mapping[Any, Any]) -> str:
    """SHA-256 of the RFC 8785 form of the seven fields that leave; nothing normalised, nulls included."""
    hashed = {name: draft[name] for name in _HASHED}
    plain = _of_texts(hashed) if draft["payload"] is None else rfc8785.dumps(hashed)
    return hashlib.sha256(plain).hexdigest()


def _of_texts(fields: Mapping[str, str | None]) -> bytes:
    """The RFC 8785 form where all values are texts or null: the standard library writes the same, ten times as fast."""
    return json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def text_sha256(text: str) -> str:
    """SHA-256 of a text as UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()
