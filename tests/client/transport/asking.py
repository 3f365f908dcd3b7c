"""What the tests of the transport ask with."""

from __future__ import annotations

from datetime import UTC, datetime

from cc_api_client.transport import (
    Request,
)

KEY = "cc_live_0123456789abcdef"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def a_get(path: str = "/api/me") -> Request:
    return Request("GET", path)


def a_write(key: str | None = "k1") -> Request:
    return Request("POST", "/api/agents/caller/pause", body=b"{}", idempotency_key=key)
