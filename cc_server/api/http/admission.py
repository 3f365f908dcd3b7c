"""Who is let in: a key is looked up and counted, a wrong one is counted by the address that it comes from.

A right key in the header is let in whoever else sits behind the same address, as often as a key may ask. That takes a
look at the database for every key that is sent, wrong ones too: what a flood of them gets there is 429 instead of 401.
A stream that says its key in its first frame counts as a stranger's before, and may be refused at such an address.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from cc_server.api.http.known_keys import Authenticate
from cc_server.api.http.limits import RateLimit
from cc_server.api.http.problems import RequestProblem
from cc_server.domain.base.actors import Key
from cc_server.domain.base.refusals import DatabaseUnavailable

STRANGER_SHARE = 5
"""An address may send wrong keys a fifth as often as a key may ask."""
_NETWORK_BITS = 64
"""Whoever has one address of IPv6 has the 2^64 of its network."""


class Admission:
    """Looks keys up.

    Args:
        authenticate: asks the database.
        per_second: how often a key may ask.
        monotonic: seconds that only grow.
    """

    def __init__(self, authenticate: Authenticate, per_second: int, monotonic: Callable[[], float]) -> None:
        self._authenticate = authenticate
        self._keys = RateLimit(per_second, monotonic)
        self._strangers = RateLimit(max(1, per_second // STRANGER_SHARE), monotonic)
        self.wrong_keys = 0
        """Requests with a wrong key since the start."""

    async def key_of(self, token: str | None, address: str | None) -> Key:
        """The key that `token` is.

        Args:
            token: what was sent.
            address: where from; None where that is not known.

        Raises:
            RequestProblem: there is none, it is wrong, or it asks too often.
        """
        try:
            key = await self._authenticate(token) if token else None
        except DatabaseUnavailable as error:
            raise RequestProblem("unavailable", str(error)) from error
        if key is None:
            self.wrong_keys += token is not None
            self.count_stranger(address)
            raise RequestProblem("unauthenticated", "X-API-Key is missing or wrong")
        if wait_seconds := self._keys.take(key.id):
            raise RequestProblem("rate_limited", "this key asks too often; wait", retry_after=wait_seconds)
        return key

    def count_stranger(self, address: str | None) -> None:
        """Count something without a right key.

        Raises:
            RequestProblem: too much of it comes from there.
        """
        if wait_seconds := self._strangers.take(_network_of(address)):
            detail = "too many requests without a right key come from this address; wait"
            raise RequestProblem("rate_limited", detail, retry_after=wait_seconds)


def _network_of(address: str | None) -> str:
    """What one stranger has: an address of IPv4, a network of IPv6."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return address or "unknown"
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, _NETWORK_BITS), strict=False))
    return str(found)
