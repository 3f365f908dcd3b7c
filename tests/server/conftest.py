"""Fixtures of the server's tests: a house, and its application in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from rig.house import Founded, House
from tests.server.serving import Api, Served, api_of, served


@pytest.fixture(params=["sqlite", "postgresql"])
def house(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    """On each kind of database; on one: `@pytest.mark.parametrize("house", ["sqlite"], indirect=True)`."""
    founded: Founded = request.getfixturevalue(f"founded_{request.param}")
    made = House(tmp_path, founded)
    yield made
    made.close()


@pytest.fixture
async def api(house: House) -> AsyncIterator[Api]:
    async with api_of(house) as made:
        yield made


@pytest.fixture
async def server(house: House) -> AsyncIterator[Served]:
    async with served(house) as made:
        yield made


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slowly a test asks, it asks in one moment."""
    monkeypatch.setattr("cc_server.app.time", SimpleNamespace(monotonic=lambda: 0.0))
