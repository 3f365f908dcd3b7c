"""A key that was used a moment ago is let in without a look at the database; one that was revoked is not served."""

from __future__ import annotations

import asyncio

import pytest

from cc_server.api.http.known_keys import KNOWN_MOST, KNOWN_SECONDS, KnownKeys
from cc_server.db.tables import api_keys
from cc_server.db.transaction.notices import Woken
from cc_server.domain.base.actors import Key
from cc_server.events.log import KeyRevoked
from tests.server.serving import Api


class Lookups:
    """Every token of one letter is a key; counts who asks."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.now = 0.0
        self.known = KnownKeys(self.look_up, lambda: self.now)

    async def look_up(self, token: str) -> Key | None:
        self.asked.append(token)
        return Key(token, token, "viewer") if len(token) == 1 else None


async def test_a_right_key_is_looked_up_once_and_a_wrong_one_each_time() -> None:
    lookups = Lookups()
    for token in ("a", "a", "wrong", "wrong", "b", "a"):
        key = await lookups.known.key_of(token)
        assert (key.id if key else None) == (token if len(token) == 1 else None)
    assert lookups.asked == ["a", "wrong", "wrong", "b"]


@pytest.mark.parametrize("announced", [KeyRevoked("other"), Woken()])
async def test_what_is_known_is_forgotten_when_a_key_is_revoked_or_another_process_committed(announced: object) -> None:
    lookups = Lookups()
    await lookups.known.key_of("a")
    lookups.known.hear(["an event", announced])
    await lookups.known.key_of("a")
    lookups.known.hear(["an event"])
    await lookups.known.key_of("a")
    assert lookups.asked == ["a", "a"]


async def test_nobody_is_known_for_longer_than_a_moment_nor_are_more_than_fit() -> None:
    lookups = Lookups()
    await lookups.known.key_of("a")
    lookups.now += KNOWN_SECONDS
    await lookups.known.key_of("a")
    assert lookups.asked == ["a", "a"]
    for place in range(KNOWN_MOST):
        await lookups.known.key_of(chr(0x4E00 + place))
    await lookups.known.key_of("a")
    assert lookups.asked.count("a") == 3


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/approvals"),
        ("GET", "/api/me"),
        ("GET", "/status"),
        ("GET", "/api/events"),
        ("POST", "/api/approvals/{id}/approve"),
    ],
)
async def test_a_key_that_the_gate_still_knows_is_refused_where_it_is_served(api: Api, method: str, path: str) -> None:
    draft = api.house.draft()
    assert (await api.call("GET", "/api/me", "ana")).status_code == 200
    (key_id,) = (row["id"] for row in api.house.all(api_keys) if row["name"] == "ana")
    api.house.tamper(api_keys, key_id, revoked_at=api.house.clock.now())
    answer = await api.call(method, path.format(id=draft.id), "ana")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert api.house.now(draft).status == "pending"


async def test_callers_who_ask_at_once_for_one_key_share_a_look_and_a_look_that_failed_is_not_kept() -> None:
    lookups = Lookups()
    keys = await asyncio.gather(*(lookups.known.key_of(token) for token in ("a", "b", "a", "wrong", "a", "wrong")))
    assert [key.id if key else None for key in keys] == ["a", "b", "a", None, "a", None]
    assert lookups.asked == ["a", "b", "wrong"]
    await lookups.known.key_of("wrong")
    assert lookups.asked == ["a", "b", "wrong", "wrong"]


async def test_a_caller_who_goes_away_does_not_take_the_look_of_the_others_with_it() -> None:
    lookups = Lookups()
    first = asyncio.create_task(lookups.known.key_of("a"))
    second = asyncio.create_task(lookups.known.key_of("a"))
    await asyncio.sleep(0)
    first.cancel()
    found = await second
    assert found is not None and found.id == "a" and lookups.asked == ["a"]
